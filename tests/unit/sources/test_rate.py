from collector.config.rate import Rate
from collector.shared import Arena
from collector.sources.rate import RateLimiter


def limiters(rate, slots=2):
    arena = Arena()
    words = arena.view(arena.take(RateLimiter.words(slots)))
    return [RateLimiter.within(words, slot, slots, rate) for slot in range(slots)]


def test_a_sender_may_send_so_many_in_each_span_over_all_workers():
    one, two = limiters(Rate(100, 1.0))

    assert [one.admit("a", 60, 5.0), two.admit("a", 60, 5.2), one.admit("a", 60, 5.9)] == [60, 40, 0]
    assert two.admit("a", 200, 6.0) == 100


def test_senders_do_not_share():
    one, two = limiters(Rate(100, 10.0))

    assert [one.admit("a", 100, 5.0), two.admit("b", 100, 9.9)] == [100, 100]


def test_what_came_already_is_waited_for():
    one, two = limiters(Rate(10, 2.0))

    assert one.count("a", 9, 100.5) == 100.5
    assert two.count("a", 1, 100.6) == 102.0
    assert one.count("a", 15, 102.1) == 104.0
    assert two.count("a", 20, 102.1) == 108.0


def test_there_is_room_for_what_nobody_has_used():
    one, two = limiters(Rate(10, 1.0))
    one.admit("a", 3, 7.0)

    assert [two.room("a", 7.5), two.room("b", 7.5), two.room("a", 8.0)] == [7, 10, 10]
    assert two.next_span(7.5) == 8.0


def test_of_more_senders_than_it_can_tell_apart_some_are_let_through_and_counted():
    (one,) = limiters(Rate(1, 1.0), slots=1)
    passed = sum(one.admit(f"2001:db8::{number:x}", 2, 5.0) for number in range(100_000))

    assert passed == 100_000, "one each; nobody is taken for somebody else"
    again = sum(one.admit(f"2001:db8::{number:x}", 1, 5.0) for number in range(100_000))
    assert 0 < again <= one.unmetered
