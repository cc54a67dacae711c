import os

from collector.shared import Arena
from collector.sources.tally import Tally, key_of

SLOTS = 3


def tallies(senders=1000, slots=SLOTS):
    arena = Arena()
    words = arena.view(arena.take(Tally.words(slots, senders)))
    return [Tally(words, slot, slots) for slot in range(slots)]


def test_every_worker_reads_the_sum_of_all():
    one, two, three = tallies()
    one.add(7, 3, period=1)
    two.add(7, 4, period=1)
    two.add(7, 4, period=1)

    assert [tally.total(7, period=1) for tally in (one, two, three)] == [11, 11, 11]
    assert one.total(8, period=1) == 0


def test_a_new_period_begins_at_zero():
    one, two, _ = tallies()
    one.add(7, 3, period=1)
    two.add(7, 5, period=2)

    assert one.total(7, period=2) == 5
    one.add(7, 1, period=2)
    assert one.total(7, period=2) == 6
    assert one.total(7, period=3) == 0


def test_what_is_taken_back_leaves_a_free_place():
    one, *_ = tallies(senders=1)
    keys = [1 << 20, 2 << 20, 3 << 20, 4 << 20]  # of one bucket
    assert all(one.add(key, 1, period=1) for key in keys)
    one.add(keys[2], -1, period=1)

    assert one.add(5 << 20, 9, period=1)
    assert [one.total(key, period=1) for key in (*keys, 5 << 20)] == [1, 1, 0, 1, 9]


def test_a_full_bucket_counts_nobody_else_and_says_so():
    one, two, _ = tallies(senders=1)
    keys = [number << 20 for number in range(1, 6)]

    assert [one.add(key, 1, period=1) for key in keys] == [True, True, True, True, False]
    assert [one.total(key, period=1) for key in keys] == [1, 1, 1, 1, 0]
    assert two.add(keys[4], 1, period=1), "every worker has its own places"
    assert one.add(keys[4], 1, period=2), "those of the last period are free"


def test_a_successor_forgets_what_its_predecessor_counted_and_nothing_else():
    one, two, _ = tallies()
    for number in range(100):
        one.add(key_of(str(number)), 1, period=1)
        two.add(key_of(str(number)), 1, period=1)
    one.clear()

    assert {two.total(key_of(str(number)), period=1) for number in range(100)} == {1}


def test_a_number_does_not_run_over_into_the_period():
    one, *_ = tallies()
    one.add(7, 0xFFFF_FFFF, period=1)
    one.add(7, 10, period=1)
    assert one.total(7, period=1) == 0xFFFF_FFFF
    one.add(8, 1, period=1)
    one.add(8, -5, period=1)
    assert one.total(8, period=1) == 0


def test_workers_that_count_at_the_same_time_lose_nothing():
    parts = tallies()
    pids = []
    for tally in parts[1:]:
        pid = os.fork()
        if pid == 0:
            for number in range(20_000):
                tally.add(number % 10 + 1, 1, period=1)
            os._exit(0)
        pids.append(pid)
    for number in range(20_000):
        parts[0].add(number % 10 + 1, 1, period=1)
    for pid in pids:
        os.waitpid(pid, 0)

    assert {parts[0].total(key, period=1) for key in range(1, 11)} == {2_000 * SLOTS}


def test_nearly_all_of_as_many_senders_as_it_was_made_for_find_a_place():
    one, *_ = tallies(senders=10_000)
    placed = sum(one.add(key_of(f"192.0.2.{number}"), 1, period=1) for number in range(10_000))

    assert placed >= 9_950
