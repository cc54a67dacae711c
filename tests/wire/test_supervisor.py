import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from observing import DEADLINE, processes_of_session, until

from collector.metrics import Key
from collector.service.account import from_json
from collector.service.control import CLIENTS, request

PROGRAM = Path(__file__).parent / "fake_service.py"
ROOT = PROGRAM.parents[2]
SOURCE = (("source", "udp 127.0.0.1"),)


class Service:
    """A running service: what it says, what it wrote, what it counts."""

    def __init__(self, folder, environ, **options):
        self.folder = folder
        self.said = folder / f"stderr-{time.monotonic_ns()}"
        with self.said.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", str(PROGRAM), json.dumps({"folder": str(folder), **options})],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
            )  # fmt: skip

    def hears(self, pattern):
        return until(lambda: re.search(pattern, self.said.read_text()))

    @property
    def port(self):
        return int(self.hears(r"Listening on udp 127\.0\.0\.1:(\d+)")[1])

    def send(self, *datagrams):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", self.port))

    def ask(self, question="status"):
        return request(str(self.folder / "control.sock"), {"ask": question})

    def counter(self, name, labels=()):
        return from_json(self.ask()["counters"])[Key(name, labels)]

    def pids(self):
        return [worker["pid"] for worker in self.ask()["workers"]]

    def is_ready(self):
        return all(worker["ready"] for worker in self.ask()["workers"])

    def has_written(self, *lines):
        return until(lambda: (self.folder / "out").read_bytes().split(b"\n")[:-1] == list(lines))

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)

    def is_gone(self):
        return until(lambda: not processes_of_session(self.process.pid))


