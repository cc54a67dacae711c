"""What is doubtful about rules and destinations together."""

import pytest

from collector.service.plan import build_plan_from_text

CONFIG = """
sources: [{udp: ':5514'}]
routes: ['*.* /x']
rules: [r.yaml]
state_dir: %s
"""


@pytest.fixture
def told(tmp_path):
    """What a configuration with these rules comes to: id, level and message of each doubt."""

    def told(rules, destinations=""):
        (tmp_path / "r.yaml").write_text(rules)
        plan, problems = build_plan_from_text(CONFIG % tmp_path + destinations, str(tmp_path / "c.yaml"))
        assert plan is not None
        return [(one.id, one.level, one.message) for one in problems]

    return told


OPS = "destinations: {ops: {syslog: 'udp://h:514'}}\n"
DEFAULT = "destinations: {default: {syslog: 'udp://h:514'}}\n"
SILENT = "- {id: a, kind: match, on: {text: x}, alert: {title: t}}\n"
LOUD = "- {id: b, kind: match, on: {text: x}, alert: {title: t}, do: ops}\n"


def test_alerts_that_go_nowhere_are_told_where_others_go_somewhere(told):
    assert told(SILENT + LOUD, OPS) == [
        ("unsent", "info", "alerts go nowhere, without do: and a destination that is called default: a")
    ]
    assert told(SILENT) == told(SILENT, DEFAULT) == told(LOUD, OPS) == []
    assert told("- {id: m, kind: match, on: {text: x}}\n" + LOUD, OPS)[:1] != [("unsent", "info")]


def test_a_destination_that_no_rule_uses_is_told(told):
    assert ("unused", "info", "no rule uses the destination ops") in told(SILENT, OPS)
    both = "destinations: {ops: {syslog: 'udp://h:514'}, default: {syslog: 'udp://i:514'}}\n"
    assert told(LOUD, both) == [("unused", "info", "no rule uses the destination default")]
    assert told(LOUD + SILENT, both) == []


@pytest.mark.parametrize("on", ["{re: '^Failed'}", r"{re: 'x(\w+\s?)+$'}", "{any: [{message|re: '(?:a|aa)+b'}]}"])
def test_rules_of_no_use_or_that_may_stop_all_come_into_force_with_a_warning(told, on):
    ((id_, level, message),) = told(f"{SILENT}- {{id: c, kind: match, on: {on}, alert: {{}}}}\n")
    assert (id_, level) == ("rules", "warning")
    assert message == "of 2 rules, some can never fire or may take for ever: c"
