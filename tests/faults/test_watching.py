"""Whatever dies, fills up or goes away between a line and its alert: nothing is lost, raised twice or kept silent."""

import os
import random
import shutil
import signal
import subprocess
from datetime import UTC, datetime

import pytest
from observing import processes_of_session, until
from rule_rig import Said, run
from service_under_test import Services
from watched import CONFIG, delivered, now, watched, watcher

from collector.service.status import render

RULES = r"""
rules:
  - id: each
    kind: match
    on: {re: 'number (?P<number>[0-9]+) is bad'}
    limit: {by: [hostname], every: 7}
    alert: {title: "{{ number }}"}
    do: log
  - id: spray
    kind: threshold
    on: {re: 'Failed password for (?P<user>\S+) from (?P<ip>\S+)'}
    by: ip
    within: 1h
    count: {distinct: user, gte: 3}
    alert: {severity: high, title: "{{ ip }} tried {{ count }} users"}
    do: log
  - id: burst
    kind: threshold
    on: {text: is bad}
    by: hostname
    within: 1h
    window: anchored
    count: 50
    alert: {title: "{{ hostname }} {{ count }}"}
    do: log
"""


ONE_WORKER = CONFIG.replace("workers: 2", "workers: 1")
"""One connection and one worker: the order is that of the lines."""


