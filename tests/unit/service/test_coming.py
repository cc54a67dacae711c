import os
import pickle
import socket

import pytest

from collector.metrics import Board, Key
from collector.service import coming
from collector.service.assembly import Surroundings
from collector.service.coming import Coming
from collector.service.meter import Meters
from collector.service.naming.worker import WorkerNames
from collector.service.plan import build_plan_from_text
from collector.service.work_plan import dump
from collector.sinks.files import OpenFiles
from collector.sources.poller import Poller

TEXT = """
sources:
  - udp: 127.0.0.1:5514
routes:
  - "*.*  /var/log/all"
  - "kern.*  /var/log/kern"
"""
MORE = (Key("worker_restarts"),)


@pytest.fixture
def plan():
    made, problems = build_plan_from_text(TEXT, "c.yaml")
    assert made is not None, problems
    return made.work


@pytest.fixture
def surroundings(plan):
    poller = Poller()
    meters = Meters(Board(plan.layout, 1).slot(0), plan.layout)
    yield Surroundings(meters, OpenFiles(8), lambda *_: None, WorkerNames(plan.names), poller)
    poller.close()


def memory_of(plan, more=MORE):
    memory = os.memfd_create("plan")
    with os.fdopen(os.dup(memory), "wb") as file:
        dump(plan, file)
        pickle.dump(more, file)
        pickle.dump(b"", file)
    return memory


def begin(plan, surroundings, memory, known=None):
    layout = plan.layout.extended(MORE)
    counters = memoryview(bytearray(8 * Board.words(layout, 2))).cast("Q")
    order = {"plan": 7, "slot": 0, "slots": 2}
    return Coming(order, [memory], counters, surroundings, known or {})


def test_when_it_is_done_all_parts_are_there(plan, surroundings):
    one = begin(plan, surroundings, memory_of(plan))
    while not one.done:
        one.step()

    assert (one.problem, one.number, one.plan.hash) == (None, 7, plan.hash)
    assert list(one.plan.layout.keys) == [*plan.layout.keys, *MORE]
    assert [each.sink.options.label for each in one.assembly.destinations.values()] == ["/var/log/all", "/var/log/kern"]
    one.close()


def test_a_step_ends_after_some_milliseconds(plan, surroundings, monkeypatch):
    monkeypatch.setattr(coming, "_SECONDS_PER_STEP", 5e-6)
    one = begin(plan, surroundings, memory_of(plan))
    steps = 0
    while not one.done:
        one.step()
        steps += 1

    assert steps > 5
    assert one.problem is None
    assert one.longest > 0
    one.close()


def test_workers_that_share_the_descriptor_read_it_each_from_the_beginning(plan, surroundings):
    memory = memory_of(plan)
    both = [begin(plan, surroundings, os.dup(memory)) for _ in range(2)]
    os.close(memory)
    while not all(one.done for one in both):
        for one in both:
            one.step()

    assert [one.plan.hash for one in both] == [plan.hash] * 2
    for one in both:
        one.close()


def test_a_destination_that_is_as_it_was_is_used_on(plan, surroundings):
    first, second = begin(plan, surroundings, memory_of(plan)), None
    finish_steps(first)
    second = begin(plan, surroundings, memory_of(plan), first.assembly.destinations)
    finish_steps(second)

    assert list(second.assembly.destinations.values()) == list(first.assembly.destinations.values())
    for one in (first, second):
        one.close()


def finish_steps(one):
    while not one.done:
        one.step()
    assert one.problem is None


def test_what_goes_wrong_is_a_problem_and_no_more(surroundings, plan):
    memory = os.memfd_create("plan")
    os.write(memory, b"no pickle at all")
    one = begin(plan, surroundings, memory)
    one.step()

    assert one.done
    assert one.problem.startswith("UnpicklingError: ")
    one.close()


def test_what_is_not_wanted_leaves_nothing_open(plan, surroundings):
    one = begin(plan, surroundings, memory_of(plan))
    ours, theirs = socket.socketpair()
    one.add_sockets("udp 127.0.0.1:5514", [os.dup(theirs.fileno())], socket.socket)
    theirs.close()
    one.step()
    one.close()

    assert ours.recv(1) == b""
    ours.close()