@pytest.fixture
def start(tmp_path):
    services = []

    def begin(environ=None, folder=tmp_path, **options):
        services.append(Service(folder, environ or {}, **options))
        return services[-1]

    yield begin
    left = [pid for service in services for pid in processes_of_session(service.process.pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    for service in services:
        service.process.wait(DEADLINE)
    assert left == []


def test_it_says_what_it_is_and_where_it_listens(start, tmp_path):
    service = start(workers=2)
    port = service.port

    service.hears(rf"Collector \S+ is ready: pid {service.process.pid}, workers: 2, plan 8f3a12c0\.")
    service.hears(re.escape(f"Answering `collector status` at {tmp_path}/control.sock."))
    assert port > 1024
    assert service.stop() == 0


def test_what_arrives_is_written_and_counted(start):
    service = start()
    service.send(b"one", b"two")

    service.has_written(b"one", b"two")
    assert until(lambda: service.counter("received_messages", SOURCE) == 2)
    assert service.counter("routed_messages") == 2
    assert service.stop() == 0
    service.hears(r"Stopped: received 2 = rejected 0 \+ unrouted 0 \+ routed 2; dropped by the kernel 0\.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_writes_what_is_queued_and_leaves_no_process(start, number):
    service = start(workers=2)
    lines = [f"line {number}".encode() for number in range(200)]
    service.send(*lines)

    assert service.stop(number) == 0
    assert service.has_written(*lines)
    assert service.is_gone()
    assert not (service.folder / "control.sock").exists()


def test_ctrl_c_which_reaches_every_process_of_the_group_stops_it_as_well(start):
    service = start(workers=2)
    service.send(b"last")
    os.killpg(service.process.pid, signal.SIGINT)

    assert service.process.wait(DEADLINE) == 0
    assert service.has_written(b"last")


def test_a_second_stop_signal_ends_workers_that_do_not_finish(start):
    service = start(obeys=False, timing={"drain": 60})
    service.port  # noqa: B018 - waits until it is ready
    service.process.send_signal(signal.SIGTERM)
    service.hears("SIGTERM: writing what was received")

    assert service.stop() == 1
    service.hears(r"Worker 0 \(pid \d+\) was killed by SIGKILL\.")
    assert service.is_gone()


def test_workers_that_do_not_finish_in_time_are_killed(start):
    service = start(obeys=False, timing={"drain": 0.2})
    service.port  # noqa: B018 - waits until it is ready

    assert service.stop() == 1
    service.hears(r"Workers did not finish within 0\.2 s and are killed\.")


def test_a_killed_worker_is_replaced_and_its_batch_is_unknown(start):
    service = start()
    service.send(b"before")
    service.has_written(b"before")
    (first,) = service.pids()
    service.send(b"crash", b"after")

    service.has_written(b"before", b"after")
    (second,) = service.pids()
    assert first != second
    assert until(lambda: service.counter("received_messages", SOURCE) == 3)
    assert service.counter("routed_messages") == 2
    assert service.counter("unknown_messages") == 1
    assert service.counter("connections_open", SOURCE) == 1
    assert service.counter("worker_restarts") == 1
    assert service.ask()["workers"][0]["restarts"] == 1
    service.hears(rf"Worker 0 \(pid {first}\) was killed by SIGKILL while it worked on 1 messages, which may")
    assert service.stop() == 0


def test_datagrams_that_arrive_while_no_worker_lives_are_written_by_the_next(start):
    service = start(timing={"backoff": 1.0})
    lines = [f"line {number}".encode() for number in range(50)]
    service.send(b"crash", *lines)

    assert service.has_written(*lines)
    assert service.stop() == 0


def test_a_worker_that_dies_again_and_again_waits_longer_each_time(start):
    service = start(timing={"backoff": 0.02, "backoff_limit": 0.08})
    for wait in ("0.02", "0.04", "0.08", "0.08"):
        said = len(re.findall("is started again", service.said.read_text()))
        service.send(b"crash")
        until(lambda said=said: len(re.findall("is started again", service.said.read_text())) > said)
        assert f"is started again in {wait} s." in service.said.read_text().splitlines()[-1]
        until(service.is_ready)

    assert service.stop() == 0


def test_a_worker_that_lived_long_is_started_again_at_once(start):
    service = start(timing={"settled": 0.0})
    service.send(b"exit")

    service.hears(r"Worker 0 \(pid \d+\) ended with status \d.*\. It is started again now\.")
    until(service.is_ready)
    assert service.stop() == 0


def test_a_bug_in_a_worker_is_told_and_does_not_end_the_service(start):
    service = start()
    service.send(b"bug", b"after")

    service.hears("ZeroDivisionError: made on purpose")
    service.has_written(b"after")
    assert service.stop() == 0


def test_a_hung_worker_is_killed_counted_and_replaced(start):
    service = start(timing={"silence": 1.5})
    service.send(b"hang", b"after")

    service.has_written(b"after")
    service.hears(r"Worker 0 \(pid \d+\) gave no sign of life for \d s and is killed\.")
    assert service.counter("worker_hangs") == 1
    assert service.counter("unknown_messages") == 1
    assert service.stop() == 0


def test_nobody_counts_as_hung_because_the_whole_service_was_stopped(start):
    service = start(workers=2, timing={"silence": 1.5})
    pids = service.pids() if service.port else []
    os.killpg(service.process.pid, signal.SIGSTOP)
    long_enough = time.monotonic() + 2.0
    until(lambda: time.monotonic() > long_enough)
    os.killpg(service.process.pid, signal.SIGCONT)
    uptime = service.ask()["uptime"]
    until(lambda: service.ask()["uptime"] > uptime + 0.3)

    assert service.pids() == pids
    assert service.counter("worker_hangs") == 0
    assert service.stop() == 0


def test_a_worker_that_cannot_boot_ends_the_service_with_its_reason(start):
    service = start(boots="error", workers=2)

    assert service.process.wait(DEADLINE) == 1
    service.hears(r"error: A worker cannot go on: cannot open the file; make room\.")
    service.hears(r"ended with status 1 before it was ready\. Giving up\.")
    assert service.is_gone()


def test_one_worker_that_cannot_boot_ends_the_others_too(start):
    service = start(boots="second dies", workers=2)

    assert service.process.wait(DEADLINE) == 1
    assert service.is_gone()
    assert "is ready" not in service.said.read_text()


def test_a_worker_that_hangs_while_booting_ends_the_service(start):
    service = start(boots="silent", timing={"silence": 0.2})

    assert service.process.wait(DEADLINE) == 1
    service.hears(r"was killed by SIGKILL before it was ready\. Giving up\.")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_has_the_files_reopened(start, number):
    service = start()
    service.send(b"old")
    service.has_written(b"old")
    (service.folder / "out").rename(service.folder / "out.1")
    service.process.send_signal(number)
    service.hears("Reopened")
    service.send(b"new")

    service.has_written(b"new")
    assert service.stop() == 0


def test_the_control_socket_has_the_files_reopened(start):
    service = start(workers=2)
    service.port  # noqa: B018 - waits until it is ready

    assert service.ask("reopen") == {"reopening": 2}
    service.hears("(?s)Reopened.*Reopened")
    assert service.stop() == 0


def test_a_second_instance_is_refused_and_told_who_is_there(start):
    first = start()
    first.port  # noqa: B018 - waits until it is ready
    second = start()

    assert second.process.wait(DEADLINE) == 1
    second.hears(rf"another collector \(pid {first.process.pid}\) is running with the state folder")
    assert first.ask("ping") == {"pid": first.process.pid}
    assert first.stop() == 0


def test_workers_finish_and_free_the_lock_when_the_supervisor_is_killed(start):
    service = start(workers=3)
    service.send(b"crash", b"after")
    service.has_written(b"after")
    service.stop(signal.SIGKILL)
    service.is_gone()
    successor = start(workers=3)

    assert successor.port
    assert successor.stop() == 0


def test_a_worker_holds_only_its_own_sockets(start):
    service = start(workers=3)
    service.send(b"crash", b"after")
    service.has_written(b"after")
    until(service.is_ready)
    for pid in service.pids():
        opened = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        kinds = sorted(re.sub(r":?\[.*", "", name) for name in opened)
        own = {"/dev/null", str(service.said), str(service.folder / "out"), str(service.folder / "state/lock")}
        assert [kind for kind in kinds if kind not in own and not kind.startswith("pipe")] == ["socket", "socket"]

    assert service.stop() == 0


def test_what_the_kernel_drops_is_counted_and_its_cure_is_told(start):
    service = start(buffer=4096, timing={"silence": 60})
    service.hears(r"warning: udp 127\.0\.0\.1: the receive buffer is small\.")
    service.send(b"hang")
    until(lambda: service.counter("receive_queue_bytes", SOURCE) == 0)
    sent = 500
    service.send(*[b"x" * 200] * sent)

    dropped = until(lambda: service.counter("kernel_drops", SOURCE))
    assert 0 < dropped < sent
    assert service.counter("receive_queue_bytes", SOURCE) > 0
    assert service.counter("receive_buffer_bytes", SOURCE) == 8192
    service.hears(r"warning: The kernel dropped messages of udp 127\.0\.0\.1, \d+ so far: .* net\.core\.rmem_max")
    os.kill(service.pids()[0], signal.SIGKILL)
    until(lambda: service.counter("receive_queue_bytes", SOURCE) == 0)
    received = until(lambda: service.counter("received_messages", SOURCE))
    assert service.counter("kernel_drops", SOURCE) == dropped
    assert received - 1 + dropped == sent
    assert service.stop() == 0


def test_what_a_worker_reports_is_logged_once_per_class(start):
    service = start()
    service.send(b"log a bad frame", b"log another", b"log a third", b"done")

    service.hears(r"warning: a bad frame\n")
    service.has_written(b"log a bad frame", b"log another", b"log a third", b"done")
    assert service.stop() == 0
    assert "another" not in service.said.read_text()
    service.hears(r"warning: a third \(1 more like this were held back\.\)\n")


def test_systemd_is_told_when_it_is_ready_well_and_stopping(start, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{tmp_path}")
        systemd.settimeout(DEADLINE)
        service = start({"NOTIFY_SOCKET": f"@{tmp_path}", "WATCHDOG_USEC": "100000"})
        heard = [systemd.recv(4096).decode()]
        while "READY=1" not in heard[-1]:
            heard.append(systemd.recv(4096).decode())
        assert heard[-1] == f"READY=1\nSTATUS=Listening on udp 127.0.0.1:{service.port}"
        assert systemd.recv(4096) == b"WATCHDOG=1"
        assert service.stop() == 0
        while not heard[-1].startswith("STOPPING=1"):
            heard.append(systemd.recv(4096).decode())


def test_systemd_is_not_told_that_all_is_well_while_a_worker_is_missing(start, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{tmp_path}")
        systemd.settimeout(DEADLINE)
        environ = {"NOTIFY_SOCKET": f"@{tmp_path}", "WATCHDOG_USEC": "100000"}
        service = start(environ, timing={"backoff": 2.0})
        service.send(b"crash")
        service.hears("is started again in 2 s")
        systemd.setblocking(False)
        while _next(systemd):
            pass
        uptime = service.ask()["uptime"]
        until(lambda: service.ask()["uptime"] > uptime + 0.5)

        assert _next(systemd) is None
        assert service.stop() == 0


def _next(systemd):
    try:
        return systemd.recv(4096)
    except BlockingIOError:
        return None


def test_slow_and_rude_clients_of_the_control_socket_do_not_disturb_it(start, tmp_path):
    service = start()
    service.port  # noqa: B018 - waits until it is ready
    clients = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for number, client in enumerate(clients):
        client.connect(str(tmp_path / "control.sock"))
        client.sendall([b"", b"{", b"x" * 10000, b'{"ask": "status"}\n'][number % 4])

    assert service.ask("ping") == {"pid": service.process.pid}
    for client in clients:
        client.close()
    assert service.stop() == 0


def test_a_client_may_ask_in_the_moment_in_which_it_makes_room_for_another(start, tmp_path):
    service = start()
    service.port  # noqa: B018 - waits until it is ready
    clients = [socket.socket(socket.AF_UNIX) for _ in range(CLIENTS + 1)]
    for client in clients[:-1]:
        client.connect(str(tmp_path / "control.sock"))
    until(lambda: len(os.listdir(f"/proc/{service.process.pid}/fd")) > CLIENTS)
    service.process.send_signal(signal.SIGSTOP)
    clients[-1].connect(str(tmp_path / "control.sock"))
    clients[0].sendall(b"{}\n")
    service.process.send_signal(signal.SIGCONT)

    assert service.ask("ping") == {"pid": service.process.pid}
    for client in clients:
        client.close()
    assert service.stop() == 0
