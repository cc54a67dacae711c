import multiprocessing
import os
import signal

import pytest
from observing import until

from collector.metrics import UNKNOWN, Board, Key, Layout

RECEIVED = Key("received_messages", (("source", "udp"),))
ROUTED = Key("routed_messages")
DROPPED = Key("sink_dropped", (("sink", "all"), ("reason", "crash")))
PENDING = Key("sink_pending", (("sink", "all"),), kind="gauge", lost_as=DROPPED)
OPEN = Key("connections_open", kind="gauge")


def board(slots=1, keys=(RECEIVED, ROUTED, DROPPED, PENDING, OPEN)):
    return Board(Layout(keys), slots)


def test_a_layout_numbers_its_keys_in_order():
    layout = Layout([RECEIVED, ROUTED, RECEIVED])

    assert tuple(layout.keys) == (UNKNOWN, RECEIVED, ROUTED)
    assert [layout.index(key) for key in layout.keys] == [0, 1, 2]
    assert ROUTED in layout
    assert OPEN not in layout


def test_an_extended_layout_keeps_every_index():
    layout = Layout([RECEIVED])
    extended = layout.extended([ROUTED, RECEIVED])

    assert tuple(extended.keys)[: len(layout)] == tuple(layout.keys)
    assert tuple(extended.keys)[len(layout) :] == (ROUTED,)


def test_a_key_is_found_whether_or_not_its_kind_is_given():
    assert Layout([OPEN]).index(Key("connections_open")) == 1


def test_numbers_are_seen_only_when_published():
    shared = board()
    slot = shared.slot(0)
    slot.add(1, 5)

    assert shared.totals()[RECEIVED] == 0
    slot.publish()
    assert shared.totals()[RECEIVED] == 5


def test_totals_are_sums_over_the_slots():
    shared = board(slots=3)
    for number in range(3):
        slot = shared.slot(number)
        slot.add(2, number + 1)
        slot.publish()

    assert shared.totals() == {RECEIVED: 0, ROUTED: 6, DROPPED: 0, PENDING: 0, OPEN: 0, UNKNOWN: 0}


def test_a_successor_counts_on_from_what_was_published():
    shared = board()
    first = shared.slot(0)
    first.add(1, 5)
    first.publish()
    first.add(1, 100)
    second = shared.slot(0)
    second.add(1, 1)
    second.publish()

    assert shared.totals()[RECEIVED] == 6


def test_a_number_may_take_all_of_64_bits():
    shared = board()
    slot = shared.slot(0)
    slot.values[1] = 2**64 - 1
    slot.publish()

    assert shared.totals()[RECEIVED] == 2**64 - 1


def test_a_batch_whose_worker_died_is_received_and_unknown():
    shared = board()
    slot = shared.slot(0)
    slot.begin(rows=7, received=1)
    slot.add(1, 7)

    assert shared.recover(0) == 7
    assert (shared.totals()[RECEIVED], shared.totals()[ROUTED], shared.totals()[UNKNOWN]) == (7, 0, 7)
    assert shared.recover(0) == 0


def test_a_published_batch_is_over():
    shared = board()
    slot = shared.slot(0)
    slot.begin(rows=7, received=1)
    slot.add(1, 7)
    slot.publish()

    assert slot.in_flight == (0, 0)
    assert shared.recover(0) == 0
    assert shared.totals()[UNKNOWN] == 0


def test_a_batch_is_over_even_if_its_worker_died_between_the_two_stores_of_publish():
    shared = board()
    slot = shared.slot(0)
    slot.begin(rows=7, received=1)
    word = slot._header[2]
    slot.publish()
    slot._header[2] = word

    assert shared.recover(0) == 0


def test_the_largest_batch_and_index_fit_into_the_word():
    slot = board().slot(0)
    slot.begin(rows=2**32 - 1, received=2**16 - 1)

    assert slot.in_flight == (2**32 - 1, 2**16 - 1)


def test_gauges_end_with_their_worker_and_what_waited_is_dropped():
    shared = board(slots=2)
    for number in range(2):
        slot = shared.slot(number)
        slot.values[4], slot.values[5] = 30, 4
        slot.publish()
    shared.recover(0)

    assert shared.totals() == {RECEIVED: 0, ROUTED: 0, DROPPED: 30, PENDING: 30, OPEN: 4, UNKNOWN: 0}


def test_a_heartbeat_is_seen_at_once_and_does_not_touch_the_numbers():
    shared = board()
    shared.slot(0).heartbeat = 12.5

    assert shared.slot(0).heartbeat == 12.5
    assert set(shared.totals().values()) == {0}


def _publish_for_ever(shared):
    slot = shared.slot(0)
    while True:
        slot.begin(1, 1)
        for index in range(len(slot.values)):
            slot.values[index] += 1
        slot.publish()


@pytest.mark.parametrize("attempt", range(5))
def test_a_reader_never_sees_a_half_written_slot_even_after_kill_9(attempt):
    shared = board(keys=[Key(f"number_{index}") for index in range(500)])
    worker = multiprocessing.get_context("fork").Process(target=_publish_for_ever, args=(shared,))
    worker.start()
    until(lambda: max(shared.totals().values()) > 100)
    seen = [set(shared.totals().values()) for _ in range(200)]
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    worker.close()

    assert [len(values) for values in seen] == [1] * 200
    assert len(set(shared.totals().values())) == 1


def removed_as_gone(key):
    return Key(key.name, tuple((name, "(removed)") for name, _ in key.labels), key.kind)


GONE = Key("received_messages", (("source", "(removed)"),))


def succeeded(before):
    """A board whose layout knows ``RECEIVED`` no longer."""
    layout = Layout([ROUTED, GONE])
    return Board(layout, before.slots, predecessor=before, carry=before.layout.carry(layout, removed_as_gone))


def counted(shared, number, received):
    slot = shared.slot(number)
    slot.add(1, received)
    slot.add(2, received)
    slot.publish()
    return slot


def test_a_successor_takes_over_slot_by_slot():
    before = board(slots=2, keys=(RECEIVED, ROUTED))
    slots = [counted(before, number, 5) for number in range(2)]
    after = succeeded(before)

    assert after.totals() == {UNKNOWN: 0, ROUTED: 10, GONE: 10}
    moved = after.slot(0)
    moved.inherit(slots[0].values, after.carry)
    moved.add(1, 1)
    moved.publish()
    counted(before, 1, 2)
    assert after.totals() == {UNKNOWN: 0, ROUTED: 13, GONE: 12}


def test_a_worker_that_dies_before_it_moved_is_settled_where_it_counted():
    before = board(keys=(RECEIVED, ROUTED))
    slot = counted(before, 0, 5)
    slot.begin(rows=3, received=1)
    after = succeeded(before)

    assert after.recover(0) == 3
    assert after.totals() == {UNKNOWN: 3, ROUTED: 5, GONE: 8}


def test_a_board_that_has_settled_needs_its_predecessor_no_more():
    before = board(slots=2, keys=(RECEIVED, ROUTED))
    counted(before, 0, 5)
    after = succeeded(before)
    after.settle()
    counted(before, 0, 100)

    assert after.totals() == {UNKNOWN: 0, ROUTED: 5, GONE: 5}


def test_a_heartbeat_of_before_the_move_counts():
    before = board()
    before.slot(0).heartbeat = 12.5

    assert Board(before.layout, 1, predecessor=before, carry=range(len(before.layout))).heartbeat(0) == 12.5
