"""Logs of every kind: opened, recognised, and read with what they do not say themselves."""

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from check_rules_rig import ways

from collector.errors import CollectorError
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.service.check_rules.forms import form_of
from collector.service.check_rules.log_file import LogFile
from collector.service.check_rules.opened import open_log
from collector.service.check_rules.years import Years

LINE = "Oct 11 22:14:15 gate sshd[411]: Failed password for bob"
RECORD = {
    "timestamp": "2026-07-23T15:54:31+09:00", "received_at": "2026-07-23T15:54:32.5+09:00", "facility": "local0",
    "severity": "debug", "hostname": "atropos", "app_name": "security", "proc_id": None, "msg_id": None,
    "structured_data": {}, "message": "861 NT AUTHORITY\\SYSTEM  着信", "peer": "192.0.2.7:4428", "charset": "cp932",
    "time_source": "sender", "marks": [], "fields": {"Channel": "Security", "EventID": 861,
    "EntryType": "audit_failure"},
}  # fmt: skip


def read(path, data, **more):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    os.utime(path, (1_793_620_800, 1_793_620_800))  # 2026-11-02
    file = LogFile(str(path), ways(**more))
    return file, [block.event(number) for block in file.blocks() for number in range(len(block.arrivals))]


def time(text):
    return datetime.fromisoformat(text).timestamp()


def whole(log):
    return b"".join(iter(lambda: log.read(1 << 16), b""))


# --- opening ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=["plain", "gzip", "bzip2", "xz"]
)
def test_a_log_is_read_whatever_it_is_compressed_with(tmp_path, pack):
    path = tmp_path / "any-name"
    path.write_bytes(pack(b"one\ntwo\n" * 100_000))
    with open_log(str(path)) as log:
        found = whole(log)
        assert (len(found), log.at) == (800_000, log.size)


@pytest.mark.skipif(shutil.which("zstd") is None, reason="the program zstd is not installed")
def test_zstd_is_read_too(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(subprocess.run(["zstd", "-qc"], input=b"one\n" * 1000, capture_output=True, check=True).stdout)
    with open_log(str(path)) as log:
        assert whole(log) == b"one\n" * 1000
    path.write_bytes(path.read_bytes()[:-9])
    with open_log(str(path)) as log, pytest.raises(CollectorError, match=str(path)):
        whole(log)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_a_damaged_log_is_an_error_with_its_name(tmp_path, pack):
    path = tmp_path / "log"
    path.write_bytes(pack(os.urandom(5000))[:-20])
    with open_log(str(path)) as log, pytest.raises(CollectorError, match=str(path)):
        whole(log)


def test_what_cannot_be_opened_is_an_error_with_its_name(tmp_path):
    for path, words in ((tmp_path / "none", "No such file"), (tmp_path, "this is a folder")):
        with pytest.raises(CollectorError, match=words):
            open_log(str(path))


def test_stdin_is_a_log_too(monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(f"<38>{LINE}\n".encode()))))
    )
    file = LogFile("-", ways())
    assert [block.event(0).line for block in file.blocks()] == [LINE]


# --- what it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (f"<38>{LINE}\n{LINE}\n", "syslog"),
        (f"{len(LINE) + 4} <38>{LINE}", "syslog"),
        ("<38>1 2026-10-11T22:14:15Z gate su - - - x\n", "syslog"),
        (f"{LINE}\n", "traditional"),
        ("2026-10-11T22:14:15.003+09:00 gate su: x\n", "traditional"),
        ("anything\n", "traditional"),
        ("", "traditional"),
        (json.dumps(RECORD) + "\n", "json"),
        (json.dumps(RECORD)[:300], "json"),
        ('{"level": "info"}\n', "traditional"),
        ("{broken\n", "traditional"),
    ],
)
def test_the_first_lines_tell_what_a_log_is(head, form):
    assert form_of(head.encode()) == form


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_traditional_file_is_filled_in(tmp_path):
    file, (event,) = read(tmp_path / "log", f"{LINE}\n", pri=135)
    record = event.record()
    assert (file.form, event.line, record["facility"], record["severity"]) == ("traditional", LINE, "local0", "debug")
    assert event.time == event.arrival == time("2026-10-11T22:14:15+00:00")


def test_what_is_visible_in_a_file_stays_so_and_the_message_is_what_was_sent(tmp_path):
    _, (event,) = read(tmp_path / "log", "Oct 11 22:14:15 gate app: a#011b #043123 c\n")
    assert event.line == "Oct 11 22:14:15 gate app: a#011b #043123 c"
    assert event.field("message") == "a\tb #123 c"


def test_a_hash_of_another_syslogd_is_what_was_sent(tmp_path):
    _, (event,) = read(tmp_path / "log", "Oct 11 22:14:15 gate app: bug #456 is #0111\n")
    assert event.field("message") == "bug #456 is \t1"


