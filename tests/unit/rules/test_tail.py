import pickle

from rule_rig import Said

from collector.rules.tail import Tail


def lines(tail, serial, since=-1.0):
    return [event.line for event in tail.last(serial, since)]


def filled(size, count):
    """Events of two keys in turn, and the number of the last of each."""
    tail, last = Tail(size), {0: 0.0, 1: 0.0}
    for number in range(count):
        last[number % 2] = tail.add(Said(str(number)), float(number), last[number % 2])
    return tail, last


def test_it_knows_the_last_events_of_each_key():
    tail, last = filled(100, 10)
    assert lines(tail, last[0]) == ["0", "2", "4", "6", "8"]
    assert lines(tail, last[1], since=5.0) == ["7", "9"]


def test_it_tells_no_more_than_ten():
    tail, last = filled(100, 40)
    assert lines(tail, last[0]) == [str(number) for number in range(20, 40, 2)]


def test_what_has_left_it_is_missing():
    tail, last = filled(4, 10)
    assert lines(tail, last[0]) == ["6", "8"]
    assert lines(tail, 2.0) == []
    assert lines(tail, 0.0) == []


def test_it_goes_on_after_a_dump_also_with_another_size():
    for size in (2, 4, 100):
        tail, last = filled(4, 10)
        other = Tail(size)
        other.load(pickle.loads(pickle.dumps(tail.dump())))
        assert lines(other, last[0]) == ["6", "8"][-(size // 2) :]
        serial = other.add(Said("10"), 10.0, last[0])
        assert lines(other, serial) == (["10"] if size == 2 else ["8", "10"] if size == 4 else ["6", "8", "10"])


def test_what_was_dumped_is_shown_as_before():
    tail, last = filled(4, 10)
    other = Tail(4)
    other.load(tail.dump())
    assert [event.record() for event in other.last(last[0], -1.0)] == [
        event.record() for event in tail.last(last[0], -1.0)
    ]
