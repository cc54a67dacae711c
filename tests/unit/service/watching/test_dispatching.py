"""The dispatcher as a process of its own, between a real journal and real destinations."""

import json
import os
import pickle
import signal
import time
from functools import partial

import pytest
from alerting import alert, destination
from http_server import Site
from nest_rig import Rig
from observing import until

from collector.service.companion import Companion
from collector.service.watching.dispatching import run_dispatcher
from collector.service.watching.places import DISPATCHER, alerts_folder, deliveries_folder
from collector.service.watching.plan import ActionsPlan
from collector.sinks.journal import Bell, JournalWriter
from collector.sinks.journal.positions import PositionFile

HANGS = "{exec: [/bin/sleep, '60'], timeout: 1m}"


class Bench:
    """
    ``texts`` are destinations by label; ``heard`` is what the process says last of them, and ``reports`` all it said.
    """

    def __init__(self, folder, texts):
        self.folder = str(folder)
        self.heard, self.logged, self.reports = {}, [], []
        self.bell = Bell()
        self.writer = JournalWriter(alerts_folder(self.folder), bell=self.bell)
        self.rig = Rig()
        work = partial(run_dispatcher, self.plan(texts), self.bell)
        self.companion = Companion("dispatcher", work, self._hear, self.rig.nest)
        self.rig.looked_after.append(self.companion)
        self.companion.start()

    def plan(self, texts):
        destinations = {label: destination(text, label=label) for label, text in texts.items()}
        return pickle.dumps(ActionsPlan(destinations, None, self.folder))

    def _hear(self, message):
        if "destinations" in message:
            self.heard = message["destinations"]
            self.reports.append(self.heard)
        else:
            self.logged.append(message)

    def give(self, *numbers, to=("here",)):
        for number in numbers:
            self.writer.append(alert(id=str(number), destinations=to).encode())

    def sent(self, label, number):
        return self.rig.until(lambda: self.heard.get(label, {}).get("sent") == number)

    def committed(self):
        kept = PositionFile(alerts_folder(self.folder), DISPATCHER)
        kept.close()
        return kept.place.position

    def close(self):
        self.companion.stop()
        self.rig.selector.close()
        self.writer.close()
        self.bell.close()


@pytest.fixture
def bench(closing, tmp_path):
    return lambda **texts: closing(Bench(tmp_path / "journal", texts))


def lines(path):
    return [json.loads(line)["id"] for line in path.read_text().splitlines()] if path.exists() else []


