"""``check-rules`` within this process: what it prints, and its exit codes."""

import json
import re

import pytest

from collector.priority import DEFAULT_PRI

RULES = """\
rules:
  - id: ssh-spray
    kind: threshold
    on: {app_name: sshd, re: 'Failed password for (?P<user>\\S+) from (?P<ip>\\S+)'}
    by: ip
    within: 10m
    count: 3
    limit: {first: 1, per: 1h}
    alert: {severity: high, title: "{{ ip }} tried {{ count }} times"}
    do: [ops, {exec: [/usr/local/bin/page, "{{ ip }}; rm -rf /"]}]
    tests:
      - {lines: ["<38>Oct 11 22:14:15 gate sshd[411]: Failed password for bob from 192.0.2.7"], alerts: []}
  - id: auth-only
    kind: match
    on: {facility: auth, text: Accepted}
    alert: {title: "{{ message }}"}
    do: {syslog: "udp://localhost:514"}
    tests:
      - {lines: ["<38>Oct 11 22:14:15 gate sshd[411]: Accepted x"], alerts: [{title: Accepted x}]}
"""
CONFIG = """\
sources: [{udp: 127.0.0.1:5514}]
rules: [rules.yaml]
timezone: Asia/Tokyo
destinations: {ops: {mail: [ops@example.org]}}
mail: {server: "smtp.example.org:587", from: c@example.org}
"""
FAILED = "Oct 11 22:14:%02d gate sshd[411]: Failed password for bob from 192.0.2.7"
LOG = [*(FAILED % second for second in (15, 16, 17, 18)), "Oct 11 22:20:00 gate sshd[411]: Accepted x"]


@pytest.fixture
def files(tmp_path):
    """Of these names, in the current folder."""
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "collector.yaml").write_text(CONFIG)
    (tmp_path / "wire.log").write_text("".join(f"<38>{line}\n" for line in LOG))
    (tmp_path / "plain.log").write_text("".join(f"{line}\n" for line in LOG))
    return tmp_path


def lines(out):
    return [json.loads(line) for line in out.splitlines()]


def test_rules_without_a_mistake(call, files):
    code, out, err = call("check-rules", "--config", "collector.yaml")
    assert (code, out) == (0, "")
    assert err == "2 rules: no problems; 2 tests passed.\n"


def test_a_path_works_alone_and_says_what_it_cannot_know(call, files):
    code, out, _ = call("check-rules", "rules.yaml")
    assert code == 0
    assert 'rules.yaml:10:10: info: without a configuration nothing is known of these destinations: "ops"' in out


def test_messages_that_fit_and_have_no_key_are_told_of_each_rule(call, files):
    (files / "keys.yaml").write_text(
        "sets: [{name: s, ordered: true}]\n"
        "rules:\n"
        "  - {id: keyed, kind: match, set: s, on: {app_name: sshd}, by: TargetUserName, alert: {}}\n"
        "  - {id: below, kind: match, set: s, on: {text: Accepted}, alert: {}}\n"
    )
    _, out, _ = call("check-rules", "keys.yaml", "--log", "wire.log")
    table = out[out.index("RULES") :].splitlines()
    assert table[1].split() == ["keyed", "5", "0", "0"]
    assert table[2:] == ["    without a key 5", "  without a hit: below"]
    _, out, _ = call("check-rules", "keys.yaml", "--log", "wire.log", "--json")
    assert {line["rule"]: line["keyless"] for line in lines(out) if line["type"] == "rule"} == {"keyed": 5, "below": 0}


def test_texts_of_alerts_and_of_destinations_tell_times_in_the_zone_of_the_configuration(call, files):
    (files / "times.yaml").write_text(
        "- {id: t, kind: match, on: {text: Accepted}, alert: {title: '{{ event_time }}'},\n"
        "   do: [{file: /var/log/a, line: '{{ fired_at }} {{ timestamp }}'}]}\n"
    )
    _, out, _ = call("check-rules", "times.yaml", "--config", "collector.yaml", "--log", "wire.log", "--json")
    (alert,) = [line for line in lines(out) if line["type"] == "alert"]
    assert alert["title"].endswith("-10-11T22:20:00+09:00")
    assert alert["actions"][0]["texts"]["line"] == f"{alert['title']} {alert['title']}"
    assert alert["event_time"].endswith("-10-11T13:20:00Z")


