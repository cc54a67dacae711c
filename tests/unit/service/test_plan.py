import json
import os
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from collector.metrics import Key
from collector.protocol.render import FORMATS
from collector.service.plan import build_plan, build_plan_from_text

TEXT = """\
sources:
  - udp: 127.0.0.1:5514
  - tcp: 127.0.0.1:5514
routes:
  - local0.debug   /var/log/windows
  - select: "*.info;mail.none"
    to: {file: "/var/log/{{ hostname }}.json", format: json}
"""


def plan_of(text):
    plan, problems = build_plan_from_text(text, "c.yaml")
    assert plan is not None, [str(problem) for problem in problems]
    return plan


def problems_of(text):
    plan, problems = build_plan_from_text(text, "c.yaml")
    assert plan is None
    return problems


def test_a_plan_has_everything_that_follows_from_a_configuration():
    plan = plan_of(TEXT)

    assert [source.name for source in plan.sources] == ["udp 127.0.0.1:5514", "tcp 127.0.0.1:5514"]
    assert [options.file for options in plan.destinations] == ["/var/log/windows", "/var/log/{{ hostname }}.json"]
    assert [(route.selector.text, route.destination) for route in plan.routes] == [
        ("local0.debug", 0),
        ("*.info;mail.none", 1),
    ]
    assert set(plan.formats) == set(FORMATS)
    assert Key("received_messages", (("source", "udp 127.0.0.1:5514"),)) in plan.layout
    assert Key("sink_offered", (("sink", "/var/log/windows"),)) in plan.layout


def test_a_file_and_its_text_give_the_same_plan(tmp_path):
    path = tmp_path / "collector.yaml"
    path.write_text(TEXT)
    plan, problems = build_plan(str(path))

    assert problems == []
    assert plan.hash == plan_of(TEXT).hash


def test_a_missing_file_is_a_problem(tmp_path):
    plan, [problem] = build_plan(str(tmp_path / "missing.yaml"))

    assert plan is None
    assert str(tmp_path / "missing.yaml") in str(problem)
    assert all(way in problem.hint for way in ("--config", "COLLECTOR_CONFIG", "~/.config/", "/etc/collector/"))


def test_the_hash_follows_what_is_configured_and_not_how_it_is_written(tmp_path):
    assert plan_of(TEXT).hash == plan_of(f"# a comment\n{TEXT}".replace("{file:", "{ file:")).hash
    assert plan_of(TEXT).hash != plan_of(TEXT.replace("debug", "info")).hash


def test_the_hash_follows_included_files(tmp_path):
    included = tmp_path / "routing.conf"
    text = f"sources: [{{udp: 127.0.0.1:5514}}]\nroutes: [{{include: {included}}}]\n"
    included.write_text("*.* /var/log/all\n")
    before = plan_of(text).hash
    included.write_text("*.info /var/log/all\n")

    assert plan_of(text).hash != before


def test_every_mistake_is_told_at_once_in_the_order_of_the_file():
    problems = problems_of(
        """\
sources:
  - udp: 127.0.0.1:5514
    receive_bufer: 4MiB
  - tcp: 127.0.0.1:99999
routes:
  - locl0.debug   /var/log/windows
  - select: "*.info"
    where: {hostnam: gate}
    to: {file: /var/log/x, format: jsn}
templates:
  short: "{{ hostnam }}"
"""
    )

    assert [(problem.location.line, problem.location.file) for problem in problems] == [
        (line, "c.yaml") for line in (3, 4, 6, 8, 9, 11)
    ]
    hints = [problem.hint or "" for problem in problems]
    assert [word for word, hint in zip(
        ("receive_buffer", "", "local0", "hostname", "json", "hostname"), hints, strict=True) if word not in hint
    ] == []  # fmt: skip


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ("{json: '{{ message }}'}", '"json" is a format already'),
        ("{short: '{{ message'}", "column 1 of the template"),
        ("{short: '{{ message | shout }}'}", 'unknown filter "shout"'),
        ('{short: "a\\nb"}', "a line format is one line (column 2 of the template)"),
    ],
)
def test_a_template_that_cannot_be_a_format_is_refused(templates, message):
    [problem] = problems_of(f"{TEXT}templates: {templates}\n")

    assert message in problem.message
    assert problem.location.line == 8


def test_a_template_may_end_with_the_line_end_that_yaml_leaves():
    plan = plan_of(TEXT + "templates:\n  short: |\n    {{ message }}\n")

    assert plan.formats["short"]([], None) == b""
    assert "short" in plan.formats