def test_alerts_of_the_journal_reach_their_destination_and_are_committed(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(*range(100))
    one.sent("here", 100)
    one.rig.until(lambda: one.committed() == one.writer.place.position)

    assert lines(tmp_path / "alerts") == [str(number) for number in range(100)]


def test_an_alert_is_on_its_way_as_soon_as_it_is_journalled(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(0)
    one.sent("here", 1)
    delays = []
    for number in range(1, 30):
        started = time.monotonic()
        one.give(number)
        while len(lines(tmp_path / "alerts")) <= number:
            assert time.monotonic() < started + 10
        delays.append(time.monotonic() - started)

    assert sorted(delays)[len(delays) // 2] < 0.1


def test_kill_loses_nothing_and_repeats_at_most_what_was_not_saved(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(*range(50))
    one.sent("here", 50)
    one.rig.until(lambda: one.committed() == one.writer.place.position)
    for number in range(50, 80):
        one.give(number)
        if number % 10 == 0:
            one.rig.until(lambda: one.companion.pid)
            os.kill(one.companion.pid, signal.SIGKILL)
    one.rig.until(lambda: one.committed() == one.writer.place.position)

    found = lines(tmp_path / "alerts")
    assert sorted(set(found), key=int) == [str(number) for number in range(80)]
    assert found[:50] == [str(number) for number in range(50)]


def test_a_burst_is_delivered_whole_however_short_the_queue_and_whenever_it_is_killed(bench, tmp_path):
    one = bench(here=f"{{file: {tmp_path}/alerts, queue: 10}}", other=f"{{file: {tmp_path}/other, queue: 10}}")
    one.rig.until(lambda: one.companion.pid)
    one.give(*range(1000), to=("here", "other"))
    os.kill(one.companion.pid, signal.SIGKILL)
    one.give(*range(1000, 2000), to=("here",))
    one.rig.until(lambda: one.heard.get("here", {}).get("sent", 0) > 200)
    os.kill(one.companion.pid, signal.SIGKILL)
    one.rig.until(lambda: one.committed() == one.writer.place.position)

    assert set(lines(tmp_path / "alerts")) == {str(number) for number in range(2000)}
    assert set(lines(tmp_path / "other")) == {str(number) for number in range(1000)}
    assert not (tmp_path / "journal" / "deliveries" / "dead-letters.jsonl").exists()


def test_counters_never_go_back_when_it_is_killed(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts", gone="{exec: [/bin/false], retry: {give_up: 0}}", wait=HANGS)
    for number in range(40):
        one.give(number, to=("here", "gone", "wait"))
        if number in {17, 37}:
            one.rig.until(lambda number=number: one.heard.get("here", {}).get("sent", 0) > number / 2)
            os.kill(one.companion.pid, signal.SIGKILL)
    one.sent("here", 40)
    one.rig.until(lambda: one.heard["gone"]["dead"] == 40)

    for label in ("here", "gone", "wait"):
        for name in ("queued", "sent", "dead"):
            values = [report[label][name] for report in one.reports]
            assert values == sorted(values), (label, name)
        assert all(_balance(report[label]) == 0 for report in one.reports)
    assert one.heard["wait"]["queued"] == one.heard["wait"]["pending"] == 40


def _balance(counts):
    return counts["queued"] - counts["sent"] - counts["dead"] - counts["pending"] - sum(counts["dropped"].values())


def test_a_program_that_hangs_holds_up_nobody_and_can_be_stopped_by_signals(bench, tmp_path):
    script = tmp_path / "hang"
    script.write_text(
        f"#!/bin/sh\ntrap 'echo asked >> {tmp_path}/log; exit 1' TERM\necho $$ > {tmp_path}/pid\nsleep 60 & wait\n"
    )
    script.chmod(0o755)
    one = bench(hang=f"{{exec: [{script}], timeout: 300ms, retry: {{give_up: 0}}}}", here=f"file: {tmp_path}/alerts")
    one.give(*range(20), to=("hang", "here"))
    one.sent("here", 20)
    one.rig.until(lambda: one.heard["hang"]["dead"])

    assert (tmp_path / "log").read_text().startswith("asked")
    assert "did not end within 300ms" in one.logged[-1]["message"]


def test_the_destinations_can_change(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(1)
    one.sent("here", 1)
    memory = os.memfd_create("actions")
    with os.fdopen(memory, "wb") as file:
        file.write(one.plan({"here": f"file: {tmp_path}/other"}))
        file.flush()
        one.companion.tell({"do": "actions"}, (memory,))
    one.give(2)
    one.sent("here", 2)

    assert (lines(tmp_path / "alerts"), lines(tmp_path / "other")) == (["1"], ["2"])


def test_when_its_end_is_wanted_it_finishes_what_was_journalled(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(1)
    one.sent("here", 1)
    one.give(*range(2, 500))
    one.companion.finish(10)

    assert lines(tmp_path / "alerts") == [str(number) for number in range(1, 500)]
    assert one.committed() == one.writer.place.position


def test_it_finishes_also_when_nobody_has_heard_what_it_said(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(1)
    until(lambda: lines(tmp_path / "alerts") == ["1"])  # by then it has reported
    one.give(2)
    one.companion.finish(10)

    assert lines(tmp_path / "alerts") == ["1", "2"]
    assert one.committed() == one.writer.place.position


def test_a_webhook_that_is_away_for_a_while_gets_everything_in_order(bench, closing):
    site = closing(Site((503, {}), (503, {}), (200, {})))
    one = bench(chat=f"{{webhook: 'http://localhost:{site.port}/', retry: {{first: 100ms}}}}")
    one.give(1, 2, 3, to=("chat",))
    one.sent("chat", 3)
    asked = [json.loads(content)["id"] for *_, content in site.requests]

    assert asked == ["1", "1", "1", "2", "3"]
    assert one.heard["chat"]["failed"] == {"http_503": 2}


def test_its_state_is_for_the_service_alone(bench, tmp_path):
    one = bench(here=f"file: {tmp_path}/alerts")
    one.give(1)
    state = f"{deliveries_folder(one.folder)}/dispatcher.json"
    one.rig.until(lambda: os.path.exists(state))

    assert os.stat(state).st_mode & 0o077 == 0


def test_a_cap_is_exact_whenever_it_is_killed(bench, tmp_path):
    one = bench(here=f"{{file: {tmp_path}/alerts, cap: {{alerts: 5, per: 3s}}}}")
    for number in range(60):
        one.give(number)
        if number % 15 == 7:
            one.rig.until(lambda: one.companion.pid)
            os.kill(one.companion.pid, signal.SIGKILL)

    def entries():
        text = (tmp_path / "alerts").read_text() if (tmp_path / "alerts").exists() else ""
        return {entry["id"]: entry for entry in map(json.loads, text.splitlines())}

    def total():
        return sum(entry["count"] if entry["summary"] else 1 for entry in entries().values())

    one.rig.until(lambda: total() == 60 and one.committed() == one.writer.place.position)
    assert sum(entry["summary"] for entry in entries().values()) >= 1
