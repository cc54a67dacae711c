import json
import os
import signal
import time

import pytest
from nest_rig import Rig

from collector.service import companion
from collector.service.companion import Companion


def echo(link):
    """Says what it is told, until nobody is there any more."""
    while data := link.recv(65536):
        link.send(data)


class Bench:
    def __init__(self, work, **options):
        self.rig = Rig()
        self.heard = []
        self.companion = Companion("helper", work, self.heard.append, self.rig.nest, **options)
        self.rig.looked_after.append(self.companion)
        self.companion.start()

    def hears(self, *messages):
        self.rig.until(lambda: len(self.heard) >= len(messages))
        assert self.heard == list(messages)


@pytest.fixture
def bench():
    made = []

    def make(work, **options):
        made.append(Bench(work, **options))
        return made[-1]

    yield make
    for one in made:
        one.companion.stop()
        one.rig.selector.close()


def test_it_is_told_and_heard(bench):
    one = bench(echo)
    assert one.companion.tell({"ask": 1})
    assert one.companion.tell({"ask": 2})

    one.hears({"ask": 1}, {"ask": 2})


def test_one_that_dies_is_started_again_and_greeted(bench):
    greetings = []
    one = bench(echo, greet=lambda: greetings.append("here"))
    first = one.companion.pid
    os.kill(first, signal.SIGKILL)
    one.rig.until(lambda: one.companion.pid not in {0, first})
    one.companion.tell({"ask": "again"})

    one.hears({"ask": "again"})
    assert greetings == ["here", "here"]
    assert "The helper was killed by SIGKILL. It is started again in 0.5 s." in one.rig.log


def test_one_that_dies_young_again_and_again_waits_longer_each_time(bench, monkeypatch):
    monkeypatch.setattr(companion, "_BACKOFF", 0.01)
    monkeypatch.setattr(companion, "_BACKOFF_LIMIT", 0.04)
    one = bench(lambda _link: os._exit(3))
    one.rig.until(lambda: one.rig.log.count("ended with status 3") >= 4)

    for delay in ("0.01", "0.02", "0.04"):
        assert f"The helper ended with status 3. It is started again in {delay} s." in one.rig.log


def test_what_it_said_before_it_died_is_heard(bench):
    def last_words(link):
        for number in range(300):
            link.send(json.dumps({"number": number}).encode())

    one = bench(last_words)
    one.rig.until(lambda: not one.companion.pid)

    assert one.heard == [{"number": number} for number in range(300)]


@pytest.mark.parametrize(("work", "status"), [(lambda _link: None, 0), (lambda _link: os._exit(4), 4)])
def test_a_single_job_is_not_started_again_and_tells_how_it_ended(bench, work, status):
    ended = []
    one = bench(work, done=ended.append)
    one.rig.until(lambda: ended)
    one.companion.look(time.monotonic() + 1000)

    assert ended == [status]
    assert one.companion.pid == 0
    assert one.rig.log == ""


def test_a_single_job_that_is_killed_tells_the_signal(bench):
    ended = []
    one = bench(echo, done=ended.append)
    one.companion.kill()
    one.rig.until(lambda: ended)

    assert ended == [-signal.SIGKILL]


def test_what_cannot_be_started_is_said_and_tried_again(bench, monkeypatch):
    def none_left(*_arguments):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(companion, "fork_worker", none_left)
        one = bench(echo)
    assert one.companion.pid == 0
    assert not one.companion.tell({})
    assert "The helper cannot be started: Resource temporarily unavailable." in one.rig.log

    one.rig.until(lambda: one.companion.pid)


def test_it_is_gone_when_it_is_stopped(bench):
    one = bench(echo)
    pid = one.companion.pid
    one.companion.stop()

    assert not os.path.exists(f"/proc/{pid}")
    assert not one.companion.tell({})
    one.companion.look(time.monotonic() + 1000)
    assert one.companion.pid == 0


def test_one_that_does_not_listen_holds_nobody_up(bench):
    one = bench(lambda _link: signal.pause())

    assert not all(one.companion.tell({"much": "x" * 50_000}) for _ in range(100))


def test_one_that_hangs_is_killed_and_started_again(bench, monkeypatch):
    monkeypatch.setattr(companion, "_BETWEEN_LOOKS", 0.05)
    one = bench(echo)
    one.companion.silence = 0.5
    first = one.companion.pid
    os.kill(first, signal.SIGSTOP)
    one.rig.until(lambda: one.companion.pid not in {0, first})
    assert "The helper gave no sign of life for " in one.rig.log
    assert "The helper was killed by SIGKILL" in one.rig.log


def test_silence_while_nobody_looked_is_none(bench):
    one = bench(echo)
    one.companion.silence = 5.0
    first = one.companion.pid
    for minute in range(1, 4):
        one.companion.look(time.monotonic() + 60 * minute)
    one.companion.tell({"ask": 1})
    one.hears({"ask": 1})
    assert one.companion.pid == first
