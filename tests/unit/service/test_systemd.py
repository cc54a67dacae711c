import math
import os
import socket

import pytest

from collector.service.systemd import Notifier


class Manager(socket.socket):
    """Stands for systemd; ``address`` is what it puts into NOTIFY_SOCKET."""

    address: str


@pytest.fixture(params=["", "@"])
def manager(request, tmp_path):
    with Manager(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.address = f"{request.param}{tmp_path}/notify"
        receiver.bind(receiver.address.replace("@", "\0"))
        receiver.setblocking(False)
        yield receiver


def test_it_says_ready_status_and_stopping(manager):
    notify = Notifier.from_environment({"NOTIFY_SOCKET": manager.address})
    notify.ready("Listening.")
    notify.status("監視中")
    notify.stopping()

    assert manager.recv(4096) == b"READY=1\nSTATUS=Listening."
    assert manager.recv(4096).decode() == "STATUS=監視中"
    assert manager.recv(4096).startswith(b"STOPPING=1\n")


def test_the_watchdog_is_fed_twice_as_often_as_asked(manager):
    notify = Notifier.from_environment({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000"})
    for tenth in range(310):
        notify.watchdog(now=1000 + tenth / 10)

    assert notify.interval == 15.0
    assert [manager.recv(4096) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    with pytest.raises(BlockingIOError):
        manager.recv(4096)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)},
    ],
)
def test_nobody_feeds_a_watchdog_that_is_not_ours(manager, environ):
    notify = Notifier.from_environment({"NOTIFY_SOCKET": manager.address, **environ})
    notify.watchdog(now=1000)

    assert notify.interval == math.inf
    with pytest.raises(BlockingIOError):
        manager.recv(4096)


def test_without_a_service_manager_nothing_is_sent(manager, monkeypatch):
    opened = []
    monkeypatch.setattr(socket, "socket", lambda *kind: opened.append(kind))
    notify = Notifier.from_environment({"WATCHDOG_USEC": "30000000"})
    notify.ready("Listening.")
    notify.watchdog(now=1000)
    notify.stopping()

    assert opened == []
    with pytest.raises(BlockingIOError):
        manager.recv(4096)


def test_a_service_manager_that_comes_late_hears_what_is_said_then(tmp_path):
    notify = Notifier(str(tmp_path / "notify"))
    notify.ready("Listening.")
    with Manager(socket.AF_UNIX, socket.SOCK_DGRAM) as late:
        late.bind(str(tmp_path / "notify"))
        late.setblocking(False)
        notify.stopping()

        assert late.recv(4096).startswith(b"STOPPING=1\n")
        with pytest.raises(BlockingIOError):
            late.recv(4096)