class Traffic:
    """Lines as they were sent, and the alerts that an engine raises for them that nobody disturbs."""

    def __init__(self):
        self.random = random.Random(4)
        self.stamp = now()
        self.sent = []

    def lines(self, number):
        """So many more, as bytes."""
        some = [self._line() for _ in range(number)]
        self.sent += some
        return b"".join(f"<38>{self.stamp} {host} app: {text}\n".encode() for host, text in some)

    def _line(self):
        host, kind = self.random.choice(("gate", "door", "wall")), self.random.random()
        if kind < 0.5:
            return host, f"number {self.random.randrange(40)} is bad"
        if kind < 0.7:
            return host, f"Failed password for u{self.random.randrange(9)} from 192.0.2.{self.random.randrange(99)}"
        return host, "nothing to see"

    def alerts(self):
        year = datetime.now(UTC).year
        time = datetime.strptime(f"{year} {self.stamp}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC).timestamp()
        said = [Said(f"{self.stamp} {host} app: {text}", time, hostname=host) for host, text in self.sent]
        return {alert.id: alert.title for alert in run(RULES.replace("do: log", "do: ops"), said)}


def kill(service, name):
    """Death, and the start of another; the service itself is started anew by whoever calls."""
    if name == "supervisor":
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()
        service.stopped = True
        until(lambda: not processes_of_session(service.process.pid))
        return
    before = service.workers() if name == "worker" else watcher(service)[name]
    os.kill(before[0] if name == "worker" else before, signal.SIGKILL)
    if name == "worker":
        until(lambda: service.is_whole() and service.workers() != before)
    else:
        until(lambda: watcher(service)[name] not in {0, before})


def restarted(serve, service):
    return serve((service.folder / "collector.yaml").read_text())


def comes_to(service, expected):
    """All these alerts, at least once, and no others."""
    until(lambda: {alert["id"] for alert in delivered(service)} >= expected.keys())
    until(lambda: watcher(service).get("alerts") == len(expected))
    assert {alert["id"]: alert["title"] for alert in delivered(service)} == expected


@pytest.mark.parametrize(
    "victims", [("correlator", "dispatcher", "correlator"), ("supervisor", "worker", "correlator")], ids="-".join
)
def test_the_alerts_are_those_of_an_undisturbed_engine_whoever_is_killed(serve, victims):
    traffic = Traffic()
    service = watched(serve, RULES, ONE_WORKER)
    counted = 0
    for victim in victims:
        with service.connect() as connection:
            for _ in range(5):
                connection.sendall(traffic.lines(100))
        counted += 500
        if victim in {"worker", "supervisor"}:  # what a worker has not counted yet may go with it, and is counted so
            service.counts(counted)
        kill(service, victim)
        if victim == "supervisor":
            service, counted = restarted(serve, service), 0

    expected = traffic.alerts()
    assert len(expected) > 100
    comes_to(service, expected)


EACH = r"""
rules:
  - id: each
    kind: match
    on: {re: 'number (?P<number>[0-9]+) is bad'}
    alert: {title: "{{ number }}"}
    do: log
"""


def bad(*numbers):
    return b"".join(f"<13>{now()} gate app: number {number} is bad\n".encode() for number in numbers)


def titles(service):
    return [alert["title"] for alert in delivered(service)]


def says_in_the_end(service, *numbers):
    until(lambda: set(titles(service)) >= {str(number) for number in numbers})


@pytest.fixture(scope="module")
def small_disk():
    """``small_disk(folder)`` puts a file system of 16 MiB there."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    mounted = []

    def mount(folder):
        folder.mkdir(parents=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False).returncode:
            pytest.skip("no right to mount here")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


PARTS = ("worker-0", "order", "alerts")


@pytest.fixture(scope="module")
def cramped(serve_all, small_disk):
    """A service of which each part of the journals has a small disk of its own."""
    for part in PARTS:
        small_disk(serve_all.folder / "state/journal" / part)
    return watched(serve_all, EACH, ONE_WORKER)


def fill(folder):
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


LONG = " " + "x" * 4000


def long_bad(*numbers):
    return b"".join(f"<13>{now()} gate app: number {number} is bad{LONG}\n".encode() for number in numbers)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("worker-0", "journal/worker-0: No space left on device; what rules would have seen is lost, and counted"),
        ("order", "journal/order: No space left on device. Alerts go on"),
        ("alerts", "journal/alerts: No space left on device. Alerts wait"),
    ],
)
def test_without_room_lines_are_stored_it_is_said_with_a_cure_and_goes_on_by_itself(cramped, part, said):
    goes_on_without_room(cramped, part, said, 100_000 * PARTS.index(part))


def test_without_room_for_a_snapshot_it_is_the_same(serve, small_disk):
    small_disk(serve.folder / "state/journal/snapshots")
    service = watched(serve, EACH, ONE_WORKER)  # one that is saved soon: later it is every ten seconds
    goes_on_without_room(service, "snapshots", "The state of rules cannot be saved: No space left on device", 0)


def goes_on_without_room(service, part, said, first):
    folder, stored, sent = service.folder / "state/journal" / part, service.count("sink_written"), [first]
    service.tcp(bad(*sent))
    says_in_the_end(service, *sent)
    fill(folder)

    def is_told():  # a page that was begun has room for many
        sent.append(sent[-1] + 1)
        service.tcp(long_bad(sent[-1]))
        return said in service.said()

    until(is_told)
    service.counts(stored + len(sent), "sink_written")
    (folder / "filler").unlink()
    if part == "worker-0":
        service.hears("The journal of worker 0 can be written again; batches that rules have not seen: [1-9]")
        sent = [sent[0], sent[-1] + 1]
        service.tcp(bad(sent[-1]))
        assert service.count("journal_dropped", reason="write_error") > 0
    says_in_the_end(service, *sent)
    assert service.said().count(said) == 1
    assert len(titles(service)) == len(set(titles(service)))


def test_alerts_that_wait_for_room_survive_a_restart(serve, small_disk):
    folder = serve.folder / "state/journal/alerts"
    small_disk(folder)
    service = watched(serve, EACH, ONE_WORKER)
    service.tcp(bad(1))
    says_in_the_end(service, 1)
    fill(folder)
    service.tcp(*(long_bad(number) for number in range(2, 9)))
    until(lambda: watcher(service)["alerts_wait"])
    service.stop()
    (folder / "filler").unlink()
    service = restarted(serve, service)

    says_in_the_end(service, *range(1, 9))
    assert len(titles(service)) == 8


def test_a_correlator_that_stands_still_costs_the_oldest_entries_and_nothing_else(serve):
    few = EACH.replace("    alert:", "    limit: {by: [number], first: 1, per: 1h}\n    alert:")
    service = watched(serve, few, ONE_WORKER + "journal: {max_size: 32MiB}\n")
    service.tcp(bad(1))
    says_in_the_end(service, 1)
    pid = watcher(service)["correlator"]
    os.kill(pid, signal.SIGSTOP)
    sent = 1
    while not service.count("journal_dropped", reason="full"):
        service.tcp(long_bad(2) * 500)
        sent += 500
    service.counts(sent, "sink_written")
    service.hears("The journal of worker 0 is full: the oldest")
    until(lambda: watcher(service)["silent_seconds"] > 3)
    assert "rules stand still" in render(service.status())
    os.kill(pid, signal.SIGCONT)
    service.tcp(bad(3))

    until(lambda: watcher(service)["lost"])
    says_in_the_end(service, 3)


def test_a_state_folder_that_somebody_removes_is_made_again(serve):
    service = watched(serve, EACH, ONE_WORKER)
    service.tcp(bad(1))
    says_in_the_end(service, 1)
    shutil.rmtree(service.folder / "state" / "journal")
    until((service.folder / "state/journal/worker-0").exists)
    service.tcp(bad(2))

    says_in_the_end(service, 2)
    service.stop()
    service = restarted(serve, service)
    service.tcp(bad(3))
    says_in_the_end(service, 3)


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """The folder of a service that has raised alerts and was stopped."""
    services = Services(tmp_path_factory.mktemp("left"))
    service = watched(services, RULES, ONE_WORKER)
    traffic = Traffic()
    service.tcp(traffic.lines(200))
    comes_to(service, traffic.alerts())
    services.end()
    return service.folder


@pytest.mark.parametrize("part", ["snapshots/*.state", "order/*.v1", "worker-0/*.v1", "alerts/*.v1", "*/*.position"])
def test_damaged_files_are_told_and_passed_over(serve, left_behind, part):
    shutil.copytree(left_behind, serve.folder, dirs_exist_ok=True)
    for path in (serve.folder / "state/journal").glob(part):
        data = bytearray(path.read_bytes())
        for at in range(len(data) // 3, len(data), max(1, len(data) // 7)):
            data[at] ^= 0xFF
        path.write_bytes(data)
    service = serve(ONE_WORKER)
    service.tcp(b"<13>Jul 23 15:54:31 new app: number 1 is bad\n" * 50)

    until(lambda: "new 50" in titles(service))
