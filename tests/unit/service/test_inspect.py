import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pipeline_rig import plan_of

from collector.errors import CollectorError
from collector.service.inspect import Reader, explain, frames, records, whole

NOW = datetime(2026, 2, 3, 17, 9, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
READER = Reader.of(None, ZoneInfo("Asia/Tokyo"))
ROUTES = [
    {"select": "local0.debug", "to": {"file": "/var/log/windows"}},
    {
        "select": "*.*",
        "where": {"hostname": ["gate"]},
        "to": {"file": "/var/log/{{ hostname }}.json", "format": "json"},
    },
    {"select": "auth.crit", "to": {"file": "/var/log/auth"}},
]


def explained(message, routes=ROUTES, peer=None, **settings):
    plan = plan_of("", routes, timezone="Asia/Tokyo", **settings)
    return explain(plan, Reader.judging(plan), message, peer, NOW)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\ntwo\n", [b"one", b"two"]),
        (b"one\ntwo", [b"one", b"two"]),
        (b"one\r\n\r\ntwo\r\n", [b"one", b"two"]),
        (b"5 <1>ab6 <2>abc", [b"<1>ab", b"<2>abc"]),
        (b"<1>ab\0<2>c\0", [b"<1>ab", b"<2>c"]),
        (b"", []),
    ],
)
def test_messages_in_a_file_are_told_apart_as_on_a_connection(data, expected):
    assert list(frames(io.BytesIO(data), 65536)) == expected


def test_a_file_larger_than_one_read_is_read_to_its_end():
    lines = [b"<34>%d %b" % (number, b"x" * 200) for number in range(3000)]

    assert list(frames(io.BytesIO(b"\n".join(lines)), 65536)) == lines


def test_a_longer_message_than_allowed_is_cut():
    [frame] = frames(io.BytesIO(b"x" * 1000 + b"\n"), 480)

    assert (len(frame), frame.lost) == (480, 520)


@pytest.mark.parametrize(("data", "expected"), [(b"one\ntwo\n", [b"one\ntwo"]), (b"\n", []), (b"", [])])
def test_a_whole_file_is_one_message(data, expected):
    assert list(whole(io.BytesIO(data))) == expected


def test_records_are_what_json_shows():
    [record] = records([b"<38>Feb  3 17:09:09 gate sshd[411]: x"], READER, "192.0.2.7:514", NOW)

    assert json.loads(json.dumps(record)) == record
    assert (record["timestamp"], record["received_at"]) == ("2026-02-03T17:09:09+09:00", "2026-02-03T17:09:10+09:00")
    assert (record["facility"], record["severity"], record["proc_id"]) == ("auth", "info", "411")
    assert (record["peer"], record["time_source"]) == ("192.0.2.7:514", "sender")


def test_fields_of_a_payload_are_there():
    message = b"<135>Feb  3 17:09:09 dc1 security[failure] 529 N/A  Logon Failure:  User Name:bob"
    expected = {"Channel": "Security", "EventID": 529, "EntryType": "audit_failure", "Computer": "dc1"}
    expected["TargetUserName"] = "bob"

    assert [record["fields"] for record in records([message], READER, None, NOW)] == [expected]
    assert explained(message)["record"]["fields"] == expected


def test_without_a_time_of_reception_it_is_now():
    before = datetime.now(UTC)
    [record] = records([b"x"], READER, None, None)

    assert datetime.fromisoformat(record["received_at"]) >= before.replace(microsecond=0)
    assert record["received_at"].endswith("+09:00")


def test_charsets_are_read_as_the_daemon_reads_them():
    found = records(["着信を".encode(name) for name in ("utf-8", "cp932", "euc_jp")], READER, None, NOW)

    assert [(record["message"], record["charset"]) for record in found] == [
        ("着信を", "utf-8"),
        ("着信を", "cp932"),
        ("着信を", "euc-jp"),
    ]


def test_a_number_sign_before_digits_stays_itself():
    [record] = records([b"<34>issue #123"], READER, None, NOW)

    assert record["message"] == "issue #123"


def test_the_configuration_gives_zones_and_charsets():
    plan = plan_of("", ROUTES, timezone="Europe/Berlin", charset={"fallback": ["cp1252"]})
    reader = Reader.of(plan)
    [record] = records([b"<34>Feb  3 09:00:00 gate su: caf\xe9"], reader, None, NOW)

    assert (record["timestamp"], record["message"]) == ("2026-02-03T09:00:00+01:00", "café")
    assert Reader.of(plan, UTC).interpreter.zone is UTC


