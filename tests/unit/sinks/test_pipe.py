import fcntl
import os
import select
from contextlib import contextmanager

import pytest
from sink_rig import rig

__all__ = ["rig"]

LONG = b"x" * 3 * select.PIPE_BUF


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    return str(tmp_path / "fifo")


@contextmanager
def reading(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield fd
    finally:
        os.close(fd)


def taken(fd):
    """All there is to read now."""
    found = b""
    try:
        while data := os.read(fd, 1 << 20):
            found += data
    except BlockingIOError:
        pass
    return found


def filled(one, line=b"y" * 1000):
    """Offer lines until one has to wait; returns how many were offered."""
    count = 0
    while one.counts()[3] == 0:
        one.offer(line)
        count += 1
    return count


def test_lines_reach_the_reader_as_they_are(rig, fifo):
    one = rig("pipe", pipe=fifo)
    with reading(fifo) as reader:
        one.offer(b"one", b"two")
        one.offer(b"three")

        assert taken(reader) == b"one\ntwo\nthree\n"
    assert one.counts() == (3, 3, 0, 0)
    assert one.count("sink_written_bytes") == 14
    assert one.told == []


def test_without_a_reader_lines_are_dropped_and_it_is_said_once(rig, fifo):
    one = rig("pipe", pipe=fifo)
    for _ in range(3):
        one.offer(b"one", b"two")
        one.tick()

    assert one.counts() == (6, 0, 6, 0)
    assert one.dropped() == {"no_reader": 6}
    assert one.sentences() == [f"|{fifo}: no program reads it. Lines are dropped and counted until that changes."]


def test_a_reader_that_comes_is_seen_at_the_next_tick_and_it_is_said(rig, fifo):
    one = rig("pipe", pipe=fifo)
    one.offer(b"lost")
    with reading(fifo) as reader:
        one.offer(b"lost too")
        one.tick()
        one.offer(b"seen")

        assert taken(reader) == b"seen\n"
    assert one.counts() == (3, 1, 2, 0)
    assert one.sentences()[1:] == [f"|{fifo}: lines can be written again."]


def test_a_reader_that_goes_and_comes_back_takes_nothing_down(rig, fifo):
    one = rig("pipe", pipe=fifo)
    for number in range(3):
        one.tick()
        with reading(fifo) as reader:
            one.offer(b"%d" % number)

            assert taken(reader) == b"%d\n" % number
        one.offer(b"lost")

    assert one.counts() == (6, 3, 3, 0)


def test_a_pipe_that_is_not_there_is_named_with_its_cure_and_never_made(rig, tmp_path):
    path = tmp_path / "fifo"
    one = rig("pipe", pipe=str(path))
    one.offer(b"one")

    assert not path.exists()
    assert one.dropped() == {"cannot_open": 1}
    assert one.count("sink_errors", reason="ENOENT") == 1
    assert f"create it with `mkfifo {path}`" in one.sentences()[0]


def test_a_pipe_that_is_made_later_is_used(rig, tmp_path):
    path = str(tmp_path / "fifo")
    one = rig("pipe", pipe=path)
    one.offer(b"lost")
    os.mkfifo(path)
    with reading(path) as reader:
        one.tick()
        one.offer(b"seen")

        assert taken(reader) == b"seen\n"


def test_what_is_no_pipe_is_left_alone(rig, tmp_path):
    path = tmp_path / "file"
    path.write_text("mine\n")
    one = rig("pipe", pipe=str(path))
    one.offer(b"one")

    assert path.read_text() == "mine\n"
    assert one.dropped() == {"cannot_open": 1}
    assert "is no named pipe" in one.sentences()[0]


def test_a_slow_reader_gets_what_waited_when_it_reads_on(rig, fifo):
    one = rig("pipe", pipe=fifo)
    with reading(fifo) as reader:
        offered = filled(one)
        got = taken(reader)
        while one.counts()[3]:
            one.turn()
            got += taken(reader)

        assert got == (b"y" * 1000 + b"\n") * offered
    assert one.counts() == (offered, offered, 0, 0)


def test_what_a_slow_reader_has_no_room_for_is_dropped_whole(rig, fifo):
    one = rig("pipe", pipe=fifo, queue=65536)
    with reading(fifo) as reader:
        for number in range(300):
            one.offer(b"%04d" % number + b"y" * 996)
        offered, _, dropped, waiting = one.counts()
        got = taken(reader)
        while one.counts()[3]:
            one.turn()
            got += taken(reader)
        lines = got.split(b"\n")[:-1]

        assert dropped > 0
        assert waiting == 65536 // 1001
        assert [int(line[:4]) for line in lines] == list(range(offered - dropped))
        assert {len(line) for line in lines} == {1000}
    assert one.dropped() == {"full": dropped}
    assert one.sentences() == [
        f"|{fifo}: it takes lines too slowly. They are dropped and counted until it catches up.",
        f"|{fifo}: lines can be written again.",
    ]


def test_a_line_longer_than_an_atomic_write_is_whole(rig, fifo):
    one = rig("pipe", pipe=fifo)
    with reading(fifo) as reader:
        one.offer(b"before", LONG, b"after")

        assert taken(reader).split(b"\n") == [b"before", LONG, b"after", b""]


def test_long_lines_of_several_workers_do_not_mix(rig, fifo):
    workers = [rig("pipe", pipe=fifo) for _ in range(3)]
    with reading(fifo) as reader:
        got = b""
        for _ in range(30):
            for number, worker in enumerate(workers):
                worker.offer(b"%d" % number * 3 * select.PIPE_BUF, b"%d" % number)
        while any(worker.counts()[3] for worker in workers):
            for worker in workers:
                got += taken(reader)
                worker.turn(0)
                worker.tick()
        got += taken(reader)
        lines = got.split(b"\n")[:-1]

        assert len(lines) == 180
        assert {(len(line), len(set(line))) for line in lines} == {(3 * select.PIPE_BUF, 1), (1, 1)}


def test_a_lock_of_another_program_costs_time_but_no_line(rig, fifo):
    one = rig("pipe", pipe=fifo)
    with reading(fifo) as reader:
        fcntl.flock(reader, fcntl.LOCK_EX)
        one.offer(b"one")

        assert one.counts() == (1, 0, 0, 1)
        for _ in range(2000):
            one.turn(0)
        assert one.turn(0) == 0  # it does not try for ever
        fcntl.flock(reader, fcntl.LOCK_UN)
        one.tick()
        assert taken(reader) == b"one\n"


def test_a_reader_that_goes_in_the_middle_of_a_line_gets_the_next_one_whole(rig, fifo):
    one = rig("pipe", pipe=fifo)
    with reading(fifo) as reader:
        filled(one, LONG)
        os.read(reader, 5000)
        one.turn()
    one.turn()
    offered, written, dropped, waiting = one.counts()
    assert (written + dropped, waiting) == (offered, 0)
    one.tick()
    with reading(fifo) as reader:
        one.offer(b"next")
        assert taken(reader) == b"next\n"


def test_what_waits_at_the_end_is_counted_as_dropped(rig, fifo):
    one = rig("pipe", pipe=fifo)
    with reading(fifo):
        filled(one)
        waiting = one.counts()[3]
        one.sink.drain(0.0)
        one.sink.close()

        assert one.dropped() == {"shutdown": waiting}
