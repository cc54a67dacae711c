import io
import math
import signal

import pytest

from collector.metrics import Board, Key, Layout
from collector.service.ownlog import OwnLog
from collector.service.workers import HANGS, RESTARTS, Timing, Workers


class Process:
    """Stands for a process: ``die`` is what the next ``poll`` finds."""

    def __init__(self, number):
        self.number, self.pid, self.ready, self.booted = number, 0, False, False
        self.status = None
        self.told = []

    def __str__(self):
        return f"Worker {self.number} (pid {self.pid})"

    def adopt(self, pid, _link):
        self.pid, self.ready = pid, False

    def boot(self):
        self.ready = self.booted = True

    def die(self, status):
        self.status = status

    def poll(self):
        status, self.status = self.status, None
        if status is not None:
            self.pid, self.ready = 0, False
        return status

    def tell(self, command, _descriptors=()):
        self.told.append(command)
        return True

    def kill(self):
        if self.pid:
            self.die(-signal.SIGKILL)


class Service:
    def __init__(self, count=1, **timing):
        self.processes = [Process(number) for number in range(count)]
        self.board = Board(Layout([Key("received_messages"), RESTARTS, HANGS]), count + 1)
        self.counts = self.board.slot(count)
        self.stream = io.StringIO()
        self.started = []
        log = OwnLog(self.stream, journal=True)
        self.workers = Workers(self.processes, self.start, self.board, self.counts, log, Timing(**timing))

    def start(self, number):
        self.started.append(number)
        return 100 + len(self.started), None

    def begin(self, now=0.0):
        self.workers.start_due(now)
        for process in self.processes:
            process.boot()
        return self

    @property
    def log(self):
        return self.stream.getvalue().splitlines()

    def count(self, key):
        self.counts.publish()
        return self.board.totals()[key]


def test_all_are_started_at_the_beginning():
    service = Service(count=3)
    service.workers.start_due(0.0)

    assert service.started == [0, 1, 2]
    assert service.workers.alive
    assert not service.workers.ready
    service.processes[0].boot()
    service.processes[1].boot()
    assert not service.workers.ready
    service.processes[2].boot()
    assert service.workers.ready


def test_the_wait_doubles_up_to_its_limit_and_is_over_after_a_long_life():
    service = Service().begin()
    (process,) = service.processes
    waits, now = [], 0.0
    for lived in (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 60.0, 0.5):
        now += lived
        process.die(1)
        service.workers.reap(now)
        waits.append(round(service.workers.next_due - now, 3))
        now = service.workers.next_due
        service.workers.start_due(now)
        process.boot()

    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 0.0, 0.1]
    assert service.count(RESTARTS) == 10
    assert not service.workers.failed


def test_nobody_is_started_before_the_time():
    service = Service().begin()
    service.processes[0].die(1)
    service.workers.reap(1.0)
    service.workers.start_due(1.05)
    assert service.started == [0]
    assert service.workers.next_due == pytest.approx(1.1)
    service.workers.start_due(1.11)

    assert service.started == [0, 0]
    assert service.workers.next_due == math.inf


@pytest.mark.parametrize(
    ("status", "unknown", "text"),
    [
        (-9, 0, "Worker 0 (pid 101) was killed by SIGKILL."),
        (-11, 1500, "Worker 0 (pid 101) was killed by SIGSEGV while it worked on 1,500 messages, which may or may not"),
        (-9, 1, "Worker 0 (pid 101) was killed by SIGKILL while it worked on 1 message, which may or may not"),
        (3, 0, "Worker 0 (pid 101) ended with status 3."),
        (0, 0, "Worker 0 (pid 101) ended with status 0."),
    ],
)
def test_a_death_is_told_with_its_cause(status, unknown, text):
    service = Service().begin()
    service.board.slot(0).begin(unknown, 0)
    service.processes[0].die(status)
    service.workers.reap(1.0)

    assert service.log[0].startswith(f"<3>{text}")
    assert service.log[0].endswith(" It is started again in 0.1 s.")


