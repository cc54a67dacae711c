import errno
import os

import pytest
from journal_rig import segments_in

from collector.service.watching.order import Noted, Order, Taken
from collector.sinks.journal import JournalWriter

NAMES = ("worker-0", "worker-1")


@pytest.fixture
def workers(tmp_path, closing):
    return [closing(JournalWriter(str(tmp_path / name))) for name in NAMES]


def decode(payload):
    time, _, text = payload.decode().partition(" ")
    return float(time), text


@pytest.fixture
def start(tmp_path, notices, closing):
    """Starts the reading end; what is given to it are names of journals."""
    running = []

    def start(*names):
        if running:
            running.pop().close()
        folders = {name: str(tmp_path / name) for name in names or NAMES}
        running.append(Order(str(tmp_path / "order"), folders, decode, lambda entry: entry[0], notices))
        return running[-1]

    yield start
    for order in running:
        order.close()


def take(order, limit=1 << 20):
    """All there is: texts of entries, and notes as they are."""
    found = []
    while steps := order.take(limit):
        found += [step.entry[1] if isinstance(step, Taken) else step for step in steps]
    return found


def test_entries_of_several_journals_come_in_the_order_of_their_times(workers, start):
    order = start()
    for time, worker, text in ((1, 0, "a"), (3, 0, "c"), (2, 1, "b"), (4, 1, "d"), (5, 0, "e")):
        workers[worker].append(b"%d %s" % (time, text.encode()))

    assert take(order) == ["a", "b", "c", "d", "e"]


def test_entries_of_one_journal_keep_their_order_whatever_their_times(workers, start):
    order = start()
    for time, worker, text in ((9, 0, "a"), (1, 0, "b"), (5, 1, "c"), (6, 1, "d")):
        workers[worker].append(b"%d %s" % (time, text.encode()))

    assert take(order) == ["c", "d", "a", "b"]


def test_nobody_waits_for_a_journal_that_has_nothing(workers, start):
    order = start()
    workers[1].append(b"2 b")
    assert take(order) == ["b"]
    workers[0].append(b"1 a")

    assert take(order) == ["a"]


def test_each_entry_says_which_journal_it_is_from(workers, start):
    order = start()
    order.take()
    workers[1].append(b"1 a")

    assert order.take() == [Taken("worker-1", (1.0, "a"))]


