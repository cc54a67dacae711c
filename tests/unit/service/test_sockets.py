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
        self.released = False
        self.words = 1

    def shared_words(self, slots):
        return self.words * slots

    def adjust(self, sockets):
        self.adjusted = sockets

    def bind(self, slots, inherited):  # noqa: ARG002 - the signature of a source
        self.made = [socket.socket(socket.AF_UNIX) for _ in range(1 if self.first_only else slots)]
        return [[sock] for sock in self.made] + [[] for _ in range(slots - len(self.made))]

    def describe(self, sockets):
        return f"{self.name} on {sum(map(len, sockets))} sockets"

    def release(self):
        self.released = True

    def warnings(self):
        return [f"{self.name} is small."]


class Busy(Pairs):
    def bind(self, slots, inherited):  # noqa: ARG002 - the signature of a source
        raise CollectorError("the port is taken")


def test_each_slot_gets_its_share_by_source_name():
    first, second = Pairs("first"), Pairs("second", first_only=True)
    listeners = Listeners([first, second], slots=2)

    assert listeners.share(0).sockets == {"first": [first.made[0]], "second": [second.made[0]]}
    assert listeners.share(1).sockets == {"first": [first.made[1]], "second": []}
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


def test_what_is_to_be_known_is_told_once_and_after_a_change_only_what_is_new():
    listeners = Listeners([Pairs("first")], slots=1)
    assert listeners.warnings() == ["first is small."]
    listeners.commit(listeners.prepare([Pairs("first"), Pairs("second")]))
    listeners.finish()

    assert listeners.warnings() == ["second is small."]
    assert listeners.warnings() == []
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


def is_open(source):
    return [sock.fileno() >= 0 for sock in source.made]


def test_a_change_binds_what_is_new_and_closes_what_is_gone_only_when_it_is_finished():
    kept, gone, new = Pairs("kept"), Pairs("gone"), Pairs("new")
    listeners = Listeners([kept, gone], slots=2)
    again = Pairs("kept")

    change = listeners.prepare([again, new])
    assert listeners.names == ["kept", "gone"]
    listeners.commit(change)
    assert listeners.names == ["kept", "new"]
    assert is_open(gone) == [True, True]
    listeners.finish()

    assert (is_open(gone), gone.released) == ([False, False], True)
    assert (is_open(kept), kept.released, again.made) == ([True, True], False, [])
    assert listeners.share(1).sockets == {"kept": [kept.made[1]], "new": [new.made[1]]}
    assert listeners.adjust() == []
    assert again.adjusted == [[sock] for sock in kept.made]
    listeners.close()


def test_a_change_that_is_abandoned_leaves_everything_as_it_was():
    kept, new = Pairs("kept"), Pairs("new")
    listeners = Listeners([kept], slots=2)
    before = listeners.regions()

    listeners.abandon(listeners.prepare([Pairs("kept"), new]))

    assert (is_open(new), is_open(kept), listeners.regions()) == ([False, False], [True, True], before)
    listeners.close()


def test_a_change_with_a_source_that_cannot_bind_changes_nothing():
    kept, new = Pairs("kept"), Pairs("new")
    listeners = Listeners([kept], slots=2)

    with pytest.raises(CollectorError, match="the port is taken"):
        listeners.prepare([Pairs("kept"), new, Busy("busy")])

    assert (is_open(new), listeners.names) == ([False, False], ["kept"])
    listeners.close()


def test_shared_memory_is_kept_with_the_source_unless_it_needs_another_size():
    same, larger = Pairs("same"), Pairs("larger")
    listeners = Listeners([same, larger], slots=2)
    listeners.share(0).memory["same"][0] = 7
    listeners.share(0).memory["larger"][0] = 8
    wants_more = Pairs("larger")
    wants_more.words = 3

    listeners.commit(listeners.prepare([Pairs("same"), wants_more]))
    listeners.finish()

    assert list(listeners.share(1).memory["same"]) == [7, 0]
    assert list(listeners.share(1).memory["larger"]) == [0] * 6
    listeners.close()