def test_of_a_folder_the_first_rule_that_names_an_unknown_destination_is_named(call, files):
    (files / "packs").mkdir()
    (files / "packs" / "a.yaml").write_text("- {id: a, kind: match, on: {text: x}, alert: {}}\n")
    (files / "packs" / "b.yaml").write_text(
        "rules:\n"
        "  - {id: b, kind: match, on: {text: y}, alert: {}, do: [{terminal: echo}, chat]}\n"
        "  - {id: c, kind: match, on: {text: y}, alert: {}, do: [ops, chat]}\n"
    )
    (found,) = [line for line in call("check-rules", "packs")[1].splitlines() if "nothing is known" in line]
    assert found.startswith("packs/b.yaml:2:75: info: ")
    assert '"chat", "ops"' in found


def test_a_path_may_be_a_folder_or_a_pattern(call, files):
    (files / "packs").mkdir()
    (files / "packs" / "a.yaml").write_text("- {id: a, kind: match, on: {text: x}, alert: {}}\n")
    (files / "packs" / "b.yaml").write_text("- {id: b, kind: match, on: {text: y}, alert: {}}\n")
    assert call("check-rules", "packs")[2].startswith("2 rules: ")
    assert call("check-rules", "packs/[a]*.yaml", "rules.yaml")[2].startswith("3 rules: ")


def test_a_path_that_is_not_there_is_a_problem(call, files):
    code, out, err = call("check-rules", "none.yaml")
    assert code == 1
    assert "none.yaml:1:1: error: no such file or folder [unreadable]" in out
    assert err.startswith("0 rules: 1 error")


def test_without_a_path_and_a_configuration_there_is_nothing_to_check(call, tmp_path):
    code, out, _ = call("check-rules")
    assert code == 1
    assert "no such file" in out


def test_rules_that_cannot_be_read_are_told_and_logs_left_alone(call, files):
    (files / "bad.yaml").write_text("- {id: a, kind: match, on: {re: '('}, alert: {}}\n")
    code, out, err = call("check-rules", "bad.yaml", "--log", "wire.log")
    assert code == 1
    assert "bad.yaml:1:34: error: the regular expression is wrong" in out
    assert "The logs were not read" in err


def test_alerts_come_with_time_text_and_what_would_be_done(call, files):
    code, out, err = call("check-rules", "--config", "collector.yaml", "--log", "wire.log", "--year", "2025")
    assert code == 0
    assert out.split("\nRULES")[0].rstrip().splitlines() == [
        "2025-10-11 22:14:17  high      ssh-spray",
        "    192.0.2.7 tried 3 times",
        *(f"      {FAILED % second}" for second in (15, 16, 17)),
        "    → ops: mail to ops@example.org, subject '[high] 192.0.2.7 tried 3 times'",
        "    → exec /usr/local/bin/page '192.0.2.7; rm -rf /'",
        "2025-10-11 22:20:00  medium    auth-only",
        "    Accepted x",
        "      Oct 11 22:20:00 gate sshd[411]: Accepted x",
        "    → syslog udp://localhost:514, message 'Accepted x'",
    ]
    table = out.split("\nRULES")[1].splitlines()
    assert table[0].split() == ["hits", "alerts", "held", "back"]
    assert [row.split()[:4] for row in table[1:]] == [["ssh-spray", "4", "1", "0"], ["auth-only", "1", "1", "0"]]
    assert err.endswith("5 lines from 2025-10-11 22:14:15 to 2025-10-11 22:20:00: 2 alerts. Nothing was sent.\n")


def test_what_rules_cost_is_told_where_it_can_be_known(call, files):
    (files / "wire.log").write_text("".join(f"<38>{line}\n" for line in LOG * 300))
    out = call("check-rules", "rules.yaml", "--log", "wire.log")[1]
    assert out.split("\nRULES")[1].split("\n")[0].split() == ["hits", "alerts", "held", "back", "ns/line"]


def test_nothing_is_wider_than_a_small_terminal_but_what_cannot_be_cut(call, files):
    _, out, _ = call("check-rules", "--config", "collector.yaml", "--log", "wire.log")
    assert max(map(len, out.split("\nRULES")[1].splitlines())) <= 80


def test_windows_end_after_the_end_of_the_log(call, files):
    (files / "rules.yaml").write_text(RULES.replace("count: 3", "count: {lte: 4}\n    window: anchored"))
    found = lines(call("check-rules", "rules.yaml", "--log", "wire.log", "--json", "--year", "2025")[1])
    assert [one["fired_at"] for one in found if one["type"] == "alert" and one["rule"] == "ssh-spray"] == [
        "2025-10-11T22:24:15Z"
    ]