def test_a_source_listed_twice_is_refused():
    [problem] = problems_of(TEXT.replace("tcp", "udp"))

    assert (problem.location.line, problem.message) == (3, "udp 127.0.0.1:5514 is listed twice, first at c.yaml:2:10")


ROUTES = "routes: ['*.* /x']\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('udp: ":5514"', 'udp: "0.0.0.0:5514"'), ('udp: "[::]:5514"', 'udp: ":5514"'),
        ("tcp: :514", "tcp: localhost:514"),
        ("tcp: 127.0.0.1:514", "tcp: 0.0.0.0:514"), ('udp: "[::1]:514"', 'udp: "[::]:514"'),
        ('udp: "[::1]:514"', 'udp: "[0:0::1]:514"'), ("tcp: gate:514", "tcp: GATE:514"),
        ("udp: localhost:514", "udp: 127.0.0.1:514"),
        ("unix: ./log", "unix: ././log"),
    ],
)  # fmt: skip
def test_sources_that_claim_one_place_are_refused_with_both_places(one, other):
    [problem] = problems_of(f"sources:\n  - {one}\n  - {other}\n{ROUTES}")

    assert (problem.location.line, problem.id) == (3, "two-sources")
    assert " is taken by " in problem.message
    assert " at c.yaml:2:" in problem.message


@pytest.mark.parametrize(
    "others",
    [
        ("udp: :514", "tcp: :514"), ('udp: "[::]:514"', "udp: 0.0.0.0:514"), ("udp: :514", "udp: :515"),
        ("udp: 127.0.0.1:514", "udp: 127.0.0.2:514"), ("udp: 127.0.0.1:0", "udp: 0.0.0.0:0"),
        ("udp: gate:1", "udp: 0.0.0.0:1"),
        ("unix: ./log", "unix: ./log2"),
    ],
)  # fmt: skip
def test_sources_that_can_listen_beside_each_other_are_fine(others):
    assert len(plan_of("sources:\n" + "".join(f"  - {one}\n" for one in others) + ROUTES).sources) == 2


@pytest.mark.parametrize("settings", ["control: /run/x/sock", "control: /run/x//./sock", "state_dir: /run/x"])
def test_a_unix_source_on_the_control_socket_is_refused(settings):
    name = "control.sock" if "state" in settings else "sock"
    [problem] = problems_of(f"{settings}\nsources:\n  - unix: /run/x/{name}\n{ROUTES}")

    assert (problem.location.line, problem.message) == (3, f"/run/x/{name} is the control socket")


def test_all_mistakes_of_a_template_are_told_at_once():
    template = "{{ message | nofilter }} {{ messag }} {{ hostnam | foo }}"
    problems = problems_of(f"{TEXT}templates:\n  short: '{template}'\n")

    assert [problem.message.split('"')[1] for problem in problems] == ["nofilter", "messag", "hostnam", "foo"]


def test_a_warning_comes_with_the_plan():
    plan, [problem] = build_plan_from_text(TEXT.replace("local0.debug", "mail.none"), "c.yaml")

    assert plan is not None
    assert problem.level == "warning"


@pytest.mark.parametrize(
    ("text", "zone"),
    [("timezone: Asia/Tokyo", ZoneInfo("Asia/Tokyo")), ("timezone: {hosts: {gate: Asia/Tokyo}}", UTC)],
)
def test_the_zone_of_stamps_is_the_configured_one_or_the_machines(monkeypatch, text, zone):
    monkeypatch.setenv("TZ", "UTC")

    assert plan_of(f"{TEXT}{text}\n").interpreter.zone.utcoffset(None) == zone.utcoffset(None)


def test_workers_are_as_many_as_processors_unless_told(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(3)))

    assert plan_of(TEXT).workers == 3
    assert plan_of(f"{TEXT}workers: 5\n").workers == 5


def test_places_follow_the_configuration():
    plan = plan_of(f"{TEXT}state_dir: /srv/state\n")
    assert (plan.state_dir, plan.control) == ("/srv/state", "/srv/state/control.sock")

    plan = plan_of(f"{TEXT}state_dir: /srv/state\ncontrol: /srv/sock\n")
    assert (plan.state_dir, plan.control) == ("/srv/state", "/srv/sock")


def test_a_charset_of_the_configuration_has_its_counter():
    plan = plan_of(f"{TEXT}charset: {json.dumps({'hosts': {'gate': 'cp1251'}})}\n")

    assert Key("charset_messages", (("charset", "cp1251"),)) in plan.layout
