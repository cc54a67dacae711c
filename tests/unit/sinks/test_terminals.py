import os
import pwd
import struct

import pytest
from pseudo_terminal import Terminal

from collector.sinks import terminals
from collector.sinks.terminals import EVERYBODY, Terminals

ME = pwd.getpwuid(os.getuid()).pw_name
NOBODY = pwd.getpwnam("nobody")
USER_PROCESS, DEAD_PROCESS = 7, 8


def entry(user, line, kind=USER_PROCESS):
    """A record as login(1) writes it."""
    head = struct.pack("hi32s4s32s", kind, 4242, line.encode(), b"id", user.encode())
    return head.ljust(terminals._SIZE, b"\0")


@pytest.fixture
def terminal():
    made = Terminal()
    os.chmod(made.path, 0o620)
    yield made
    made.close()


@pytest.fixture
def line(terminal):
    """As utmp has it: pts/3."""
    return terminal.path.removeprefix("/dev/")


def listed(tmp_path, *entries):
    (tmp_path / "utmp").write_bytes(b"".join(entries))
    return Terminals(str(tmp_path / "utmp"))


def test_a_user_is_where_utmp_says(tmp_path, terminal, line):
    found = listed(tmp_path, entry("reboot", "~", kind=2), entry(ME, line))

    assert found.of([ME]) == [terminal.path]
    assert found.of(["other"]) == []


def test_everybody_is_whoever_is_logged_in(tmp_path, terminal, line):
    assert listed(tmp_path, entry("somebody", line)).of(EVERYBODY) == [terminal.path]


def test_who_logged_out_is_not_there(tmp_path, line):
    assert listed(tmp_path, entry(ME, line, DEAD_PROCESS)).of(EVERYBODY) == []


@pytest.mark.parametrize("where", [":0", "pts/99999", "../etc/passwd", "", "pts"])
def test_a_line_that_is_no_terminal_is_passed_over(tmp_path, where):
    assert listed(tmp_path, entry(ME, where)).of([ME]) == listed(tmp_path, entry(ME, "../etc")).of(EVERYBODY) == []


def test_half_an_entry_at_the_end_is_passed_over(tmp_path, terminal, line):
    assert listed(tmp_path, entry(ME, line), entry(ME, line)[:-1]).of([ME]) == [terminal.path]


def test_mesg_n_is_respected(tmp_path, terminal, line):
    os.chmod(terminal.path, 0o600)

    assert listed(tmp_path, entry(ME, line)).of(EVERYBODY) == []
    assert Terminals(str(tmp_path / "none")).of(EVERYBODY).count(terminal.path) == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a terminal away")
def test_a_terminal_that_is_another_users_by_now_is_not_shown_a_message_for_the_first(tmp_path, terminal, line):
    os.chown(terminal.path, NOBODY.pw_uid, -1)

    assert listed(tmp_path, entry(ME, line)).of([ME]) == []


def test_without_utmp_a_terminal_is_its_owners(tmp_path, terminal):
    found = Terminals(str(tmp_path / "none"))

    assert terminal.path in found.of([ME])
    assert terminal.path in found.of(EVERYBODY)
    assert terminal.path not in found.of(["nobody", "no-such-user"])


def test_without_utmp_and_terminals_there_is_nobody(tmp_path):
    assert Terminals(str(tmp_path / "none"), str(tmp_path)).of(EVERYBODY) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a terminal away")
def test_an_idle_virtual_terminal_is_not_taken_for_root_at_it(tmp_path, terminal):
    """A folder as /dev, in which tty1 leads to a real terminal."""
    (tmp_path / "tty1").symlink_to(terminal.path)
    (tmp_path / "tty").symlink_to(terminal.path)
    (tmp_path / "ttyS0").symlink_to(terminal.path)
    found = Terminals(str(tmp_path / "none"), str(tmp_path))

    assert found.of(EVERYBODY) == []
    os.chown(terminal.path, NOBODY.pw_uid, -1)
    assert found.of(["nobody"]) == [str(tmp_path / "tty1")]
    assert found.of(EVERYBODY) == [str(tmp_path / "tty1")]
