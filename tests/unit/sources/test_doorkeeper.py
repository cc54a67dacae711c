from collector.config.network import parse_network
from collector.config.rate import Rate
from collector.shared import Arena
from collector.sources.doorkeeper import Doorkeeper, Limits


def doorkeepers(limits, slots=2):
    arena = Arena()
    memory = arena.view(arena.take(limits.words(slots)))
    return [Doorkeeper(limits, memory, slot, slots) for slot in range(slots)]


def test_a_sender_has_so_many_connections_in_all_workers_together():
    one, other = doorkeepers(Limits(100, per_sender=3))

    assert [one.enter("a"), other.enter("a"), one.enter("a"), other.enter("a")] == ["", "", "", "sender_limit"]
    assert other.enter("b") == ""
    one.leave("a")
    assert [other.enter("a"), one.enter("a")] == ["", "sender_limit"]


def test_all_senders_together_have_no_more_than_the_limit():
    one, other = doorkeepers(Limits(2, per_sender=5))

    assert [one.enter("a"), other.enter("b"), one.enter("c")] == ["", "", "limit"]
    other.leave("b")
    assert one.enter("c") == ""


def test_strangers_take_no_place():
    one, _ = doorkeepers(Limits(1, allow=(parse_network("192.0.2.0/24"),), per_sender=1))

    assert [one.enter("198.51.100.1"), one.enter("192.0.2.1")] == ["not_allowed", ""]


def test_connections_of_a_worker_that_died_are_over():
    limits = Limits(3, per_sender=2)
    arena = Arena()
    memory = arena.view(arena.take(limits.words(2)))
    dead, alive = Doorkeeper(limits, memory, 0, 2), Doorkeeper(limits, memory, 1, 2)
    assert [dead.enter("a"), alive.enter("a"), alive.enter("a")] == ["", "", "sender_limit"]
    Doorkeeper(limits, memory, 0, 2)

    assert [alive.enter("a"), alive.enter("a")] == ["", "sender_limit"]


def test_connections_that_are_there_count_under_new_limits_too():
    one, other = doorkeepers(Limits(3, per_sender=1))
    one.keep(["a", "a"])

    assert [other.enter("a"), other.enter("b"), other.enter("c")] == ["sender_limit", "", "limit"]
    one.leave("a")
    assert other.enter("a") == "sender_limit"
    one.leave("a")
    assert other.enter("a") == ""


def test_a_sender_that_leaves_as_often_as_it_came_leaves_nothing():
    (one,) = doorkeepers(Limits(1000, per_sender=10), slots=1)
    for _ in range(5):
        assert [one.enter("a") for _ in range(10)] == [""] * 10
        for _ in range(10):
            one.leave("a")

    assert one._held == {}


def test_only_what_is_limited_takes_memory():
    free, everything = Limits(10_000), Limits(10_000, per_sender=1, rate=Rate(1, 1.0))

    assert free.words(2) == 16
    assert sum(everything.pieces(2)) == everything.words(2)
    assert doorkeepers(free)[0].limiter is None
    assert doorkeepers(everything)[0].limiter.rate == Rate(1, 1.0)
