import contextlib
import io
import os
import signal
import socket

import pytest

from collector.errors import CollectorError
from collector.service.fork import fork_worker
from collector.service.ownlog import OwnLog
from collector.service.signals import HANDLED


class PipeLog(OwnLog):
    """What a child logs, readable by the parent."""

    def __init__(self):
        self.reader, writer = os.pipe()
        self.writer = os.fdopen(writer, "w")
        super().__init__(self.writer, journal=True)

    def read(self):
        self.writer.close()
        with os.fdopen(self.reader) as reader:
            return reader.read()


@pytest.fixture
def child():
    """Fork a child that does ``work``; returns its exit status, what it said over the link, and what it logged."""

    def run(work, let_go=lambda: None):
        log = PipeLog()
        pid, link = fork_worker(work, let_go, log)
        _, status = os.waitpid(pid, 0)
        with link, contextlib.suppress(BlockingIOError):
            said = link.recv(4096)
        return os.waitstatus_to_exitcode(status), said, log.read()

    return run


def test_the_work_is_done_in_a_process_of_its_own(child):
    assert child(lambda link: link.send(b"%d" % os.getppid())) == (0, b"%d" % os.getpid(), "")


def test_a_message_stays_one_message(child):
    def work(link):
        link.send(b"one")
        link.send(b"two")

    assert child(work)[1] == b"one"


def test_what_it_must_let_go_of_is_closed_before_the_work(child):
    with socket.socket(socket.AF_UNIX) as listener:

        def work(link):
            link.send(b"%d" % listener.fileno())

        assert child(work, listener.close)[1] == b"-1"
        assert listener.fileno() != -1


def test_a_mistake_of_the_user_is_one_sentence(child):
    def work(_):
        raise CollectorError("cannot open /var/log/all: Permission denied", hint="run as another user")

    text = "<3>A worker cannot go on: cannot open /var/log/all: Permission denied; run as another user.\n"
    assert child(work) == (1, b"", text)


def test_a_bug_is_told_with_its_place(child):
    status, _, logged = child(lambda _: {}["missing"])

    assert status == 1
    assert logged.splitlines()[0] == "<3>Traceback (most recent call last):"
    assert logged.splitlines()[-1] == "<3>KeyError: 'missing'"


def test_even_a_child_that_exits_never_returns_into_the_parents_code(child):
    def work(_):
        raise SystemExit(0)

    assert child(work)[0] == 1


def test_a_worker_leaves_signals_to_the_supervisor(child):
    def work(link):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE):
            os.kill(os.getpid(), number)
        link.send(b"%d" % len(signal.pthread_sigmask(signal.SIG_BLOCK, ())))

    assert child(work)[:2] == (0, b"0")


def test_the_parents_signal_mask_and_descriptors_are_as_before(child):
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    child(lambda _: None)

    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert not before & set(HANDLED)


def test_no_process_to_be_had_is_an_error_that_leaves_nothing_behind(monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(BlockingIOError):
        fork_worker(lambda _: None, lambda: None, OwnLog(io.StringIO()))