def test_an_old_file_is_read_in_its_charset(tmp_path):
    _, (event, other) = read(
        tmp_path / "log", "Oct 11 22:14:15 gate app: 着信しました\n".encode("cp932") + b"Oct 11 22:14:15 gate x: y\n"
    )
    assert event.line == "Oct 11 22:14:15 gate app: 着信しました"
    assert other.field("app_name") == "x"


def test_the_stamps_of_rsyslog_become_bsd_stamps_and_keep_their_time(tmp_path):
    _, (event,) = read(tmp_path / "log", "2026-07-03T15:54:31.123456+09:00 gate sshd[411]: hello\n")
    assert event.line == "Jul  3 15:54:31 gate sshd[411]: hello"
    assert event.time == time("2026-07-03T15:54:31.123456+09:00")
    assert event.field("raw") == "<13>2026-07-03T15:54:31.123456+09:00 gate sshd[411]: hello"


def test_structured_data_is_read(tmp_path):
    line = '<38>1 2026-10-11T22:14:15Z gate app 7 ID1 [x@1 a="b"] hello'
    _, events = read(tmp_path / "log", f"<38>1 2026-10-11T22:14:14Z gate app - - - x\n{line}\n")
    assert events[1].record()["structured_data"] == {"x@1": {"a": "b"}}
    assert events[1].line == "Oct 11 22:14:15 gate app[7]: hello"


def test_a_message_without_a_time_came_when_those_around_it_did(tmp_path):
    _, events = read(tmp_path / "log", f"<38>{LINE}\n<38>no header at all\n")
    assert [event.arrival for event in events] == [time("2026-10-11T22:14:15+00:00")] * 2
    assert events[1].line == "Oct 11 22:14:15 - no header at all"


def test_a_wrong_clock_moves_no_others(tmp_path):
    lines = ["<38>Oct 11 22:14:15 a x: 1", "<38>1 2038-01-19T03:14:07Z b x - - - 2"]
    lines += [f"<38>Oct 11 22:14:{16 + number} a x: 3" for number in range(20)]
    _, events = read(tmp_path / "log", "\n".join(lines) + "\n")
    assert max(event.arrival for event in events) == time("2026-10-11T22:14:35+00:00")
    assert events[1].time == time("2026-10-11T22:14:15+00:00")
    assert (events[1].field("time_source"), events[1].record()["timestamp"]) == ("arrival", "2038-01-19T03:14:07+00:00")


def test_how_many_stamps_are_of_no_use_is_counted(tmp_path):
    path = tmp_path / "log"
    path.write_text("<38>Oct 11 22:14:15 a x: 1\n<38>Oct  1 22:14:15 a x: 1\n<38>Oct 11 22:14:16 a x: 1\n")
    assert [block.skewed for block in LogFile(str(path), ways()).blocks()] == [1]


def test_stamps_are_read_in_the_zone_of_their_host(tmp_path):
    zones = HostMap({"tokyo": ZoneInfo("Asia/Tokyo")})
    _, events = read(
        tmp_path / "log",
        "<38>Oct 11 06:14:15 gate x: 1\n<38>Oct 11 15:14:15 tokyo x: 2\n",
        interpreter=Interpreter(UTC, zones, None),
    )
    assert [event.time for event in events] == [time("2026-10-11T06:14:15+00:00")] * 2


def test_clocks_that_are_changed_in_the_midst_of_an_hour_are_followed(tmp_path):
    interpreter = Interpreter(ZoneInfo("Australia/Lord_Howe"), HostMap({}), None)
    lines = [f"<38>Oct  4 {clock} gate x: 1" for clock in ("01:59:59", "02:10:00", "02:40:00")]
    _, events = read(tmp_path / "log", "\n".join(lines) + "\n", interpreter=interpreter)
    one_by_one = [interpreter.read(line, None, None, datetime(2026, 11, 2, tzinfo=UTC)) for line in lines]
    assert [event.record()["timestamp"] for event in events] == [odd.record.timestamp.isoformat() for odd in one_by_one]
    assert events[2].time - events[0].time == pytest.approx(601)


def test_octet_counted_messages_are_read(tmp_path):
    message = "<38>Oct 11 22:14:15 gate x: two\nlines"
    _, events = read(tmp_path / "log", f"{len(message)} {message}" * 2)
    assert [event.line for event in events] == ["Oct 11 22:14:15 gate x: two#012lines"] * 2


def test_long_messages_are_cut_as_the_receiver_does(tmp_path):
    _, (event,) = read(tmp_path / "log", f"<38>Oct 11 22:14:15 gate x: {'y' * 100_000}\n")
    assert event.line.endswith(" bytes lost]")
    assert len(event.line) < 66_000


