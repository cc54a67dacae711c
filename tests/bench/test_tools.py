"""The tools of the benchmark do what its numbers rest on: unique rising lines, and a check that sees what is wrong."""

import re
import shutil
import socket
import subprocess
from datetime import datetime

import pytest
from bench.measure import Arrived, Load, build_tools, verify

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
