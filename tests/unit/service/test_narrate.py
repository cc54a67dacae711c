import re
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline_rig import plan_of

from collector.service.inspect import Reader, explain
from collector.service.narrate import narrate
from collector.service.plan import build_plan_from_text

NOW = datetime(2026, 2, 3, 17, 9, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
ROUTES = [
    {"select": "local0.debug", "to": {"file": "/var/log/windows"}},
    {"select": "*.info", "to": {"file": "/var/log/{{ hostname }}.log"}},
]


def told(message, routes=ROUTES, peer="192.0.2.7:514"):
    plan = plan_of("", routes, timezone="Asia/Tokyo")
    return narrate(explain(plan, Reader.judging(plan), message, peer, NOW))


def test_a_message_is_told_from_its_fields_to_its_files():
    text = told(b"<38>Feb  3 17:09:09 gate sshd[411]: text")

    assert (
        re.sub(r"test.yaml:\d+:\d+", "PLACE", text)
        == """\
message
  facility   auth
  severity   info
  hostname   gate
  app_name   sshd
  proc_id    411
  message    text
  charset    ascii
  peer       192.0.2.7:514
  timestamp  2026-02-03T17:09:09+09:00, as the sender says
routes
  no  PLACE: local0.debug does not select auth.info
  yes PLACE: *.info selects auth.info
        → /var/log/gate.log
        Feb  3 17:09:09 gate sshd[411]: text
written to 1 file"""
    )


def test_fields_of_a_payload_are_told():
    text = told(b"<135>Feb  3 17:09:09 dc1 security[failure] 529 N/A  Logon Failure:  User Name:bob\x1b")

    assert "fields\n  Channel                   Security\n  EventID                   529\n" in text
    assert "  TargetUserName            bob\\x1b\nroutes\n" in text


def test_marks_structured_data_and_the_time_of_arrival_are_told():
    text = told(b'<38>1 - gate app - ID47 [a@1 b="c" d="e"][f] text')

    assert "  [a@1]  b=c d=e\n  [f]" in text
    assert "  msg_id     ID47\n" in text
    assert "  timestamp  2026-02-03T17:09:10+09:00, as it was received\n" in text
    assert "  marks      no_timestamp\n" in text


def test_a_time_that_is_too_far_off_is_told_to_be_none_that_counts():
    text = told(b"<38>Feb  1 17:09:09 gate sshd[411]: text")

    judged = "too far from 2026-02-03T17:09:10+09:00, when it was received, to count"
    assert f"  timestamp  2026-02-01T17:09:09+09:00, {judged}\n" in text
    assert "  marks      clock_skew\n" in text


def test_a_message_that_nobody_wants_is_unrouted():
    assert told(b"<39>x").endswith("written nowhere: it counts as unrouted")


def lines_of(text, message=b"<38>Feb  3 17:09:09 gate sshd[411]: text"):
    plan, _ = build_plan_from_text(f"sources: [{{udp: 127.0.0.1:5514}}]\nroutes: |\n{text}", "c.yaml")
    told = narrate(explain(plan, Reader.judging(plan), message, "192.0.2.7:514", NOW))
    return told.partition("routes\n")[2].splitlines()


def test_a_line_that_stops_is_the_last_that_is_told():
    assert lines_of("  !sshd\n  *.* /a\n  & stop\n  *.* /b\n") == [
        "  yes c.yaml:4:3: *.* selects auth.info",
        "        → /a",
        "        Feb  3 17:09:09 gate sshd[411]: text",
        "  yes c.yaml:5:3: *.* selects auth.info",
        "        stop: no later route is asked",
        "written to 1 file",
    ]
    assert lines_of("  stop\n  *.* /b\n")[-1] == "written nowhere: it counts as discarded"


def test_a_block_and_a_filter_that_do_not_fit_tell_what_they_saw():
    assert lines_of('  !cron\n  *.* /a\n  !*\n  :msg, contains, "x y" /b\n')[:2] == [
        '  no  c.yaml:4:3: *.* selects auth.info, but the filter does not fit: program is "sshd"',
        '  no  c.yaml:6:3: :msg, contains, "x y" selects auth.info, but the filter does not fit: message is "text"',
    ]


def test_other_destinations_than_files_are_told_by_their_names():
    assert lines_of("  *.* |/p\n  *.* @h\n  *.* *\n") == [
        "  yes c.yaml:3:3: *.* selects auth.info",
        "        → |/p",
        "        Feb  3 17:09:09 gate sshd[411]: text",
        "  yes c.yaml:4:3: *.* selects auth.info",
        "        → @h:514",
        "        <38>Feb  3 17:09:09 gate sshd[411]: text",
        "  yes c.yaml:5:3: *.* selects auth.info",
        "        → users *",
        "        Feb  3 17:09:09 gate sshd[411]: text",
        "written to 3 destinations",
    ]


def test_the_files_are_counted():
    routes = [*ROUTES, {"select": "*.*", "to": {"file": "/var/log/all"}}]

    assert told(b"<38>x", routes).endswith("written to 2 files")


def test_nothing_of_a_message_reaches_the_terminal_as_a_control_character():
    text = told(
        '<38>1 - gate app - - [a b="\x1b]0;x\x07"] \x1b[31m\r\n\x9b \u2028 \u202e着信 \udc80'.encode(
            errors="surrogatepass"
        )
    )

    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert "着信" in text
