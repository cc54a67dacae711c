"""Every arrow of the drawing in reload.py, with a compiler, workers and a service that do what the test says."""

import io
import math
import os
import pickle

import pytest

from collector.config.problems import Location, Problem
from collector.errors import CollectorError
from collector.metrics import Board, Key, Layout
from collector.service.outline import Outline
from collector.service.ownlog import OwnLog
from collector.service.reload import Reload
from collector.service.sockets import Listeners
from collector.shared import Arena

OUTLINE = Outline({}, {"/var/log/all": {}}, ("*.* → /var/log/all",), {})
OTHER = Outline({}, {"/var/log/other": {}}, ("*.* → /var/log/other",), {})
WARNING = Problem(Location("c.yaml", 3, 1), "never used", "unused", "", "warning")
ERROR = Problem(Location("c.yaml", 7, 5), "unknown severity", "selector", "write info")
SLOTS = 2


class Source:
    kind = "fake"

    def __init__(self, name, taken=False):
        self.name, self.taken, self.released = name, taken, False

    def shared_words(self, slots):
        return slots

    def bind(self, slots, _inherited):
        if self.taken:
            raise CollectorError("the port is taken", hint="stop who has it")
        return [[] for _ in range(slots)]

    def adjust(self, _sockets):
        if self.name == "stubborn":
            raise CollectorError("that cannot be changed")

    def warnings(self):
        return [f"{self.name} got little room"]

    def release(self):
        self.released = True


class Draft:
    def __init__(self, name, outline, sources=(), keys=()):
        self.hash, self.outline, self.sources = name, outline, sources
        self.layout = Layout([Key("received_messages"), *keys])
        self.memory = os.memfd_create("plan")
        self.closed = False
        self.watched = {name: [1, 2, 3]}

    def close(self):
        assert not self.closed
        self.closed = True
        os.close(self.memory)


class Compiler:
    def __init__(self):
        self.done, self.begun, self.stopped = None, 0, False

    def compile(self, done):
        assert self.done is None
        self.done = done
        self.begun += 1

    def look(self, now):
        pass

    def stop(self):
        self.stopped, self.done = True, None

    def answers(self, draft, *problems):
        done, self.done = self.done, None
        done(draft, list(problems))


class Workers:
    def __init__(self):
        self.booted = True
        self.at_work = set(range(SLOTS))
        self.killed = set()
        self.told = []
        self.new = {}

    def prepare(self, order, descriptors, new):
        self.told.append(order)
        self.descriptors, self.new = descriptors, new
        return set(self.at_work)

    def swap(self, order, prepared):
        self.told.append(order)
        return set(prepared)

    def tell(self, slots, command):
        self.told += [command] * len(slots)

    def end(self, slots):
        self.killed |= slots

    @property
    def orders(self):
        return [order["do"] for order in self.told]


class Bench:
    """The service, with a reload between its fakes. ``heard`` are the answers."""

    def __init__(self, size=1 << 20, sources=()):
        self.plan = Draft("old", OUTLINE)
        self.board = Board(self.plan.layout, SLOTS + 1)
        self.compiler, self.workers = Compiler(), Workers()
        self.arena = Arena(size)
        self.listeners = Listeners(sources, SLOTS, self.arena)
        self.stream = io.StringIO()
        self.heard = []
        self.finished = 0
        self.reload = Reload(self, self.compiler, self.listeners, self.workers, OwnLog(self.stream, journal=True))

    def layout_for(self, plan):
        return plan.layout.extended([Key("worker_restarts")])

    def adopt(self, plan, board):
        self.plan.close()
        self.plan, self.board = plan, board

    def adopted(self):
        self.finished += 1

    def looked_at(self, files):
        self.watched = files

    def refused(self, problems):
        self.watched = problems

    def ask(self):
        self.reload.ask(self.heard.append)

    def compiles(self, name="new", *problems, outline=OTHER, sources=(), keys=()):
        """The compiler is asked, and answers with a draft."""
        draft = Draft(name, outline, sources, keys)
        self.compiler.answers(draft, *problems)
        return draft

    def says(self, event, *slots, number=None, **more):
        number = self.workers.told[-1]["plan"] if number is None else number
        for slot in slots:
            self.reload.hears(slot, {"event": event, "plan": number, **more})

    def reloads(self, name="new", **options):
        self.ask()
        self.compiles(name, **options)
        self.says("prepared", 0, 1)
        self.says("swapped", 0, 1, pause=0.002)

    @property
    def state(self):
        return self.reload.report["state"]

    @property
    def results(self):
        return [answer["result"] for answer in self.heard]

    @property
    def log(self):
        return self.stream.getvalue()


