"""A datagram is ours when our process, or our parent, wrote it."""

import os
import socket
import subprocess
import sys

import pytest

from collector.sources.own_lines import OwnLines, may_come_back

_SEND = "import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'theirs', sys.argv[1])"


@pytest.fixture
def listener(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "log"))
        sock.setblocking(False)
        yield sock


def _send(sock, text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(text, sock.getsockname())


def test_what_we_wrote_is_taken_out_and_what_others_wrote_is_not(listener):
    own = OwnLines(4096)
    own.watch(listener)
    _send(listener, b"ours")
    subprocess.run([sys.executable, "-c", _SEND, listener.getsockname()], check=True)

    assert own.receive(listener) is None
    assert own.receive(listener) == b"theirs"
    with pytest.raises(BlockingIOError):
        own.receive(listener)


def test_what_came_before_we_watched_is_nobodys(listener):
    _send(listener, b"early")
    own = OwnLines(4096)
    own.watch(listener)

    assert own.receive(listener) == b"early"


@pytest.mark.parametrize(("make", "may"), [(socket.socketpair, True), (os.pipe, False)])
def test_only_a_socket_leads_back(make, may, monkeypatch):
    ends = make()
    numbers = [end if isinstance(end, int) else end.fileno() for end in ends]
    fstat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: fstat(numbers[1] if fd == 2 else fd))

    assert may_come_back() is may
    for end in ends:
        os.close(end) if isinstance(end, int) else end.close()