def test_an_alert_without_a_text_has_no_empty_line_for_it(call, files):
    (files / "rules.yaml").write_text(
        RULES.partition("    limit")[0] + "    clear: {within: 1m}\n    alert: {title: x}\n"
    )
    code, out, _ = call("check-rules", "--config", "collector.yaml", "--log", "plain.log", "--year", "2024")
    assert code == 0
    assert "\n    ssh-spray clear\n\nRULES" in out


def test_json_is_one_object_on_each_line(call, files):
    code, out, err = call("check-rules", "rules.yaml", "--log", "wire.log", "--json", "--timezone", "Asia/Tokyo")
    found = lines(out)
    assert (code, err) == (0, "")
    assert [one["type"] for one in found] == ["problem", "alert", "alert", "rule", "rule", "summary"]
    alert, rule, summary = found[1], found[3], found[5]
    assert (alert["rule"], alert["key"], alert["count"]) == ("ssh-spray", {"ip": "192.0.2.7"}, 3)
    assert alert["actions"][0] == {"destination": "ops", "kind": None, "where": None, "texts": {}}
    assert alert["actions"][1]["texts"] == {"exec": ["/usr/local/bin/page", "192.0.2.7; rm -rf /"]}
    assert len(alert["records"]) == 3
    assert (rule["rule"], rule["hits"], rule["alerts"], rule["suppressed"]) == ("ssh-spray", 4, 1, 0)
    assert rule["ns_per_line"] > 0
    assert (summary["lines"], summary["alerts"], summary["tests"], summary["failed"]) == (5, 2, 2, 0)
    assert summary["begins"].endswith("22:14:15+09:00")


def test_without_a_log_json_has_problems_and_the_summary(call, files):
    (files / "rules.yaml").write_text("- {id: a, kind: match, on: {re: '^Failed'}, alert: {}}\n")
    code, out, _ = call("check-rules", "rules.yaml", "--json")
    assert code == 1
    assert [(one["type"], one.get("id")) for one in lines(out)] == [
        ("problem", "never-fires"), ("problem", "no-tests"), ("summary", None),
    ]  # fmt: skip


def test_a_rule_whose_test_fails_is_an_error(call, files):
    (files / "rules.yaml").write_text(RULES.replace("alerts: []", "alerts: [{title: x}]"))
    code, out, err = call("check-rules", "rules.yaml")
    assert code == 1
    assert "error: the test of ssh-spray: it raises 0 alerts, not 1 [test]" in out
    assert "\n          the last line counted: 1 of 3 for ip=192.0.2.7\n" in out
    assert err == "2 rules: 1 error; 1 of 2 tests failed.\n"


def test_what_is_no_log_is_told(call, files):
    (files / "noise").write_bytes(bytes(range(256)) * 20)
    (files / "japanese.log").write_bytes("<38>Oct 11 22:14:15 gate app: 失敗しました\n".encode("iso-2022-jp") * 50)
    assert "noise: this does not look like a log." in call("check-rules", "rules.yaml", "--log", "noise")[2]
    assert "look like" not in call("check-rules", "rules.yaml", "--log", "japanese.log", "wire.log")[2]


def test_of_one_rule_only_what_is_wrong_with_it_is_told_and_counted(call, files):
    (files / "more.yaml").write_text(
        "- {id: bad, kind: match, on: {re: '^Failed'}, alert: {}}\n"
        "- {id: good, kind: match, on: {text: Failed}, alert: {}, tests: [{lines: [x], alerts: []}]}\n"
        "- {id: other, kind: match, on: {text: sshd}, alert: {}}\n"
    )
    code, out, err = call("check-rules", "more.yaml", "--rule", "good", "--log", "wire.log")
    assert (code, "bad" in out, "other" in out) == (0, False, False)
    assert err.startswith("1 rule: no problems; 1 test passed.\n5 lines from ")
    assert err.endswith(": 4 alerts. Nothing was sent.\n")
    code, out, err = call("check-rules", "more.yaml", "--rule", "bad", "--json")
    assert (code, [(one["id"], one["level"]) for one in lines(out)[:-1]]) == (
        1, [("never-fires", "error"), ("no-tests", "info")],
    )  # fmt: skip


UNTESTED = "- {id: a, kind: match, on: {text: x}, alert: {}}\n"
DOUBTFUL = "- {id: a, kind: match, on: {re: '(.*) from (.*) port'}, alert: {}, tests: [{lines: [y], alerts: []}]}\n"


