"""Hypothesis strategies for rules, and for events that they may count."""

import json

from hypothesis import strategies as st
from rule_rig import Said

SPANS = st.integers(1, 8)

COUNTS = st.one_of(
    st.builds(lambda number: {"gte": number}, st.integers(1, 4)),
    st.builds(lambda number: {"gt": number}, st.integers(0, 3)),
    st.builds(lambda number: {"distinct": "proc_id", "gte": number}, st.integers(1, 3)),
)
COUNTS_AT_END = st.builds(
    lambda name, number, more: {name: number, **more},
    st.sampled_from(["lt", "lte", "eq"]),
    st.integers(2, 4),
    st.sampled_from([{}, {"distinct": "proc_id"}]),
)
LIMITS = st.builds(
    lambda way, number, per: {way: number + (way == "every"), "per": per},
    st.sampled_from(["first", "every"]),
    st.integers(1, 3),
    st.integers(1, 20),
)
CLEARS = st.builds(lambda within, most: {"within": within, "at_most": most}, SPANS, st.integers(0, 3))


@st.composite
def rules(draw, most=4):
    """Rules as mappings with durations in seconds; some are in an ordered set, ``s``."""
    specs = [_rule(draw, number) for number in range(draw(st.integers(1, most)))]
    ordered = [spec for spec in specs if draw(st.integers(0, 3)) == 0]
    for place, spec in enumerate(ordered, 1):
        spec["set"] = "s"
        later = [{"goto": other["id"]} for other in ordered[place:]]
        spec["then"] = draw(st.sampled_from(["stop", "next", *later]))
    return specs


@st.composite
def threshold_rules(draw):
    """One rule, of kind threshold."""
    return [_rule(draw, 0, ("threshold",))]


def _rule(draw, number, kinds=("match", "threshold", "threshold")):
    spec = {
        "id": f"r{number}",
        "kind": draw(st.sampled_from(kinds)),
        "on": {"app_name": ["a", *draw(st.lists(st.sampled_from("bc"), unique=True))]},
        "alert": {"title": "{{ rule }} {{ hostname }}"},
        "by": "hostname",
    }
    if spec["kind"] == "threshold":
        spec["within"] = draw(SPANS)
        spec["window"] = draw(st.sampled_from(["sliding", "anchored"]))
        spec["count"] = draw(COUNTS if spec["window"] == "sliding" else COUNTS | COUNTS_AT_END)
        if draw(st.booleans()):
            spec["clear"] = draw(CLEARS)
    if draw(st.booleans()):
        spec["limit"] = draw(LIMITS)
    if number > 1 and draw(st.integers(0, 2)) == 0:
        start = draw(st.integers(0, number - 1))
        end = (start + draw(st.integers(1, number - 1))) % number
        spec["mute"] = {"from": f"r{start}", "until": f"r{end}", "at_most": draw(st.integers(1, 30))}
    return spec


def events(apps="aaabc", hosts=("gate", "gate", "mail", "web", None), most=60):
    """Arrivals in order, with stamps that may be late, and now and then a gap."""
    steps = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 7, 25])
    lags = st.sampled_from([0, 0, 0, 0, 1, 2, 5, 30])
    values = st.sampled_from(["1", "2", "3", None])
    one = st.tuples(steps, lags, st.sampled_from(apps), st.sampled_from(hosts), values)
    return st.lists(one, max_size=most).map(_events)


def events_of_few(most=40):
    """The same of two keys, so that more of them meet."""
    return events("a", ("gate", "gate", "gate", "mail"), most)


def _events(drawn):
    now, made = 1000, []
    for number, (step, lag, app, host, value) in enumerate(drawn):
        now += step
        made.append(Said(f"line {number % 3}", now - lag, now, app_name=app, hostname=host, proc_id=value))
    return made


def as_yaml(specs):
    """YAML reads JSON; durations need their unit."""
    sets = [{"name": "s", "ordered": True}] if any("set" in spec for spec in specs) else []
    return json.dumps({"sets": sets, "rules": [_with_units(spec) for spec in specs]})


def _with_units(value, path=()):
    if isinstance(value, dict):
        return {key: _with_units(one, (*path, key)) for key, one in value.items()}
    return f"{value}s" if path[-1:] in {("within",), ("per",)} or path == ("mute", "at_most") else value
