import math
import os
import signal

import pytest
from nest_rig import Rig

from collector.config.problems import Location, Problem
from collector.service import compiler
from collector.service.compiler import Compiler
from collector.service.plan import build_plan_from_text
from collector.service.work_plan import finish, load

TEXT = """
sources:
  - udp: 127.0.0.1:5514
routes:
  - "*.*  /var/log/all"
workers: 3
"""
PROBLEM = Problem(Location("c.yaml", 3, 1), "unknown severity", "selector", "write info")


class Bench:
    def __init__(self, build):
        self.rig = Rig()
        self.compiler = Compiler(build, self.rig.nest)
        self.rig.looked_after.append(self.compiler)
        self.answers = []

    def compile(self):
        """The draft and the problems."""
        self.begin()
        self.rig.until(lambda: self.answers)
        return self.answers.pop()

    def begin(self):
        self.compiler.compile(lambda *answer: self.answers.append(answer))


@pytest.fixture
def bench():
    made = []

    def make(build):
        made.append(Bench(build))
        return made[-1]

    yield make
    for one in made:
        one.compiler.stop()
        one.rig.selector.close()


def test_the_draft_is_what_the_plan_would_be_here(bench):
    plan, _ = build_plan_from_text(TEXT, "c.yaml")
    draft, problems = bench(lambda: build_plan_from_text(TEXT, "c.yaml")).compile()

    assert problems == []
    for name in ("hash", "outline", "state_dir", "control", "workers", "destinations"):
        assert getattr(draft, name) == getattr(plan, name), name
    assert list(draft.watched) == list(plan.watched)
    assert [source.options for source in draft.sources] == [source.options for source in plan.sources]
    assert list(draft.layout.keys) == list(plan.layout.keys)
    assert draft.settings.mark == plan.settings.mark
    assert draft.work.routes[0].text == plan.routes[0].text
    with os.fdopen(draft.memory, "rb") as file:
        file.seek(0)
        assert finish(load(file)).hash == plan.hash


def test_problems_come_back_without_a_draft_or_as_warnings_with_one(bench):
    assert bench(lambda: (None, [PROBLEM])).compile() == (None, [PROBLEM])
    plan, _ = build_plan_from_text(TEXT, "c.yaml")
    draft, problems = bench(lambda: (plan, [PROBLEM])).compile()

    assert problems == [PROBLEM]
    draft.close()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: os._exit(5), "the process that compiles it ended with status 5"),
        (lambda: os.kill(os.getpid(), signal.SIGUSR2), "the process that compiles it was killed by SIGUSR2"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "the process that compiles it was killed by SIGKILL"),
    ],
)
def test_a_process_that_dies_is_a_problem(bench, build, message):
    draft, problems = bench(build).compile()

    assert draft is None
    assert [problem.message for problem in problems] == [message]


def test_what_takes_too_long_is_ended_and_says_so(bench):
    one = bench(signal.pause)
    one.begin()
    assert one.compiler.busy
    one.compiler.look(math.inf)
    one.rig.until(lambda: one.answers)

    ((draft, problems),) = one.answers
    assert draft is None
    assert [problem.message for problem in problems] == ["to compile it takes more than 60 s"]
    assert not one.compiler.busy


def test_what_the_running_version_cannot_read_is_a_problem(bench, monkeypatch):
    def unreadable(_data):
        raise AttributeError("Can't get attribute 'Newer'")

    monkeypatch.setattr(compiler.pickle, "loads", unreadable)
    draft, problems = bench(lambda: (None, [])).compile()

    assert draft is None
    assert problems[0].hint == "restart the service"


def test_without_a_process_it_fails_at_once(bench, monkeypatch):
    def none_left(*_arguments):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("collector.service.companion.fork_worker", none_left)
    one = bench(signal.pause)
    one.begin()

    ((draft, problems),) = one.answers
    assert draft is None
    assert len(problems) == 1


def test_one_can_follow_the_other(bench):
    one = bench(lambda: (None, [PROBLEM]))

    assert [one.compile() for _ in range(3)] == [(None, [PROBLEM])] * 3


def test_stopped_it_leaves_no_process_and_answers_nothing(bench):
    one = bench(signal.pause)
    one.begin()
    one.compiler.stop()

    assert one.answers == []
    assert not one.compiler.busy
