from datetime import UTC, datetime

import pytest

from collector.errors import CollectorError
from collector.protocol.columns import COLUMNS
from collector.routing.legacy_template import RSYSLOG, LegacyTemplate
from collector.templates import compile_template

VALUES = {
    "timestamp": datetime(2026, 7, 3, 15, 54, 31, tzinfo=UTC),
    "received_at": datetime(2026, 7, 3, 16, 0, 2, tzinfo=UTC),
    "hostname": "gate", "tag": "sshd[4]:", "program": "sshd", "app_name": "sshd", "message": "it is done",
    "facility": "mail", "severity": "err", "pri": 19, "proc_id": None, "msg_id": None, "address": "192.0.2.7",
    "sd": None, "raw": "<19>raw",
}  # fmt: skip


def filled(text):
    return compile_template(text, allowed=COLUMNS).render(VALUES)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (r"%timegenerated% %HOSTNAME% %syslogtag%%msg%\n", "Jul  3 16:00:02 gate sshd[4]: it is done"),
        (r"%syslogtag%%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\n", "sshd[4]: it is done"),
        (r"<%PRI%>%TIMESTAMP% x", "<19>Jul  3 15:54:31 x"),
        (r"%timereported:::date-rfc3339%", "2026-07-03T15:54:31+00:00"),
        (r"%timestamp:1:10:date-rfc3339%|%timestamp:12:19:date-rfc3339%", "2026-07-03|15:54:31"),
        (r"%timestamp:::date-mysql%,%timestamp:1:8:date-mysql%", "20260703155431,20260703"),
        (r"%timestamp:1:3%", "Jul"),
        (r"%timestamp:::date-year%-%timestamp:::date-month%", "2026-07"),
        (r"%$NOW% %$year%%$month%%$day% %$hour%:%$minute%", "2026-07-03 20260703 16:00"),
        (r"%msg:2:$%", "it is done"),
        (r"[%msg%]", "[ it is done]"),
        (r"[%msg:1:3%]", "[ it]"),
        (r"%hostname:1:2:uppercase%", "GA"),
        (r"%hostname:::lowercase% %programname:3:$%", "gate hd"),
        (r"%syslogfacility-text%.%syslogseverity-text% %pri-text%", "mail.err mail.err"),
        (r"%fromhost-ip% %rawmsg%", "192.0.2.7 <19>raw"),
        (r"%procid% %msgid% %structured-data% %app-name%", "- - - sshd"),
        (r"100\% \"q\" \\ \t\101 {{x}} {#z", '100% "q" \\ \tA {{x}} {#z'),
        (r'{"host":"%hostname%"} {%hostname%}', '{"host":"gate"} {gate}'),
    ],
)
def test_a_line_in_our_words(text, line):
    assert filled(LegacyTemplate("t", text).as_line()) == line


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/var/log/%HOSTNAME%/%$YEAR%-%$MONTH%.log", "/var/log/gate/2026-07.log"),
        ("/l/%fromhost-ip%/%programname:::secpath-replace%", "/l/192.0.2.7/sshd"),
        ("/l/%timegenerated:1:10:date-rfc3339%", "/l/2026-07-03"),
        ("/l/%msg%", "/l/it is done"),
    ],
)
def test_a_path_in_our_words(text, path):
    assert filled(LegacyTemplate("t", text).as_path()) == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%uuid%", 'the property "%uuid%" is not supported'),
        ("%$!x%", 'the property "%$!x%" is not supported'),
        ("%$myhostname%", "the name of this machine"),
        ("%msg:R,ERE,1,X:y--end%", "regular expressions"),
        ("%msg:F,58:2%", "fields of columns"),
        ("%msg:::json%", 'the option "json"'),
        ("%msg:-5:$%", 'the range "-5:$"'),
        ("%timestamp:2:5%", "of a time"),
        ("%timestamp:::date-utc%", 'the option "date-utc"'),
        ("%timestamp:::date-week%", 'the option "date-week"'),  # a week more than strftime's, in most years
        (r"a\nb", "a line format is one line"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(text, words):
    with pytest.raises(CollectorError) as caught:
        LegacyTemplate("t", text).as_line()
    assert words in str(caught.value)
    assert caught.value.hint


def test_all_that_cannot_be_said_is_told_at_once():
    with pytest.raises(CollectorError) as caught:
        LegacyTemplate("t", "%uuid% %bios%").as_line()
    assert len(caught.value.others) == 1


@pytest.mark.parametrize("name", RSYSLOG)
def test_the_formats_of_rsyslog_are_formats_here(name):
    assert filled(LegacyTemplate(*RSYSLOG[name]).as_line()).endswith("gate sshd[4]: it is done")
