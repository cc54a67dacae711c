import pytest

from collector.service.outline import Outline, differences, listed, outline
from collector.service.plan import build_plan_from_text

BASE = """
sources:
  - udp: 127.0.0.1:5514
  - tcp: 127.0.0.1:5514
routes:
  - "*.*  /var/log/all"
  - "kern.*  /var/log/kern"
mark: 20m
"""


def outlined(text):
    plan, problems = build_plan_from_text(text, "c.yaml")
    assert plan is not None, problems
    return plan.outline


def changed(*replacements):
    text = BASE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return differences(outlined(BASE), outlined(text))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - tcp: 127.0.0.1:5514\n", "", "removed tcp 127.0.0.1:5514"),
        ("routes:", "  - unix: /run/log\nroutes:", "added unix /run/log"),
        ("routes:", "    idle_timeout: 1h\nroutes:", "changed tcp 127.0.0.1:5514 (idle_timeout)"),
        ("mark: 20m", "mark: 10m", "changed mark"),
        ("mark: 20m\n", "", "changed mark"),
        ("kern.*  /var/log/kern", "kern.*  /var/log/all", "removed /var/log/kern; routes: 1 added, 1 removed"),
        (
            '  - "kern.*  /var/log/kern"\n',
            '  - select: kern.*\n    to: {file: /var/log/kern, mode: "0600"}\n',
            "changed /var/log/kern (mode)",
        ),
    ],
)
def test_what_differs_is_named(old, new, said):
    assert changed((old, new)) == said


def test_the_same_written_otherwise_is_no_difference():
    assert changed(('"*.*  /var/log/all"', '"*.*\\t\\t-/var/log/all"')) in {"", "routes: 1 added, 1 removed"}
    assert differences(outlined(BASE), outlined(f"# a comment\n{BASE}")) == ""


def test_routes_in_another_order_are_told():
    lines = '  - "*.*  /var/log/all"\n', '  - "kern.*  /var/log/kern"\n'

    assert changed(("".join(lines), "".join(reversed(lines)))) == "routes: in another order"


def test_a_route_that_comes_twice_counts_twice():
    old = Outline({}, {}, ("a → b", "a → b"), {})
    new = Outline({}, {}, ("a → b",), {})

    assert differences(old, new) == "routes: 1 removed"
    assert differences(new, old) == "routes: 1 added"


def test_a_long_list_is_cut_and_counted():
    assert listed(list("abc")) == "a, b, c"
    assert listed([str(number) for number in range(1239)]) == "0, 1, 2, 3, 4 and 1,234 more"


def test_a_route_without_a_destination_is_a_stop():
    plan, _ = build_plan_from_text(BASE.replace('"kern.*  /var/log/kern"', "kern.* stop"), "c.yaml")

    assert outline({}, plan.work).routes[1].endswith("→ stop")