def test_every_route_is_explained():
    found = explained(b"<34>Feb  3 17:09:09 gate su: text\n", peer="192.0.2.7:514")

    assert (found["type"], found["received_bytes"]) == ("explanation", 34)
    assert found["line"] == "Feb  3 17:09:09 gate su: text"
    assert found["record"]["app_name"] == "su"
    assert [(route["select"], route["taken"], route["reason"]) for route in found["routes"]] == [
        ("local0.debug", False, "does not select auth.crit"),
        ("*.*", True, "selects auth.crit"),
        ("auth.crit", True, "selects auth.crit"),
    ]
    written = [(route["file"], route["written"]) for route in found["routes"] if route["taken"]]
    assert [path for path, _ in written] == ["/var/log/gate.json", "/var/log/auth"]
    assert json.loads(written[0][1])["message"] == "text"
    assert written[1][1] == "Feb  3 17:09:09 gate su: text"


def test_a_filter_that_does_not_fit_tells_what_it_saw():
    found = explained(b"<34>Feb  3 17:09:09 dc01 su: text")

    assert found["routes"][1]["reason"] == 'selects auth.crit, but the filter does not fit: hostname is "dc01"'


def test_what_is_explained_can_be_printed_as_json():
    found = explained(b"<34>\x1b[31m\xff\xfe\n\0")

    assert json.loads(json.dumps(found)) == found
    assert "\x1b" not in found["line"]


@pytest.mark.parametrize(("stamp", "source"), [("Feb  2 17:09:10", "sender"), ("Feb  2 17:09:09", "arrival")])
def test_a_stamp_is_explained_as_the_daemon_judges_it(stamp, source):
    record = explained(f"<34>{stamp} gate su: text".encode())["record"]

    assert (record["time_source"], "clock_skew" in record["marks"]) == (source, source == "arrival")


def test_a_zone_given_for_one_message_is_used_and_its_stamp_judged():
    plan = plan_of("", ROUTES, timezone="Asia/Tokyo")
    reader = Reader.judging(plan, UTC)

    assert explain(plan, reader, b"<34>Feb  1 08:00:00 gate su: x", None, NOW)["record"]["marks"] == ["clock_skew"]
    assert reader.interpreter.zone is UTC


def test_a_message_longer_than_allowed_is_explained_as_it_is_written():
    found = explained(b"<34>Feb  3 17:09:09 gate su: " + b"x" * 500 + b"\n", max_message=480)

    assert found["line"].endswith("x [truncated, 49 bytes lost]")
    assert found["record"]["marks"] == ["truncated"]
    assert explained(b"<34>" + b"x" * 476 + b"\n", max_message=480)["record"]["marks"] == ["no_timestamp"]


@pytest.mark.parametrize("message", [b"", b"\n", b"\0"])
def test_an_empty_message_is_explained_too(message):
    found = explained(message)

    assert found["received_bytes"] == len(message)
    assert found["record"]["message"] == ""


TWO_SOURCES = [{"udp": "127.0.0.1:5514"}, {"tcp": "127.0.0.1:5514", "hostname": "peer", "time": "arrival"}]


def test_a_message_is_explained_as_the_source_it_comes_in_by_treats_it(tmp_path):
    (tmp_path / "hosts").write_text("192.0.2.7 gate.example.net\n")
    plan = plan_of("", ROUTES, timezone="UTC", sources=TWO_SOURCES, dns={"hosts": str(tmp_path / "hosts")})
    message = b"<34>Oct 11 22:14:15 liar su: text"
    first, second = (
        explain(plan, Reader.judging(plan, source=source), message, "192.0.2.7:514", NOW)["record"]
        for source in (None, "tcp 127.0.0.1:5514")
    )

    assert first["hostname"] == "liar"
    assert first["timestamp"] != first["received_at"]
    assert (second["hostname"], second["timestamp"], second["time_source"]) == (
        "gate.example.net", second["received_at"], "arrival",
    )  # fmt: skip


def test_a_source_that_is_not_there_is_told_with_those_that_are():
    plan = plan_of("", ROUTES, sources=TWO_SOURCES)

    with pytest.raises(CollectorError) as caught:
        Reader.judging(plan, source="elsewhere")
    assert (str(caught.value), caught.value.hint) == (
        'no source "elsewhere"',
        "one of: udp 127.0.0.1:5514, tcp 127.0.0.1:5514",
    )


def test_a_message_without_a_name_has_that_of_the_hosts_table(tmp_path):
    (tmp_path / "hosts").write_text("2001:DB8::7 gate\n")
    plan = plan_of("", ROUTES, dns={"hosts": str(tmp_path / "hosts")})
    [record] = records([b"<34>su: text"], Reader.of(plan), "[2001:db8::7]:514", NOW)

    assert record["hostname"] == "gate"