@pytest.fixture
def bench():
    made = []

    def make(**options):
        made.append(Bench(**options))
        return made[-1]

    yield make
    for one in made:
        one.reload.stop()
        one.listeners.close()
        if not one.plan.closed:
            one.plan.close()


def free_pages(one):
    return sum(one.arena._free.values())


# --- the way through --------------------------------------------------------------------------------------------------


def test_a_plan_comes_into_force_when_all_workers_have_swapped(bench):
    one = bench()
    assert one.reload.resting
    one.ask()
    assert one.state == "compiling"
    one.compiles("new", WARNING)
    assert (one.state, one.plan.hash) == ("preparing", "old")
    one.says("prepared", 1)
    assert one.state == "preparing"
    one.says("prepared", 0)
    assert (one.state, one.plan.hash, one.finished) == ("swapping", "new", 0)
    one.says("swapped", 0, pause=0.004)
    assert one.heard == []
    one.says("swapped", 1, pause=0.002)

    assert (one.state, one.finished) == ("resting", 1)
    (answer,) = one.heard
    assert (answer["result"], answer["plan"], answer["pause"]) == ("in force", "new", 0.004)
    assert answer["changes"] == ("added /var/log/other; removed /var/log/all; routes: 1 added, 1 removed")
    assert one.workers.orders == ["prepare", "swap"]
    assert "Reloaded, plan new: added /var/log/other" in one.log
    assert "never used" in one.log


def test_what_is_as_it_was_is_not_put_into_force(bench):
    one = bench()
    one.ask()
    draft = one.compiles("old", outline=OUTLINE)

    assert draft.closed
    assert (one.state, one.results, one.workers.told) == ("resting", ["unchanged"], [])
    assert one.watched == draft.watched


def test_with_no_worker_at_work_the_plan_holds_at_once(bench):
    one = bench()
    one.workers.at_work = set()
    one.ask()
    one.compiles()

    assert (one.state, one.plan.hash, one.results) == ("resting", "new", ["in force"])


def test_workers_get_the_counters_behind_those_of_the_plan_and_where_each_number_goes(bench):
    one = bench()
    gone = Key("sink_written", (("sink", "/a"),))
    one.reloads("first", keys=[gone])
    one.ask()
    draft = one.compiles("second", outline=OUTLINE)
    with os.fdopen(os.dup(draft.memory), "rb") as file:
        file.seek(0)
        keys, carry = pickle.load(file), pickle.load(file)

    assert keys == (Key("worker_restarts"), Key("sink_written", (("sink", "(removed)"),)))
    assert len(carry) == 4 * len(one.board.layout)


def test_numbers_go_on_and_those_of_what_is_gone_are_kept_together(bench):
    one = bench()
    gone = Key("sink_written", (("sink", "/a"),))
    one.reloads("first", keys=[gone])
    slot = one.board.slot(0)
    slot.add(one.board.layout.index(gone), 5)
    slot.add(one.board.layout.index(Key("received_messages")), 7)
    slot.publish()
    one.reloads("second", outline=OUTLINE)
    one.reloads("third")

    totals = one.board.totals()
    assert totals[Key("sink_written", (("sink", "(removed)"),))] == 5
    assert totals[Key("received_messages")] == 7


def test_new_sources_are_bound_and_old_ones_released_only_at_the_end(bench):
    old, new = Source("old"), Source("new")
    one = bench(sources=[old])
    one.ask()
    one.compiles(sources=(new,))
    assert one.workers.new == {"new": [[], []]}
    assert one.listeners.names == ["old"]
    one.says("prepared", 0, 1)
    assert one.listeners.names == ["new"]
    assert not old.released
    one.says("swapped", 0, 1, pause=0)

    assert old.released