@pytest.mark.parametrize("rules", [UNTESTED, DOUBTFUL], ids=["without tests", "warning"])
def test_strict_makes_doubts_count(call, files, rules):
    (files / "rules.yaml").write_text(rules)
    assert call("check-rules", "rules.yaml")[0] == 0
    assert call("check-rules", "rules.yaml", "--strict")[0] == 1


def test_many_rules_without_tests_are_one_line(call, files):
    (files / "many.yaml").write_text(
        "".join(f"- {{id: rule-number-{n}, kind: match, on: {{text: x{n}}}, alert: {{}}}}\n" for n in range(50))
    )
    out = call("check-rules", "many.yaml")[1]
    assert re.sub(r"\s+", " ", out).startswith("info: 50 rules without tests: rule-number-0, rule-number-1,")
    assert "and 42 more" in out
    assert max(map(len, out.splitlines())) <= 80


# --- what a log does not say ------------------------------------------------------------------------------------------


def test_rules_that_a_traditional_file_says_nothing_of_are_listed(call, files):
    _, out, _ = call("check-rules", "--config", "collector.yaml", "--log", "plain.log")
    told = re.sub(r"\s+", " ", out)
    assert "not judged, as a traditional file has no facility; --facility says what they were: auth-only" in told
    assert "auth-only" not in out.split("RULES")[0]


def test_facility_and_severity_can_be_said(call, files):
    found = lines(call("check-rules", "rules.yaml", "--log", "plain.log", "--facility", "auth.info", "--json")[1])
    alerts = [one for one in found if one["type"] == "alert"]
    assert [one["rule"] for one in alerts] == ["ssh-spray", "auth-only"]
    assert {(record["facility"], record["severity"]) for one in alerts for record in one["records"]} == {
        ("auth", "info")
    }
    assert all(one["not_judged"] == {} for one in found if one["type"] == "rule")


def test_a_severity_that_nobody_said_is_not_judged(call, files):
    (files / "rules.yaml").write_text("- {id: a, kind: match, on: {facility: auth, severity: notice}, alert: {}}\n")
    found = lines(call("check-rules", "rules.yaml", "--log", "plain.log", "--facility", "auth", "--json")[1])
    assert [one["not_judged"] for one in found if one["type"] == "rule"] == [{"traditional": ["severity"]}]
    assert DEFAULT_PRI == 13


def test_of_messages_from_a_file_nobody_knows_the_peer(call, files):
    (files / "rules.yaml").write_text("- {id: a, kind: match, on: {peer|cidr: 192.0.2.0/24}, alert: {}}\n")
    found = lines(call("check-rules", "rules.yaml", "--log", "wire.log", "--json")[1])
    assert [one["not_judged"] for one in found if one["type"] == "rule"] == [{"syslog": ["peer"]}]


# --- explain ----------------------------------------------------------------------------------------------------------


def test_explain_tells_of_each_line_what_came_of_it(call, files):
    _, out, _ = call(
        "check-rules", "--config", "collector.yaml", "--log", "wire.log", "--explain", "--rule", "ssh-spray"
    )
    verdicts = [line.strip() for line in out.splitlines() if line.startswith("  ssh-spray: ")]
    assert [verdict.split(", until")[0] for verdict in verdicts[:2]] == [
        "ssh-spray: counted: 1 of 3 for ip=192.0.2.7",
        "ssh-spray: counted: 2 of 3 for ip=192.0.2.7",
    ]
    assert verdicts[1].endswith(", until Oct 11 22:24:15")
    assert verdicts[2] == "ssh-spray: fires for ip=192.0.2.7 (3 of 3)"
    assert verdicts[3].endswith("it has alerted already, and that lasts")
    assert verdicts[4].startswith("ssh-spray: no candidate: it looks for ")
    assert out.count("yes  re: Failed password") == 4
    assert "auth-only" not in out


def test_explain_tells_what_holds_an_alert_back(call, files):
    (files / "rules.yaml").write_text(
        "- {id: a, kind: match, on: {text: Failed}, limit: {by: hostname, first: 1, per: 1h}, alert: {}}\n"
        "- {id: night, kind: match, on: {text: Failed}, time: {hours: '01:00-02:00', timezone: UTC}, alert: {}}\n"
        "- {id: keyless, kind: threshold, on: {text: Failed}, by: EventID, within: 1m, count: 2, alert: {}}\n"
        "- {id: silent, kind: match, on: {text: Failed}}\n"
    )
    out = call("check-rules", "rules.yaml", "--log", "wire.log", "--explain", "--timezone", "UTC")[1]
    assert "a: held back by its limit for hostname=gate until Oct 11 23:14:15" in out
    assert "night: fits, but is not at work at that hour" in out
    assert "keyless: fits, but a field of its key is missing" in out
    assert "silent: fits; it is a rule without an alert" in out