def test_one_that_never_was_ready_is_a_failure():
    service = Service(count=2)
    service.workers.start_due(0.0)
    service.processes[1].boot()
    service.processes[0].die(1)
    service.workers.reap(0.1)

    assert service.workers.failed
    assert service.log == ["<3>Worker 0 (pid 101) ended with status 1 before it was ready. Giving up."]


def test_one_that_was_ready_once_may_fail_to_boot_later():
    service = Service().begin()
    service.processes[0].die(1)
    service.workers.reap(1.0)
    service.workers.start_due(2.0)
    service.processes[0].die(1)
    service.workers.reap(2.1)

    assert not service.workers.failed
    assert service.workers.next_due == pytest.approx(2.3)


def test_no_process_to_be_had_is_told_and_tried_again(monkeypatch):
    service = Service()
    monkeypatch.setattr(service.workers, "_start", lambda _: (_ for _ in ()).throw(BlockingIOError(11, "No room")))
    service.workers.start_due(0.0)

    assert service.log == ["<3>Worker 0 (pid 0) cannot be started: No room."]
    assert service.workers.next_due == pytest.approx(0.1)


def beat(service, now):
    for process in service.processes:
        service.board.slot(process.number).heartbeat = now


def test_silence_is_noticed_after_its_time_and_counted():
    service = Service().begin()
    for second in range(1, 31):
        beat(service, 1.0)
        service.workers.watch(elapsed=1.0)
        assert service.processes[0].status is None, second
    service.workers.watch(elapsed=1.0)

    assert service.processes[0].status == -signal.SIGKILL
    assert service.count(HANGS) == 1
    assert service.log == ["<3>Worker 0 (pid 101) gave no sign of life for 30 s and is killed."]


def test_a_sign_of_life_begins_the_time_anew():
    service = Service().begin()
    for second in range(1000):
        if second % 29 == 0:
            beat(service, float(second + 1))
        service.workers.watch(elapsed=1.0)

    assert service.count(HANGS) == 0
    assert service.workers.well


def test_a_pause_of_the_whole_service_is_no_silence():
    service = Service().begin()
    beat(service, 1.0)
    service.workers.watch(elapsed=1.0)
    service.workers.watch(elapsed=3600.0)

    assert service.count(HANGS) == 0


def test_all_is_well_only_while_everybody_is_there():
    service = Service(count=2)
    assert not service.workers.well
    service.begin()
    assert service.workers.well
    service.processes[1].die(1)
    service.workers.reap(1.0)
    assert not service.workers.well


def test_finishing_tells_everybody_and_starts_nobody():
    service = Service(count=2, drain=7.0).begin()
    service.workers.finish()
    for process in service.processes:
        assert process.told == [{"do": "drain", "deadline": 7.0}]
        process.die(0)
    service.workers.reap(1.0)
    service.workers.start_due(100.0)

    assert service.started == [0, 1]
    assert (service.workers.alive, service.workers.failed, service.log) == (False, False, [])
    assert service.workers.next_due == math.inf


def test_one_that_ends_badly_while_finishing_is_a_failure():
    service = Service().begin()
    service.workers.finish()
    service.processes[0].die(-9)
    service.workers.reap(1.0)

    assert service.workers.failed
    assert service.log == ["<3>Worker 0 (pid 101) was killed by SIGKILL."]


def test_the_report_has_an_entry_per_slot():
    service = Service(count=2).begin(now=10.0)
    service.processes[1].die(1)
    service.workers.reap(10.5)

    assert service.workers.report(now=12.0) == [
        {"slot": 0, "pid": 101, "alive": True, "ready": True, "restarts": 0, "heartbeat_age": 2.0},
        {"slot": 1, "pid": None, "alive": False, "ready": False, "restarts": 1, "heartbeat_age": 2.0},
    ]
