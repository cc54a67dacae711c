"""
The supervisor with a small worker, as a program: ``fake_service.py '{"folder": …, "workers": 2, …}'``.

The worker obeys the datagrams it receives: "crash" (killed in a batch of one), "hang" (no heartbeat any more), "exit",
"bug" (an exception), "log TEXT"; every other datagram is appended to a file and counted.
"""

import dataclasses
import json
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

from collector.config.settings import Settings
from collector.errors import CollectorError
from collector.metrics import Key, Layout
from collector.service.ownlog import OwnLog
from collector.service.supervisor import Supervisor
from collector.service.workers import Timing

NAME = "udp 127.0.0.1"
RECEIVED = Key("received_messages", (("source", NAME),))
ROUTED = Key("routed_messages")
OPEN = Key("connections_open", (("source", NAME),), kind="gauge")


class Source:
    name = NAME
    kind = "udp"

    def __init__(self, port, buffer):
        self.port, self.buffer = port, buffer

    def shared_words(self, _slots):
        return 0

    def adjust(self, sockets):
        """There is nothing to adjust."""

    def bind(self, slots, _inherited):
        return [[self._socket()] for _ in range(slots)]

    def _socket(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if self.buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer)
        sock.bind(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        return sock

    def describe(self, sockets):
        return f"udp 127.0.0.1:{sockets[0][0].getsockname()[1]}"

    def release(self):
        """Nothing is left behind."""

    def warnings(self):
        return [f"{NAME}: the receive buffer is small."] if self.buffer else []


@dataclasses.dataclass(frozen=True)
class Plan:
    workers: int
    state_dir: str
    control: str
    sources: tuple
    output: Path
    boots: str
    obeys: bool
    hash: str = "8f3a12c0"
    watched: tuple = ()
    rules: None = None
    actions: None = None
    destinations: tuple = ()
    settings: Settings = dataclasses.field(default_factory=lambda: Settings.model_construct(sources=()))
    layout: Layout = dataclasses.field(default_factory=lambda: Layout([RECEIVED, ROUTED, OPEN]))


class Worker:
    def __init__(self, plan, sockets, slot, link):
        self.plan, self.slot, self.link = plan, slot, link
        (self.socket,) = sockets[NAME]
        self.received, self.routed, self.open = (plan.layout.index(key) for key in (RECEIVED, ROUTED, OPEN))
        self.output = plan.output.open("ab", buffering=0)

    def serve(self):
        self.slot.values[self.open] = 1
        self.slot.publish()
        self.say(event="ready", pid=os.getpid())
        while True:
            self.slot.heartbeat = time.monotonic()
            readable, _, _ = select.select([self.link, self.socket], [], [], 0.02)
            if self.link in readable and not self.obey():
                return
            if self.socket in readable:
                self.take()

    def say(self, **event):
        self.link.send(json.dumps(event).encode())

    def obey(self):
        command = self.link.recv(4096)
        if not command:
            return False
        match json.loads(command):
            case {"do": "reopen"}:
                self.output.close()
                self.output = self.plan.output.open("ab", buffering=0)
                self.say(event="log", level="info", message="Reopened.")
            case {"do": "drain"} if self.plan.obeys:
                while select.select([self.socket], [], [], 0)[0]:
                    self.take()
                return False
        return True

    def take(self):
        data = self.socket.recv(65536)
        self.slot.begin(1, self.received)
        match data.split(b" ", 1):
            case [b"crash"]:
                os.kill(os.getpid(), signal.SIGKILL)
            case [b"hang"]:
                signal.pause()
            case [b"exit"]:
                sys.exit()
            case [b"bug"]:
                raise ZeroDivisionError("made on purpose")
            case [b"log", text]:
                self.say(event="log", level="warning", message=text.decode(), **{"class": "framing"})
        self.output.write(data + b"\n")
        self.slot.add(self.received, 1)
        self.slot.add(self.routed, 1)
        self.slot.publish()


def run_worker(plan, share, slot, link):
    if plan.boots == "error":
        raise CollectorError("cannot open the file", hint="make room")
    if plan.boots == "silent":
        signal.pause()
    if plan.boots == "second dies" and share.number == 1:
        sys.exit(3)
    worker = Worker(plan, share.sockets, slot, link)
    worker.serve()
    worker.output.close()


def main(options):
    folder = Path(options["folder"])
    plan = Plan(
        workers=options.get("workers", 1),
        state_dir=str(folder / "state"),
        control=str(folder / "control.sock"),
        sources=(Source(options.get("port", 0), options.get("buffer", 0)),),
        output=folder / "out",
        boots=options.get("boots", "well"),
        obeys=options.get("obeys", True),
    )
    timing = Timing(**{"tick": 0.05, **options.get("timing", {})})
    log = OwnLog(sys.stderr, level="debug")
    try:
        return Supervisor(plan, run_worker, log, lambda: (None, []), timing=timing).run()
    except CollectorError as error:
        log.write("error", f"{error}; {error.hint}")
        return 1


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