def test_explain_tells_who_came_first_in_a_set(call, files):
    (files / "rules.yaml").write_text(
        "sets: [{name: s, ordered: true}]\n"
        "rules:\n"
        "  - {id: first, kind: match, set: s, on: {text: Failed}, alert: {}}\n"
        "  - {id: second, kind: match, set: s, on: {text: bob}, alert: {}}\n"
    )
    out = call("check-rules", "rules.yaml", "--log", "wire.log", "--explain")[1]
    assert "second: fits, but first came first in its set" in out


def test_explain_as_json(call, files):
    found = lines(call("check-rules", "rules.yaml", "--log", "wire.log", "--explain", "--json")[1])
    explained = [one for one in found if one["type"] == "explanation"]
    assert len(explained) == 5
    first = explained[0]["rules"][0]
    assert (first["rule"], first["candidate"], first["fits"]) == ("ssh-spray", True, True)
    assert (first["count"], first["number"], first["key"]) == (1, 3, {"ip": "192.0.2.7"})
    assert [step["asked"] for step in first["steps"]][1] == "app_name: sshd"


def test_explain_needs_a_log(call, files):
    code, _, err = call("check-rules", "rules.yaml", "--explain")
    assert code == 1
    assert "there is nothing to explain" in err


def test_a_rule_that_is_not_there_is_told_with_the_one_that_may_be_meant(call, files):
    code, _, err = call("check-rules", "rules.yaml", "--rule", "ssh-spry", "--log", "wire.log")
    assert code == 1
    assert 'there is no rule "ssh-spry"' in err
    assert 'did you mean "ssh-spray"?' in err


def test_explain_of_one_message_has_the_rules_of_the_configuration(call, files):
    message = f"<38>{LOG[0]}"
    out = call("explain", "--config", "collector.yaml", message)[1]
    assert "rules\n  ssh-spray: counted: 1 of 3 for ip=192.0.2.7" in out
    assert "  auth-only: no candidate" in out
    found = json.loads(call("explain", "--config", "collector.yaml", "--json", message)[1])
    assert [rule["candidate"] for rule in found["rules"]] == [True, False]


# --- bad input --------------------------------------------------------------------------------------------------------


def test_a_log_that_cannot_be_read_is_told(call, files):
    code, _, err = call("check-rules", "rules.yaml", "--log", "wire.log", "none.log")
    assert code == 1
    assert "none.log: No such file or directory" in err


@pytest.mark.parametrize(
    "option", [("--year", "26"), ("--facility", "loca0"), ("--facility", "auth.bad"), ("--timezone", "x")]
)
def test_wrong_options_are_usage_errors(call, files, option):
    assert call("check-rules", "rules.yaml", *option)[0] == 2


def test_a_pattern_that_backtracks_for_ever_holds_up_nothing(call, files):
    (files / "rules.yaml").write_text(
        "- {id: slow, kind: match, on: {re: '^(?:\\w+ ?)+: password$'}, alert: {}}\n"
        "- {id: quick, kind: match, on: {text: Accepted}, alert: {}}\n"
    )
    code, out, _ = call("check-rules", "rules.yaml", "--log", "wire.log", "--json")
    found = {one["rule"]: one for one in lines(out) if one["type"] == "rule"}
    assert code == 1
    assert found["quick"]["alerts"] == 1
    assert {one["id"] for one in lines(out) if one["type"] == "problem"} >= {"never-fires", "backtracking"}


def test_what_a_message_holds_cannot_steer_a_terminal(call, files):
    (files / "evil.log").write_text("<38>Oct 11 22:14:15 gate x: Accepted \x1b[31m\u202e {{ 7*7 }} $(rm)\n")
    out = call("check-rules", "rules.yaml", "--log", "evil.log")[1]
    assert "Accepted #033[31m\\u202e {{ 7*7 }} $(rm)" in out
    assert "\x1b" not in out


def test_alerts_have_no_colour_where_nobody_looks(call, files):
    assert "\033[" not in call("check-rules", "rules.yaml", "--log", "wire.log")[1]