def test_an_empty_log_has_no_rows(tmp_path):
    file, events = read(tmp_path / "log", "")
    assert (events, file.begins) == ([], float("inf"))


# --- years ------------------------------------------------------------------------------------------------------------


def test_without_a_year_a_log_ends_before_the_file_was_last_changed(tmp_path):
    _, events = read(tmp_path / "log", "Dec 31 23:59:59 gate x: 1\nJan  1 00:00:01 gate x: 1\n")
    assert [event.time for event in events] == [time("2025-12-31T23:59:59+00:00"), time("2026-01-01T00:00:01+00:00")]


def test_with_a_year_a_log_begins_in_it_and_goes_on(tmp_path):
    lines = [
        "Nov 30 00:00:00",
        "Dec 31 23:59:59",
        "Jan  1 00:00:01",
        "Dec 31 23:59:58",
        "Jun  1 00:00:00",
        "Jan  5 00:00:00",
    ]
    _, events = read(tmp_path / "log", "".join(f"{stamp} gate x: 1\n" for stamp in lines), year=2021)
    years = [datetime.fromisoformat(event.record()["timestamp"]).year for event in events]
    assert years == [2021, 2021, 2022, 2021, 2022, 2022]


def test_a_block_is_cut_where_the_year_ends():
    years = Years(2021, UTC)
    parts = list(years.split(b"<1>Dec 31 23:59:59 a b\nno stamp\n<1>Jan  1 00:00:00 a b\n"))
    assert [part for part, _ in parts] == [b"<1>Dec 31 23:59:59 a b\nno stamp\n", b"<1>Jan  1 00:00:00 a b\n"]
    assert [latest.year for _, latest in parts] == [2021, 2022]
    assert list(years.split([b"<1>Jan  2 00:00:00 a b", b"two\nlines"])) == [
        ([b"<1>Jan  2 00:00:00 a b", b"two\nlines"], parts[1][1])
    ]


# --- records ----------------------------------------------------------------------------------------------------------


def test_a_record_is_the_event_it_was(tmp_path):
    file, (event,) = read(tmp_path / "log", json.dumps(RECORD) + "\n")
    assert file.form == "json"
    assert event.line == "Jul 23 15:54:31 atropos security[failure] 861 NT AUTHORITY\\SYSTEM  着信"
    assert (event.arrival, event.time) == (time(RECORD["received_at"]), time(RECORD["timestamp"]))
    assert (event.field("address"), event.field("EventID"), event.field("severity")) == ("192.0.2.7", 861, "debug")
    record = event.record()
    assert {name: record[name] for name in RECORD if name not in {"fields", "received_at"}} == {
        name: value for name, value in RECORD.items() if name not in {"fields", "received_at"}
    }


def test_whose_time_counts_is_in_a_record(tmp_path):
    _, (event,) = read(tmp_path / "log", json.dumps({**RECORD, "time_source": "arrival"}) + "\n")
    assert event.time == event.arrival == time(RECORD["received_at"])


def test_control_characters_of_a_record_are_visible_in_its_line(tmp_path):
    _, (event,) = read(
        tmp_path / "log", json.dumps({**RECORD, "fields": {}, "app_name": "x", "message": "a\nb #123"}) + "\n"
    )
    assert event.line == "Jul 23 15:54:31 atropos x: a#012b #043123"
    assert event.field("message") == "a\nb #123"


@pytest.mark.parametrize(
    "wrong",
    [
        "{", "[]", "5", "null", '{"message": 5}', '{"message": "x"}', json.dumps({**RECORD, "facility": "nine"}),
        json.dumps({**RECORD, "hostname": 5}), json.dumps({**RECORD, "timestamp": "yesterday"}),
        json.dumps({**RECORD, "structured_data": []}), json.dumps({**RECORD, "received_at": 5}), "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_record_is_counted(tmp_path, wrong):
    path = tmp_path / "log"
    path.write_text(f"{json.dumps(RECORD)}\n{wrong}\n{json.dumps(RECORD)}\n")
    (block,) = LogFile(str(path), ways()).blocks()
    assert (len(block.arrivals), block.unread) == (2, 1)
    assert block.event(1).line == block.event(0).line


def test_records_come_when_they_were_received_even_after_a_long_silence(tmp_path):
    second = {**RECORD, "received_at": "2026-09-23T15:54:32+09:00"}
    _, events = read(tmp_path / "log", f"{json.dumps(RECORD)}\n{json.dumps(second)}\n{json.dumps(RECORD)}\n")
    assert [event.arrival for event in events] == [time(one["received_at"]) for one in (RECORD, second, RECORD)]


def test_a_time_without_a_zone_is_utc(tmp_path):
    _, (event,) = read(tmp_path / "log", json.dumps({**RECORD, "received_at": "2026-07-23T06:54:32"}) + "\n")
    assert event.arrival == time("2026-07-23T06:54:32+00:00")