@pytest.mark.parametrize("limit", [1, 10, 40])
def test_so_many_bytes_are_taken_at_once(workers, start, limit):
    order = start()
    order.take()
    for number in range(20):
        workers[number % 2].append(b"%02d abc" % number)
    taken = []
    while steps := order.take(limit):
        assert len(steps) <= -(-limit // 6)
        taken += steps

    assert [step.entry[0] for step in taken] == list(range(20))


def test_after_a_crash_the_same_order_is_taken_although_more_is_there_now(workers, start):
    order = start()
    workers[1].append(b"2 b")
    first = take(order)
    workers[0].append(b"1 a")
    first += take(order)
    order = start()
    workers[0].append(b"0 new")

    assert take(order) == [*first, "new"] == ["b", "a", "new"]


def test_what_else_happened_comes_again_at_the_same_point(workers, start):
    order = start()
    workers[0].append(b"1 a")
    assert take(order) == ["a"]
    order.note({"advance": 1795372595.1234567})
    workers[0].append(b"2 b")
    assert take(order) == ["b"]
    order.note("mute")

    assert take(start()) == ["a", Noted({"advance": 1795372595.1234567}), "b", Noted("mute")]


def test_what_comes_again_comes_in_portions_too(workers, start):
    order = start()
    for number in range(20):
        workers[0].append(b"%02d abc" % number)
    assert len(take(order)) == 20
    order = start()
    portions = []
    while order.replaying:
        portions.append(order.take(12))

    assert [len(portion) for portion in portions] == [2] * 10 + [0]


def test_a_snapshot_is_gone_on_from(workers, start):
    order = start()
    workers[0].append(b"1 a")
    workers[1].append(b"2 b")
    take(order)
    places = order.places
    workers[1].append(b"3 c")
    workers[0].append(b"4 d")
    assert take(order) == ["c", "d"]
    order = start()
    order.resume(places)
    assert take(order) == ["c", "d"]
    assert order.places != places

    again = start()
    again.resume(order.places)
    assert take(again) == []


def test_places_are_plain_data(workers, start):
    order = start()
    workers[0].append(b"1 a")
    take(order)

    assert {type(value) for place in order.places.values() for value in place} == {str, int}
    assert {type(place) for place in order.places.values()} == {tuple}


def test_a_snapshot_does_not_hold_what_was_read_ahead_and_not_taken(workers, start):
    order = start()
    order.take()
    for number in range(5):
        workers[0].append(b"%d %d" % (number, number))
    assert [step.entry[1] for step in order.take(1)] == ["0"]
    places = order.places
    assert order.lag_bytes() == 4 * 3
    order = start()
    order.resume(places)

    assert take(order) == ["1", "2", "3", "4"]


def test_what_is_committed_is_not_kept(tmp_path, workers, start):
    small = JournalWriter(str(tmp_path / "small"), segment_bytes=100)
    order = start("small")
    for number in range(20):
        small.append(b"%d %s" % (number, b"x" * 50))
    take(order)
    assert len(segments_in(tmp_path / "small")) == 20
    order.commit(order.places)
    small.tidy()
    small.close()

    assert len(segments_in(tmp_path / "small")) == 1
    assert take(start("small")) == [], "without a snapshot it goes on there"


def test_a_journal_can_be_added_and_another_be_gone_at_the_next_start(tmp_path, workers, start, closing):
    order = start()
    workers[0].append(b"1 a")
    assert take(order) == ["a"]
    third = closing(JournalWriter(str(tmp_path / "worker-2")))
    third.append(b"2 b")
    order.add("worker-2", str(tmp_path / "worker-2"))
    assert take(order) == ["b"]

    assert take(start("worker-2")) == ["b"]


def test_entries_that_cannot_be_decoded_are_counted_and_told_and_do_not_stop_the_others(workers, start, notices):
    order = start()
    for payload in (b"1 a", b"what?", b"\xff", b"2 b"):
        workers[0].append(payload)

    assert take(order) == ["a", "b"]
    assert order.unreadable == 2
    assert len(notices) == 2
    assert "An entry of 5 bytes cannot be read: ValueError(" in notices[0]


def test_without_room_for_the_log_it_goes_on_and_writes_the_order_down_when_there_is_some(
    workers, start, notices, monkeypatch
):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    order = start()
    workers[1].append(b"9 a")
    assert take(order) == ["a"]
    workers[1].append(b"8 b")
    monkeypatch.setattr(os, "writev", refuse)
    assert take(order) == ["b"]
    order.note("c")
    assert order.unlogged == 2
    assert "No space left on device. Alerts go on" in notices[0]
    monkeypatch.undo()
    workers[0].append(b"1 d")
    assert take(order) == ["d"]
    assert order.unlogged == 0

    assert take(start()) == ["a", "b", Noted("c"), "d"]


def test_steps_that_found_no_room_before_a_crash_are_taken_all_the_same(workers, start, monkeypatch):
    order = start()
    take(order)
    workers[1].append(b"2 a")
    monkeypatch.setattr(os, "writev", lambda *_: 0)
    assert take(order) == ["a"]
    monkeypatch.undo()
    workers[0].append(b"1 b")

    assert take(start()) == ["b", "a"]


def test_a_journal_that_cannot_be_read_now_is_told_and_the_others_go_on(tmp_path, workers, start, notices, monkeypatch):
    order = start()
    take(order)
    for worker in workers:
        worker.append(b"1 a")
    listdir = os.listdir

    def refuse(folder):
        if folder == str(tmp_path / "worker-0"):
            raise OSError(errno.EMFILE, "Too many open files")
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    assert take(order) == ["a"]
    assert f"The journal {tmp_path}/worker-0 cannot be read: Too many open files." in notices
    monkeypatch.undo()

    assert take(order) == ["a"]


def test_a_journal_that_cannot_be_read_while_the_order_is_taken_again_leaves_no_step_out(workers, start, monkeypatch):
    order = start()
    workers[0].append(b"1 a")
    assert take(order) == ["a"]
    order = start()

    def refuse(_folder):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        order.take()
    monkeypatch.undo()

    assert take(start()) == ["a"]


def test_a_snapshot_that_is_made_after_a_restart_holds_what_was_taken_again(workers, start):
    order = start()
    workers[0].append(b"1 a")
    take(order)
    order.note("b")
    places = order.places
    order = start()
    take(order)
    assert order.places == places
    order = start()
    order.resume(places)

    assert take(order) == []


def test_entries_that_were_dropped_before_they_were_taken_are_counted_and_told(tmp_path, workers, start, notices):
    small = JournalWriter(str(tmp_path / "small"), segment_bytes=100, max_bytes=300)
    order = start("small")
    small.append(b"0 a")
    assert take(order) == ["a"]
    for number in range(1, 10):
        small.append(b"%d %s" % (number, b"x" * 80))
    small.close()

    assert len(take(order)) == 2
    assert order.lost_entries == 7
    assert "entries lost to correlator so far: 7;" in notices[0]
