"""A supervisor and the world: signals, the control socket, the lock, the kernel, its log, systemd."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest
from observing import DEADLINE, until
from supervised import SOURCE

from collector.service.control import CLIENTS


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
        others = [kind for kind in kinds if kind not in own and not kind.startswith("pipe")]
        assert others == ["anon_inode", "socket", "socket"]  # the first is the bell that wakes the correlator

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
    service.hears(r"warning: a third \(1 more like this was held back\.\)\n")


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
