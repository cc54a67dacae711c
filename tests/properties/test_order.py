"""A correlator that is killed between any two steps: each entry counts once, and no alert is lost or contradicted."""

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from journal_rig import abandon, everything, killed_at

from collector.service.watching.order import Noted, Order
from collector.service.watching.snapshot import Snapshots
from collector.sinks.journal import JournalReader, JournalWriter

WORKERS = 2
PLANS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, WORKERS - 1), st.integers(0, 9)),
        st.tuples(st.just("append"), st.integers(0, WORKERS - 1), st.integers(0, 9)),
        st.tuples(st.just("work"), st.integers(1, 100)),
        st.tuples(st.just("note")),
        st.tuples(st.just("save")),
        st.tuples(st.just("killed at work"), st.integers(1, 100), st.integers(0, 8), st.integers(0, 120)),
        st.tuples(st.just("killed at a note"), st.integers(0, 2), st.integers(0, 120)),
        st.tuples(st.just("killed at saving"), st.integers(0, 12), st.integers(0, 120)),
        st.tuples(st.just("killed at the start"), st.integers(0, 12), st.integers(0, 120)),
        st.tuples(st.just("damage")),
    ),
    max_size=25,
)


class Correlator:
    """Its state is all it ever took, in order; every step raises an alert that tells that state."""

    def __init__(self, folder):
        self.folder = folder
        self.state = []
        self.ends = []
        self.snapshots = Snapshots(str(folder / "state"), lambda *_: None)
        snapshot = self.snapshots.load()
        folders = {f"worker-{number}": str(folder / f"worker-{number}") for number in range(WORKERS)}
        self.order = Order(str(folder / "order"), folders, json.loads, lambda entry: entry["time"], lambda *_: None)
        self.alerts = JournalWriter(str(folder / "alerts"))
        if snapshot is not None:
            self.state = snapshot.state
            self.order.resume(snapshot.places)
        while self.order.replaying:
            self.work(50)

    def work(self, limit):
        for step in self.order.take(limit):
            self.state.append(step.value if isinstance(step, Noted) else step.entry["id"])
            self.alert()

    def alert(self):
        self.alerts.append(json.dumps([len(self.state), hash(tuple(self.state))]).encode())

    def note(self, value):
        self.order.note(value)
        self.state.append(value)
        self.alert()

    def save(self):
        self.snapshots.begin(lambda: self.state, self.order.places)
        outcome = self.snapshots.close()
        if outcome.passed:
            self.order.commit(outcome.passed)

    def die(self):
        order = getattr(self, "order", None)
        if order:
            lanes = [lane.reader for lane in order._lanes.values()]
            abandon(order._log, order._past, *lanes)
        if hasattr(self, "alerts"):
            abandon(self.alerts)
        if hasattr(self, "snapshots"):
            self.snapshots.close()


class World:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp())
        self.workers = [JournalWriter(str(self.folder / f"worker-{number}")) for number in range(WORKERS)]
        self.appended = [[] for _ in range(WORKERS)]
        self.notes = 0
        self.correlator = Correlator(self.folder)

    def do(self, step, *arguments):
        getattr(self, step.replace(" ", "_"))(*arguments)

    def append(self, worker, time):
        name = f"{worker}.{len(self.appended[worker])}"
        self.appended[worker].append(name)
        self.workers[worker].append(json.dumps({"id": name, "time": time}).encode())

    def work(self, limit):
        self.correlator.work(limit)

    def note(self):
        self.notes += 1
        self.correlator.note(f"note {self.notes}")

    def save(self):
        self.correlator.save()

    def killed_at_work(self, limit, step, cut):
        with killed_at(step, cut):
            self.correlator.work(limit)
        self.restart()

    def killed_at_a_note(self, step, cut):
        self.notes += 1
        with killed_at(step, cut):
            self.correlator.note(f"note {self.notes}")
        self.restart()

    def killed_at_saving(self, step, cut):
        with killed_at(step, cut):
            self.correlator.save()
        self.restart()

    def killed_at_the_start(self, step, cut):
        self.correlator.die()
        half_way = Correlator.__new__(Correlator)
        with killed_at(step, cut):
            half_way.__init__(self.folder)
        half_way.die()
        self.correlator = Correlator(self.folder)

    def damage(self):
        """The newest snapshot, when there is one before it."""
        files = sorted((self.folder / "state").glob("*.state"))
        if len(files) > 1:
            os.truncate(files[-1], 20)
        self.restart()

    def restart(self):
        self.correlator.die()
        self.correlator = Correlator(self.folder)

    def close(self):
        self.correlator.die()
        for worker in self.workers:
            worker.close()
        shutil.rmtree(self.folder)


@given(plan=PLANS)
def test_whenever_it_is_killed_each_entry_counts_once_and_alerts_are_those_of_one_life(plan):
    world = World()
    with contextlib.closing(world):
        for step in plan:
            world.do(*step)
        while (before := len(world.correlator.state)) is not None:
            world.correlator.work(1 << 20)
            if len(world.correlator.state) == before:
                break
        state = world.correlator.state
        reader = JournalReader(str(world.folder / "alerts"))
        alerts = [tuple(json.loads(payload)) for payload in everything(reader)]
        reader.close()

    for worker, appended in enumerate(world.appended):
        assert [name for name in state if name.startswith(f"{worker}.")] == appended
    expected = {(length, hash(tuple(state[:length]))) for length in range(1, len(state) + 1)}
    assert set(alerts) == expected