def test_what_a_kept_socket_cannot_be_brought_to_is_told(bench):
    one = bench(sources=[Source("stubborn")])
    one.reloads(sources=(Source("stubborn"),))

    assert "stubborn: that cannot be changed" in one.log
    assert "stubborn got little room" in one.log


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_wrong_configuration_is_refused_with_its_place(bench):
    one = bench()
    one.ask()
    one.compiler.answers(None, ERROR, WARNING)

    assert (one.state, one.plan.hash, one.results) == ("resting", "old", ["refused"])
    assert one.watched == [ERROR, WARNING]
    assert [problem["line"] for problem in one.heard[0]["problems"]] == [7, 3]
    assert "refused, errors: 1. Plan old stays in force." in one.log
    assert "c.yaml:7:5: error: unknown severity" in one.log


def test_of_many_problems_the_log_shows_some(bench):
    one = bench()
    one.ask()
    one.compiler.answers(None, *[ERROR] * 100)

    assert one.log.count("unknown severity") < 100
    assert "more; `collector check-config` shows all." in one.log


def test_a_port_that_is_taken_refuses_all_and_leaves_nothing_bound(bench):
    one = bench(sources=[Source("old")])
    before = free_pages(one)
    good = Source("good")
    one.ask()
    draft = one.compiles(sources=(good, Source("bad", taken=True)))

    assert (one.state, one.results) == ("resting", ["refused"])
    assert one.heard[0]["why"] == "the port is taken; stop who has it"
    assert good.released
    assert draft.closed
    assert one.listeners.names == ["old"]
    assert free_pages(one) == before


def test_a_plan_with_more_counters_than_there_is_memory_for_is_refused(bench):
    one = bench(size=64 * 1024)
    before = free_pages(one)
    one.ask()
    new = Source("new")
    draft = one.compiles(sources=(new,), keys=[Key(f"counter{number}") for number in range(10_000)])

    assert (one.state, one.results, one.plan.hash) == ("resting", ["refused"], "old")
    assert "has no room" in one.heard[0]["why"]
    assert draft.closed
    assert new.released
    assert free_pages(one) == before


@pytest.mark.parametrize("ready", [[], [1]])
def test_a_worker_that_is_unfit_refuses_all_and_the_others_forget(bench, ready):
    one = bench()
    before = free_pages(one)
    one.ask()
    draft = one.compiles()
    one.says("prepared", *ready)
    one.says("unfit", 0, why="KeyError: 'x'")

    assert (one.state, one.plan.hash, one.results) == ("resting", "old", ["refused"])
    assert one.heard[0]["why"] == "worker 0 cannot work with it: KeyError: 'x'"
    assert one.workers.orders == ["prepare", "forget", "forget"]
    assert draft.closed
    assert free_pages(one) == before
    one.says("prepared", 0, 1, number=1)
    assert one.state == "resting"


def test_a_worker_that_is_too_slow_refuses_all(bench):
    one = bench()
    one.ask()
    one.compiles()
    one.says("prepared", 0)
    one.reload.look(0.0)
    assert one.state == "preparing"
    one.reload.look(math.inf)

    assert (one.state, one.plan.hash, one.results) == ("resting", "old", ["refused"])
    assert "not ready for the new plan within 30 s" in one.heard[0]["why"]


# --- deaths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ready", [[], [0], [1]])
def test_a_worker_that_dies_while_it_prepares_has_all_done_again(bench, ready):
    one = bench()
    before = free_pages(one)
    one.ask()
    draft = one.compiles()
    one.says("prepared", *ready)
    one.reload.lost(0)
    assert (one.state, one.heard, draft.closed) == ("resting", [], True)
    assert free_pages(one) == before
    one.reload.look(0.0)
    assert (one.state, one.compiler.begun) == ("compiling", 2)
    one.compiles()
    one.says("prepared", 0, 1)
    one.says("swapped", 0, 1, pause=0)

    assert one.results == ["in force"]


def test_a_plan_of_which_workers_die_again_and_again_is_refused(bench):
    one = bench()
    one.ask()
    for _ in range(3):
        one.reload.look(0.0)
        one.compiles()
        one.reload.lost(1)
    one.reload.look(0.0)

    assert (one.state, one.compiler.begun, one.results) == ("resting", 3, ["refused"])
    assert one.heard[0]["why"] == "3 workers died while they prepared it"
    one.reloads()
    assert one.results == ["refused", "in force"]


