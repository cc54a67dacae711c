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

    assert layout.keys == (RECEIVED, ROUTED, UNKNOWN)
    assert [layout.index(key) for key in layout.keys] == [0, 1, 2]
    assert ROUTED in layout
    assert OPEN not in layout


def test_an_extended_layout_keeps_every_index():
    layout = Layout([RECEIVED])
    extended = layout.extended([ROUTED, RECEIVED])

    assert extended.keys[: len(layout)] == layout.keys
    assert extended.keys[len(layout) :] == (ROUTED,)


def test_a_key_is_found_whether_or_not_its_kind_is_given():
    assert Layout([OPEN]).index(Key("connections_open")) == 0


def test_numbers_are_seen_only_when_published():
    shared = board()
    slot = shared.slot(0)
    slot.add(0, 5)

    assert shared.totals()[RECEIVED] == 0
    slot.publish()
    assert shared.totals()[RECEIVED] == 5


def test_totals_are_sums_over_the_slots():
    shared = board(slots=3)
    for number in range(3):
        slot = shared.slot(number)
        slot.add(1, number + 1)
        slot.publish()

    assert shared.totals() == {RECEIVED: 0, ROUTED: 6, DROPPED: 0, PENDING: 0, OPEN: 0, UNKNOWN: 0}


def test_a_successor_counts_on_from_what_was_published():
    shared = board()
    first = shared.slot(0)
    first.add(0, 5)
    first.publish()
    first.add(0, 100)
    second = shared.slot(0)
    second.add(0, 1)
    second.publish()

    assert shared.totals()[RECEIVED] == 6


def test_a_number_may_take_all_of_64_bits():
    shared = board()
    slot = shared.slot(0)
    slot.values[0] = 2**64 - 1
    slot.publish()

    assert shared.totals()[RECEIVED] == 2**64 - 1


def test_a_batch_whose_worker_died_is_received_and_unknown():
    shared = board()
    slot = shared.slot(0)
    slot.begin(rows=7, received=0)
    slot.add(0, 7)

    assert shared.recover(0) == 7
    assert (shared.totals()[RECEIVED], shared.totals()[ROUTED], shared.totals()[UNKNOWN]) == (7, 0, 7)
    assert shared.recover(0) == 0


def test_a_published_batch_is_over():
    shared = board()
    slot = shared.slot(0)
    slot.begin(rows=7, received=0)
    slot.add(0, 7)
    slot.publish()

    assert slot.in_flight == (0, 0)
    assert shared.recover(0) == 0
    assert shared.totals()[UNKNOWN] == 0


def test_a_batch_is_over_even_if_its_worker_died_between_the_two_stores_of_publish():
    shared = board()
    slot = shared.slot(0)
    slot.begin(rows=7, received=0)
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
        slot.values[3], slot.values[4] = 30, 4
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
        slot.begin(1, 0)
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
