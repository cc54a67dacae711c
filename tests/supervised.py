"""A supervisor with the workers of ``wire/fake_service.py``, as a process of its own."""

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
from collector.service.control import request

PROGRAM = Path(__file__).parent / "wire/fake_service.py"
ROOT = Path(__file__).parents[1]
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
