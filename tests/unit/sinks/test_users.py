import os
import re
import socket

import pytest
from pseudo_terminal import Terminal
from pydantic import ValidationError
from sink_rig import rig

from collector.sinks.users import UsersOptions, UsersSink

__all__ = ["rig"]


class Present:
    """Stands in for the list of who is logged in."""

    def __init__(self, *paths):
        self.paths = list(paths)
        self.asked = []

    def of(self, users):
        self.asked.append(users)
        return list(self.paths)


@pytest.fixture
def two():
    made = [Terminal(), Terminal()]
    yield made
    for one in made:
        one.close()


def sink(rig, present, users="root"):
    one = rig("users", users=users)
    one.sink = UsersSink(UsersOptions(users=users), one.around, present)
    return one


def test_a_line_is_shown_on_every_terminal_of_the_users(rig, two):
    present = Present(two[0].path, two[1].path)
    one = sink(rig, present, ["root", "op"])
    one.offer(b"one", b"two")

    assert [terminal.seen() for terminal in two] == [b"one\r\ntwo\r\n"] * 2
    assert one.counts() == (2, 2, 0, 0)
    assert present.asked == [("root", "op")]


def test_everybody_is_told_who_speaks_as_syslogd_does(rig, two):
    one = sink(rig, Present(two[0].path), "*")
    one.offer(b"line")
    host = re.escape(socket.gethostname().partition(".")[0])

    assert re.fullmatch(
        rf"\r\n\x07Message from syslogd@{host} at \w{{3}} \w{{3}} [ \d]\d \d\d:\d\d:\d\d \d{{4}} \.\.\.\r\nline\r\n",
        two[0].seen().decode(),
    )


def test_when_nobody_is_there_the_lines_are_dropped_without_a_word(rig):
    one = sink(rig, Present())
    one.offer(b"one", b"two")

    assert one.dropped() == {"nobody": 2}
    assert one.told == []


def test_who_comes_is_seen_within_a_second(rig, two):
    present = Present()
    one = sink(rig, present)
    one.offer(b"lost")
    present.paths.append(two[0].path)
    one.tick()
    one.offer(b"seen")

    assert two[0].seen() == b"seen\r\n"


def test_a_flood_is_cut_and_told_with_its_number(rig, two):
    one = sink(rig, Present(two[0].path))
    one.offer(*[b"%d" % number for number in range(15)])
    one.offer(*[b"%d" % number for number in range(15, 1000)])
    one.offer(b"x")

    assert two[0].seen() == b"".join(b"%d\r\n" % number for number in range(20))
    assert one.dropped() == {"rate": 981}
    one.tick()
    assert two[0].seen() == b"... 981 more messages not shown\r\n"
    one.offer(b"next")
    assert two[0].seen() == b"next\r\n"
    assert one.counts() == (1002, 21, 981, 0)


def test_a_flood_for_nobody_is_counted_as_for_nobody(rig):
    one = sink(rig, Present())
    one.offer(*[b"x"] * 1000)
    one.tick()

    assert one.dropped() == {"nobody": 1000}


def test_a_stopped_terminal_misses_lines_and_the_others_do_not(rig, two):
    one = sink(rig, Present(two[0].path, two[1].path))
    while one.sink._write(two[0].path, b"x" * 1000) == "":
        pass
    one.offer(b"line")

    assert two[1].seen() == b"line\r\n"
    assert one.counts() == (1, 1, 0, 0)


def test_when_every_terminal_is_stopped_the_line_is_dropped(rig, two):
    one = sink(rig, Present(two[0].path))
    while one.sink._write(two[0].path, b"x" * 1000) == "":
        pass
    one.offer(b"line")

    assert one.dropped() == {"full": 1}


def test_a_terminal_that_is_gone_is_counted_and_said_once(rig, two):
    one = sink(rig, Present(two[0].path))
    two[0].close()
    one.offer(b"one")
    one.tick()
    one.offer(b"two")

    assert one.dropped() == {"cannot_open": 2}
    assert len(one.told) == 1


@pytest.mark.skipif(os.getuid() != 0, reason="root may write to every terminal, and only root can become another user")
def test_a_missing_right_is_told_with_its_cure(rig, two):
    os.chmod(two[0].path, 0o600)
    one = sink(rig, Present(two[0].path))
    os.seteuid(65534)
    try:
        one.offer(b"one")
    finally:
        os.seteuid(0)

    assert one.dropped() == {"cannot_open": 1}
    assert "give the service the group of the terminal, tty" in one.sentences()[0]


@pytest.mark.parametrize(
    ("written", "users"),
    [
        ("*", ("*",)), (["*"], ("*",)), ("root", ("root",)), ("root, op", ("root", "op")),
        (["root", "op", "root"], ("root", "op")), ("machine$", ("machine$",)),
    ],
)  # fmt: skip
def test_users_are_written_as_a_list_a_name_or_a_star(written, users):
    assert UsersOptions(users=written).users == users


@pytest.mark.parametrize(
    "written", [[], "", "a b", ["root", "*"], [None], ["root", None], [1], 1, None, ["-x"], ["../x"], {"root": 1}]
)
def test_what_names_no_users_is_refused(written):
    with pytest.raises(ValidationError, match=r"names no users|is no name of a user"):
        UsersOptions(users=written)