def test_a_worker_that_was_not_told_may_die_meanwhile(bench):
    one = bench()
    one.workers.at_work = {0}
    one.ask()
    one.compiles()
    one.reload.lost(1)

    assert one.state == "preparing"


def test_a_worker_that_dies_while_it_swaps_is_not_waited_for(bench):
    one = bench()
    one.ask()
    one.compiles()
    one.says("prepared", 0, 1)
    one.says("swapped", 0, pause=0.001)
    one.reload.lost(1)

    assert (one.state, one.plan.hash, one.results) == ("resting", "new", ["in force"])


def test_a_worker_that_does_not_swap_in_time_is_killed(bench):
    one = bench()
    one.ask()
    one.compiles()
    one.says("prepared", 0, 1)
    one.says("swapped", 0, pause=0.001)
    one.reload.look(1e12)
    assert one.workers.killed == {1}
    one.reload.lost(1)

    assert one.results == ["in force"]


def test_a_death_while_it_compiles_or_rests_is_nothing_to_it(bench):
    one = bench()
    one.reload.lost(0)
    assert one.state == "resting"
    one.ask()
    one.reload.lost(0)

    assert one.state == "compiling"


# --- asked at any time ------------------------------------------------------------------------------------------------


def test_all_who_ask_meanwhile_get_the_answer_of_one_more_time(bench):
    one = bench()
    one.ask()
    for _ in range(30):
        one.ask()
    one.compiler.answers(None, ERROR)
    assert one.results == ["refused"]
    one.reload.look(0.0)
    one.compiles()
    one.says("prepared", 0, 1)
    one.says("swapped", 0, 1, pause=0)

    assert one.results == ["refused"] + ["in force"] * 30
    one.reload.look(0.0)
    assert (one.state, one.compiler.begun) == ("resting", 2)


def test_nothing_is_begun_before_every_worker_has_been_ready_once(bench):
    one = bench()
    one.workers.booted = False
    one.ask()
    one.reload.look(0.0)
    assert (one.state, one.compiler.begun) == ("resting", 0)
    one.workers.booted = True
    one.reload.look(0.0)

    assert one.state == "compiling"


def test_what_a_worker_says_of_an_earlier_plan_is_not_heard(bench):
    one = bench()
    one.reloads("first")
    one.ask()
    one.compiles("second", outline=OUTLINE)
    one.says("prepared", 0, 1, number=1)
    one.says("unfit", 0, number=1, why="x")

    assert one.state == "preparing"


# --- the service ends -------------------------------------------------------------------------------------------------


def test_when_the_service_ends_nothing_more_comes_into_force(bench):
    one = bench()
    one.ask()
    one.ask()
    draft = one.compiles()
    one.reload.stop()
    assert one.compiler.stopped
    assert draft.closed
    one.says("prepared", 0, 1, number=1)
    one.ask()
    one.reload.look(0.0)

    assert (one.state, one.plan.hash, one.compiler.begun) == ("resting", "old", 1)
    assert one.results == ["refused"] * 3
    assert one.heard[0]["why"] == "the service ends"


def test_when_the_service_ends_while_workers_swap_they_go_on(bench):
    one = bench()
    one.ask()
    one.compiles()
    one.says("prepared", 0, 1)
    one.reload.stop()
    assert one.heard == []
    one.says("swapped", 0, 1, pause=0)

    assert (one.results, one.plan.hash) == (["in force"], "new")


def test_the_memory_of_counters_is_given_back(bench):
    one = bench()
    one.reloads("0", outline=OUTLINE)
    before = free_pages(one)
    for number in range(1, 50):
        one.reloads(str(number), outline=OTHER if number % 2 else OUTLINE)

    assert free_pages(one) == before


RULES = Outline({}, {}, (), {}, {"rule a": {}, "rule b": {}})


def test_a_plan_that_takes_all_rules_away_is_told_loudly(bench):
    one = bench()
    one.reloads("rules", outline=RULES)
    assert "No rule is left" not in one.log

    one.reloads("none", outline=OUTLINE)
    assert "No rule is left in force: before, there were 2." in one.log
