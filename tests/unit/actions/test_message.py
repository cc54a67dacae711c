from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from alerting import RECORD, alert, message

from collector.actions.message import decode, names_for, one_line, readable
from collector.protocol.columns import COLUMNS
from collector.templates import compile_template


def fill(text, captures=("user", "ip"), **changes):
    return message(**changes).fill(compile_template(text, allowed=names_for(captures)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ id }} {{ rule }} {{ severity }} {{ count }} {{ summary }}", "6f1c2d ssh-spray high 5 False"),
        ("{{ title }}|{{ body }}", "192.0.2.7 tried 5 users|Five names in a minute."),
        ("{{ user }}@{{ ip }} {{ key.ip }}", "root@192.0.2.7 192.0.2.7"),
        ("{{ hostname }} {{ app_name }} {{ proc_id }} {{ facility }}", "gate sshd 411 auth"),
        ("{{ tag }} {{ program }} {{ address }} {{ pri }}", "sshd[411]: sshd 192.0.2.1 38"),
        ("{{ EventID }} {{ fields.EventID }} [{{ Absent }}]", "861 861 []"),
        ("{{ key }} {{ fields }} {{ structured_data }}", '{"ip":"192.0.2.7"} {"EventID":861} {}'),
        ("{{ line }}", "Jul 23 15:54:31 gate sshd[411]: Failed password for root from 192.0.2.7"),
        ("{{ timestamp }} {{ timestamp | date('%H:%M') }}", "2026-07-23T06:54:31+00:00 06:54"),
        ("{{ event_time | date('%Y') }}", "2026"),
        ("{% for one in records %}{{ one.message }};{% endfor %}", "Failed password for root from 192.0.2.7;"),
        ("[{{ msg_id }}{{ sd }}]", "[]"),
    ],
)
def test_templates_see_the_alert_its_newest_record_and_what_was_captured(text, expected):
    assert fill(text) == expected


def test_every_name_of_a_row_that_is_allowed_has_a_value_or_is_empty():
    for name in set(COLUMNS) & names_for(()):
        fill(f"{{{{ {name} }}}}")
        fill(f"{{{{ {name} }}}}", records=[])
        fill(f"{{{{ {name} }}}}", records=[{}])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ event_time }}", "2026-07-23T02:54:31-04:00"),
        ("{{ fired_at }}", "2026-07-23T02:54:32-04:00"),
        ("{{ timestamp }}", "2026-07-23T02:54:31-04:00"),
        ("{{ received_at | date('%H:%M') }}", "02:54"),
    ],
)
def test_times_are_shown_in_the_zone_of_those_who_read_them(text, shown):
    told = replace(message(), zone=ZoneInfo("America/New_York"))
    assert told.fill(compile_template(text, allowed=names_for(()))) == shown


def test_the_description_tells_the_time_in_that_zone_and_json_in_utc():
    told = replace(message(), zone=ZoneInfo("America/New_York"))
    assert "\nTime:   2026-07-23 02:54:31-04:00\n" in told.description
    assert str(told.fired_at) == "2026-07-23 02:54:32-04:00"
    assert '"event_time":"2026-07-23T06:54:31Z"' in told.json


def test_the_description_has_what_is_known():
    text = message(records=[RECORD, RECORD]).description

    assert text.startswith("192.0.2.7 tried 5 users\n\nFive names in a minute.\n")
    for part in ("ssh-spray (high)", "ip:     192.0.2.7", "Count:  5", "Alert:  6f1c2d"):
        assert part in text
    assert text.count("sshd[411]: Failed password") == 2


def test_messages_that_the_rule_shows_are_not_shown_again():
    line = "Jul 23 15:54:31 gate sshd[411]: Failed password for root from 192.0.2.7"

    assert message(body=line).description.count(line) == 1


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        ("a\nb", "a b", "a\nb"),
        ("a\r\n\tb\u2028c\x85d", "a b c d", "a\n\tb\nc\nd"),
        ("a\0b\x1b[m", "a#000b#033[m", "a#000b#033[m"),
        ("\u202eevil\u200b", "\ufffdevil\ufffd", "\ufffdevil\ufffd"),
        ("\ud83d", "\ufffd", "\ufffd"),
    ],
)
def test_text_of_others_is_made_harmless(text, line, lines):
    assert (one_line(text), readable(text)) == (line, lines)


def test_a_title_is_one_line_wherever_it_is_shown_and_never_nothing():
    assert fill("{{ title }}", title="evil\r\nCount:  9\x1b[m") == "evil Count: 9#033[m"
    assert message(title="evil\nCount:  9").description.startswith("evil Count: 9\n\n")
    assert fill("{{ title }}", title=" ") == "ssh-spray"


def test_what_the_journal_keeps_comes_back():
    one, labels = decode(alert(title="監査\ud800", destinations=("a", "b")).encode())

    assert labels == ("a", "b")
    assert one.captures == {"ip": "192.0.2.7", "user": "root"}
    assert one.alert == alert(title="監査\ud800").as_json()


def test_a_record_is_the_line_that_stands_in_the_file_and_is_not_told_twice():
    line = "Jul 23 15:54:31 gate sshd[411]: one#012two\tthree#033"
    told = message(records=[{**RECORD, "message": "one\ntwo\tthree\x1b"}], body=line)

    assert told.values["line"] == line
    assert "Last messages" not in told.description
    assert told.description.count("one#012two") == 1


@pytest.mark.parametrize("hidden", ["\u00ad", "\u180e", "\ufff9", "\ufffb", "\U000e0041", "\u202e", "\u200b"])
def test_nothing_stays_that_has_no_shape(hidden):
    assert one_line(f"a{hidden}b") == "a\ufffdb"
    assert readable(f"a{hidden}b") == "a\ufffdb"
