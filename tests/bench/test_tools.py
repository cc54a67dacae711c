"""
The tools of the benchmark do what its numbers rest on: unique rising lines, a check that sees what is wrong, and rules
that say the same to everybody.
"""

import importlib
import re
import shutil
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from bench.measure import Arrived, Load, build_tools, verify
from bench.rulesets import compiled, expected, lines, marker, rules, texts

from collector.protocol.timestamp import bsd_stamp

pytestmark = pytest.mark.skipif(
    not shutil.which("make") or not shutil.which("cc"), reason="needs make and a C compiler"
)


@pytest.fixture(scope="module", autouse=True)
def _tools():
    build_tools()


@pytest.fixture
def received(tmp_path):
    """Runs a stream load against a listener of ours; returns the file with what arrived, connection by connection."""

    def receive(load):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with subprocess.Popen(load.command(listener.getsockname()[1]), stdout=subprocess.DEVNULL) as generator:
                streams = [listener.accept()[0] for _ in range(load.connections)]
                parts = [b"".join(iter(lambda stream=stream: stream.recv(65536), b"")) for stream in streams]
            assert generator.returncode == 0
            for stream in streams:
                stream.close()
        file = tmp_path / "received"
        file.write_bytes(b"".join(parts))
        return file

    return receive


@pytest.mark.parametrize("kind", ["bsd", "rfc5424", "windows"])
def test_every_line_of_a_load_is_sent_once_and_in_order(received, kind):
    load = Load("tcp", 4321, connections=3, format=kind)
    file = received(load)
    assert verify([file], load) == Arrived(lines=4321, foreign=0, unique=4321, duplicates=0, disorder=0)
    file.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["bsd", "rfc5424", "windows"])
def test_hosts_take_turns(received, kind):
    file = received(Load("tcp", 3000, format=kind, hosts=1500))
    hosts = [int(found) for found in re.findall(rb" host(\d{5})[. ]", file.read_bytes())]

    assert hosts == list(range(1500)) * 2


def test_octet_counting_counts_bytes(received):
    rest, count = received(Load("tcp", 1500, framing="octet", format="windows")).read_bytes(), 0
    while rest:
        length, _, rest = rest.partition(b" ")
        rest, count = rest[int(length) :], count + 1
    assert count == 1500


def test_stamps_are_of_now(received):
    before = datetime.now().astimezone()
    stamps = {
        line[line.index(b">") + 1 :][:15].decode() for line in received(Load("tcp", 2500)).read_bytes().splitlines()
    }
    assert stamps <= {bsd_stamp(before), bsd_stamp(datetime.now().astimezone())}


def test_verify_sees_loss_repetition_disorder_and_foreign_lines(received):
    load = Load("tcp", 1000)
    file = received(load)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(
        b"".join([lines[1], lines[0], lines[0], b"a line of another kind\n", *lines[3:], b"torn id=c0000-"])
    )
    assert verify([file], load) == Arrived(lines=1001, foreign=1, unique=999, duplicates=1, disorder=1)


def test_datagrams_arrive_whole():
    load = Load("udp", 200, connections=2, rate=20_000)
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        with subprocess.Popen(load.command(listener.getsockname()[1]), stdout=subprocess.DEVNULL):
            datagrams = [listener.recv(2048) for _ in range(200)]
    assert all(datagram.startswith(b"<") and b" id=c000" in datagram for datagram in datagrams)
    assert len(set(datagrams)) == 200


def test_lines_say_what_they_are_told(received, tmp_path):
    said = texts(1, 0.4, 300)
    (tmp_path / "texts").write_text("".join(f"{text}\n" for text in said))
    load = Load("tcp", 900, connections=2, size=200, texts=str(tmp_path / "texts"))
    file = received(load)

    assert verify([file], load) == Arrived(lines=900, foreign=0, unique=900, duplicates=0, disorder=0)
    found = [re.fullmatch(r"<\d+>.{15} host\d\d (.*) id=c.*", line)[1] for line in file.read_text().splitlines()]
    assert sorted(found) == sorted(said * 3)


def test_the_first_two_rules_match_the_share_that_was_asked_for_and_no_line_matches_two():
    patterns = compiled(rules(1000))
    hot, count = 0, 400
    for line in lines(count, texts(1, 0.3, count), 0.0):
        found = [rule.id for rule, pattern in patterns if pattern.search(line)]
        assert len(found) <= 1
        hot += found in (["hot-0"], ["hot-1"])
    assert hot == 0.3 * count


def test_rules_of_a_smaller_number_are_among_those_of_a_larger_one_and_differ():
    many = rules(5000)
    assert many[:10] == rules(10)
    assert len({rule.id for rule in many}) == len({rule.regex for rule in many}) == 5000
    assert rules(1000)[-1].id == "cold-997"


@pytest.mark.parametrize("number", [0, 1])
def test_a_marker_raises_an_alert_that_nothing_else_raises(number):
    text, alert = marker(number)
    others = list(lines(1000, texts(1, 0.4), 0.0))

    assert expected(rules(1000), [text]) == [alert]
    assert not any(text.rpartition(" ")[0] in line for line in others)


@pytest.fixture
def one_pass(monkeypatch):
    """The module as bench.py has it, whose neighbours it imports as neighbours."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("one_pass")


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    path.write_text("".join(lines(1000, texts(1, 0.4), time.time() - 900)))
    return path


@pytest.mark.parametrize("every_rule", [False, True])
@pytest.mark.parametrize("program", ["sec", "swatchdog"])
def test_others_raise_the_alerts_that_the_same_rules_must_raise(one_pass, log, tmp_path, program, every_rule):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    some = rules(150)
    found = getattr(one_pass, program)(some, log, tmp_path, every_rule=every_rule)

    assert found.alerts == expected(some, log.read_text().splitlines())
    assert {alert.partition("-")[0] for alert in found.alerts} == {"hot", "cold"}


def test_check_rules_raises_the_alerts_that_the_same_rules_must_raise(one_pass, log, tmp_path):
    some = rules(150)
    found = one_pass.check_rules(some, log, tmp_path, python=sys.executable)

    assert found.alerts == expected(some, log.read_text().splitlines())


def test_batches_to_scan_are_whole_lines():
    from bench.scan import BATCH, cut

    data = b"".join(b"%d\n" % number * (number % 50) for number in range(9000)) + b"last without an end"
    pieces = [data[start:end] for start, end in cut(data)]
    assert b"".join(pieces) == data
    assert all(piece.endswith(b"\n") and len(piece) >= BATCH for piece in pieces[:-1])


def test_patterns_of_logcheck_are_read():
    from bench import logcheck

    if logcheck.missing():
        pytest.skip("logcheck-database is not installed")
    line = "Nov 22 10:11:12 gate sshd[411]: Accepted publickey for bob from 192.0.2.7 port 51514 ssh2"
    found = logcheck.patterns()
    assert len(found) > 1000
    assert any(re.search(pattern, line, re.ASCII) for pattern in found)
