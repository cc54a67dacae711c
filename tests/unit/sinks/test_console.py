import os

import pytest
from pseudo_terminal import Terminal
from sink_rig import rig

from collector.errors import CollectorError
from collector.sinks.console import open_terminal

__all__ = ["rig"]


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


def test_lines_end_with_cr_lf(rig, terminal):
    one = rig("console", console=terminal.path)
    one.offer(b"one", b"two")

    assert terminal.seen() == b"one\r\ntwo\r\n"
    assert one.counts() == (2, 2, 0, 0)


def test_a_pseudo_terminal_is_not_kept_open(rig, terminal):
    one = rig("console", console=terminal.path)
    one.offer(b"one")

    held = [
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{fd}")
    ]
    assert held.count(terminal.path) == 1  # the test's own


def test_it_does_not_become_the_controlling_terminal(terminal):
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            os.close(open_terminal(terminal.path))
            fd = os.open("/dev/tty", os.O_RDWR)
        except OSError:
            os._exit(0)
        os._exit(1 if fd else 2)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_terminal_that_is_gone_is_said_once_and_counted(rig, terminal):
    one = rig("console", console=terminal.path)
    terminal.close()
    for _ in range(3):
        one.offer(b"one")
        one.tick()

    assert one.dropped() == {"cannot_open": 3}
    assert one.sentences() == [
        f"{terminal.path}: the terminal is gone. Lines are dropped and counted until that changes."
    ]


def test_a_terminal_that_comes_back_is_used(rig, terminal, tmp_path):
    link = tmp_path / "console"
    one = rig("console", console=str(link))
    one.offer(b"lost")
    link.symlink_to(terminal.path)
    one.tick()
    one.offer(b"seen")

    assert terminal.seen() == b"seen\r\n"
    assert one.sentences()[1:] == [f"{link}: lines can be written again."]


def test_a_terminal_that_is_not_read_holds_nothing_up_and_loses_nothing_while_there_is_room(rig, terminal):
    one = rig("console", console=terminal.path)
    lines = [b"%05d" % number + b"x" * 95 for number in range(1500)]
    for line in lines:
        one.offer(line)
    waited = one.counts()[3]
    got = b""
    while one.counts()[3]:
        got += terminal.seen()
        one.turn()
    got += terminal.seen()

    assert waited > 0
    assert got.split(b"\r\n")[:-1] == lines


def test_what_a_stopped_terminal_has_no_room_for_is_dropped(rig, terminal):
    one = rig("console", console=terminal.path, queue=16384)
    for _ in range(1500):
        one.offer(b"x" * 100)
    offered, written, dropped, waiting = one.counts()

    assert (offered, waiting) == (1500, written and 1500 - written - dropped)
    assert one.dropped() == {"full": dropped}
    assert "it takes lines too slowly" in one.sentences()[0]


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "."])
def test_what_is_no_terminal_is_refused(path):
    with pytest.raises(CollectorError, match="is no terminal"):
        open_terminal(path)


def test_a_file_in_its_place_is_left_alone(rig, tmp_path):
    path = tmp_path / "console"
    path.write_text("mine\n")
    one = rig("console", console=str(path))
    one.offer(b"one")

    assert path.read_text() == "mine\n"
    assert one.dropped() == {"cannot_open": 1}
