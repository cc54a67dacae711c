import io
import json
import os
import selectors
import signal
import socket

import pytest
from observing import until

from collector.service.ownlog import OwnLog
from collector.service.process import WorkerProcess


class Seat:
    """A worker process that is only an end of a link and, behind the pid, a child that sleeps."""

    def __init__(self, selector):
        self.stream = io.StringIO()
        self.process = WorkerProcess(3, selector, OwnLog(self.stream, level="debug", journal=True), {})
        ours, self.link = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.link.setblocking(False)
        self.pid = os.fork()
        if self.pid == 0:
            signal.pause()
            os._exit(0)
        self.process.adopt(self.pid, ours)

    def say(self, event):
        self.link.send(event if isinstance(event, bytes) else json.dumps(event).encode())
        self.process.listen()

    def end(self):
        self.link.close()
        if self.process.pid:
            self.process.kill()
            until(lambda: self.process.poll() is not None)


@pytest.fixture
def seat():
    with selectors.DefaultSelector() as selector:
        made = Seat(selector)
        yield made
        made.end()
        assert not selector.get_map()


def test_it_becomes_ready_when_it_says_so(seat):
    assert not seat.process.ready
    seat.say({"event": "ready"})

    assert seat.process.ready
    assert seat.process.booted


def test_what_it_reports_is_logged_under_its_class(seat):
    seat.say({"event": "log", "level": "warning", "class": "framing", "message": "Bad frame."})
    seat.say({"event": "log", "level": "warning", "class": "framing", "message": "Bad frame."})
    seat.say({"event": "log", "level": "info", "message": "Reopened."})

    assert seat.stream.getvalue() == "<4>Bad frame.\n<6>Reopened.\n"


@pytest.mark.parametrize("event", [b"{", b"\xff", b"[]", b"7", {}, {"event": "log"}, {"event": "log", "level": []}])
def test_an_unreadable_report_is_told_and_survived(seat, event):
    seat.say(event)
    seat.say({"event": "ready"})

    assert seat.stream.getvalue() == f"<4>Worker 3 (pid {seat.pid}) reports something unreadable.\n"
    assert seat.process.ready


def test_an_event_nobody_knows_is_ignored(seat):
    seat.say({"event": "drained", "messages": 7})

    assert seat.stream.getvalue() == ""


def test_commands_arrive_as_one_datagram_each(seat):
    seat.process.tell({"do": "reopen"})
    seat.process.tell({"do": "drain", "deadline": 10.0})

    assert [json.loads(seat.link.recv(4096)) for _ in range(2)] == [
        {"do": "reopen"},
        {"do": "drain", "deadline": 10.0},
    ]


def test_a_worker_that_takes_no_commands_blocks_nobody(seat):
    for _ in range(10_000):
        seat.process.tell({"do": "reopen"})

    assert "did not take the command reopen: Resource temporarily unavailable." in seat.stream.getvalue()


def test_its_last_words_are_heard_and_its_end_is_told(seat):
    seat.link.send(json.dumps({"event": "log", "level": "error", "message": "Last words."}).encode())
    assert seat.process.poll() is None
    seat.process.kill()

    assert until(seat.process.poll) == -signal.SIGKILL
    assert seat.stream.getvalue() == "<3>Last words.\n"
    assert (seat.process.pid, seat.process.ready) == (0, False)
    assert seat.process.poll() is None


def test_the_end_of_the_link_is_not_its_death(seat):
    seat.link.close()
    seat.process.listen()

    assert seat.process.poll() is None
    assert seat.process.pid == seat.pid
