"""A turn is short, everybody gets a turn, and what cannot wait is in each."""

import os
import time

import pytest

from collector.sources import poller
from collector.sources.poller import Poller


@pytest.fixture
def pipes():
    made = [os.pipe() for _ in range(3)]
    for _, end in made:
        os.write(end, b"x")
    yield [reading for reading, _ in made]
    for pair in made:
        for fd in pair:
            os.close(fd)


def test_every_ready_descriptor_gets_its_turn_even_if_one_takes_all_the_time(pipes, monkeypatch):
    monkeypatch.setattr(poller, "_SECONDS_PER_TURN", 0.0)
    ran = []
    tried = Poller()
    for fd in pipes:
        tried.add(fd, lambda fd=fd: ran.append(fd))
    for _ in range(6):
        tried.turn(1.0)
    tried.close()

    assert sorted(pipes * 2) == sorted(ran)


def test_the_urgent_are_served_in_every_turn(pipes, monkeypatch):
    monkeypatch.setattr(poller, "_SECONDS_PER_TURN", 0.0)
    ran = []
    tried = Poller()
    tried.add(pipes[0], lambda: ran.append("urgent"), urgent=True)
    for fd in pipes[1:]:
        tried.add(fd, lambda: ran.append("other"))
    for _ in range(8):
        tried.turn(1.0)
    tried.close()

    assert ran.count("urgent") >= 4


def test_a_descriptor_that_was_removed_is_not_served(pipes):
    ran = []
    tried = Poller()
    tried.add(pipes[0], lambda: ran.append(0))
    tried.remove(pipes[0])

    assert tried.turn(0.0) == 0
    assert ran == []
    tried.close()


def test_waiting_ends_after_the_timeout():
    tried = Poller()
    began = time.monotonic()

    assert tried.turn(0.01) == 0
    assert time.monotonic() - began < 5
    tried.close()


def test_who_wants_to_write_is_told_of_room_until_it_no_longer_wants_to():
    reading, writing = os.pipe()
    ran = []
    tried = Poller()
    tried.add(writing, lambda: ran.append(writing), writable=True)
    tried.turn(1.0)
    tried.change(writing, writable=False)
    tried.turn(0.0)
    told = len(ran)
    os.close(reading)  # an error is told all the same
    tried.turn(1.0)
    tried.close()
    os.close(writing)

    assert (told, len(ran)) == (1, 2)
