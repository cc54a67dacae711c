import socket

import pytest

from collector.errors import CollectorError
from collector.service.sockets import Listeners


class Pairs:
    """A source of one socket per slot; ``first_only`` as a unix socket, which has one for all."""

    kind = "pair"

    def __init__(self, name, first_only=False):
        self.name, self.first_only = name, first_only
        self.made = []

    def bind(self, slots):
        self.made = [socket.socket(socket.AF_UNIX) for _ in range(1 if self.first_only else slots)]
        return [[sock] for sock in self.made] + [[] for _ in range(slots - len(self.made))]

    def describe(self, sockets):
        return f"{self.name} on {sum(map(len, sockets))} sockets"

    def release(self):
        """Nothing is left behind."""

    def warnings(self):
        return [f"{self.name} is small."]


class Busy(Pairs):
    def bind(self, slots):  # noqa: ARG002 - the signature of a source
        raise CollectorError("the port is taken")


def test_each_slot_gets_its_share_by_source_name():
    first, second = Pairs("first"), Pairs("second", first_only=True)
    listeners = Listeners([first, second], slots=2)

    assert listeners.of_slot(0) == {"first": [first.made[0]], "second": [second.made[0]]}
    assert listeners.of_slot(1) == {"first": [first.made[1]], "second": []}
    assert listeners.of_source("first") == first.made
    listeners.close()


def test_people_are_told_where_it_listens_and_what_to_know():
    listeners = Listeners([Pairs("first"), Pairs("second", first_only=True)], slots=3)

    assert list(listeners.descriptions()) == [
        {"name": "first", "kind": "pair", "listens": "first on 3 sockets"},
        {"name": "second", "kind": "pair", "listens": "second on 1 sockets"},
    ]
    assert listeners.warnings() == ["first is small.", "second is small."]
    listeners.close()


def test_a_source_that_cannot_bind_leaves_no_other_open():
    first = Pairs("first")

    with pytest.raises(CollectorError, match="the port is taken"):
        Listeners([first, Busy("second")], slots=2)
    assert [sock.fileno() for sock in first.made] == [-1, -1]


def test_a_worker_lets_go_of_the_other_slots():
    source = Pairs("first")
    listeners = Listeners([source], slots=3)
    listeners.keep_only(1)

    assert [sock.fileno() == -1 for sock in source.made] == [True, False, True]
    listeners.close()
