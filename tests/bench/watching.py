"""A collector with rules at work: what it writes, what its processes cost, and how far rules are behind."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import Load, cpu_seconds, machine_cpu_seconds, pss_mib, tree_of, verify, wait_until_idle, wait_until_quiet
from probes import Probes
from servers import ALERTS, Running, Server, running
from trial import QUIET_SECONDS, send

from collector.service.control import request

PROCESSES = ("workers", "correlator", "dispatcher")
DRAIN_SECONDS = 300.0
TOLD_SECONDS = 1.2
LAG_SECONDS = 1.0
KEYS_A_PIECE = 2_000


@dataclass(frozen=True)
class Watcher:
    """A running collector, as it answers for itself."""

    target: Running
    folder: Path

    def status(self) -> dict[str, Any]:
        return request(str(self.folder / "control.sock"), {"ask": "status"})

    def processes(self) -> dict[str, list[int]]:
        status = self.status()
        watcher = status["watcher"] or {}
        some = {name: [watcher[name]] for name in PROCESSES[1:] if watcher.get(name)}
        return {"workers": [worker["pid"] for worker in status["workers"]], **some}

    def alerts(self) -> Path:
        return self.folder / ALERTS

    def drain(self) -> tuple[dict[str, Any], float]:
        """
        Wait until rules have seen all that was received, and have told of it. Returns what the watcher says then, and
        the Unix time at which it was no longer behind, to a second: so often it tells.
        """
        give_up = time.monotonic() + DRAIN_SECONDS
        told, done = None, 0.0
        while True:
            watcher: dict[str, Any] = self.status()["watcher"]
            if watcher.get("lag_bytes") == 0:
                done = done or time.time()
                if watcher["by_rule"] == told:
                    return watcher, done
                told = watcher["by_rule"]
            if time.monotonic() > give_up:
                raise TimeoutError(f"rules were still {watcher.get('lag_seconds')} s behind")
            time.sleep(TOLD_SECONDS if done else 0.1)


@contextmanager
def watcher(server: Server, folder: Path) -> Iterator[Watcher]:
    with running(server, folder) as target:
        wait_until_idle(target.pid, QUIET_SECONDS)
        yield Watcher(target, folder)


class Others:
    """How many cores somebody else used, from its making until ``cores`` is asked for."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._since = time.monotonic()
        self._used = self._by_others()

    def cores(self, generator: float) -> float:
        """``generator`` is the CPU seconds of the one that sent."""
        used = self._by_others() - self._used - generator
        return max(0.0, used / (time.monotonic() - self._since))

    def _by_others(self) -> float:
        return machine_cpu_seconds() - cpu_seconds(tree_of(self._pid))


def receive(server: Server, load: Load, place: Path) -> dict[str, float]:
    """From the first byte sent to the last line in a file; CPU also of what rules do after that."""
    with watcher(server, place / "server") as it:
        processes = it.processes()
        before = {name: cpu_seconds(pids) for name, pids in processes.items()}
        others = Others(it.target.pid)
        report, _ = send(load, it.target)
        end = wait_until_quiet(it.target.files, QUIET_SECONDS)
        cores = others.cores(report["cpu"])
        watched, drained = it.drain() if "rules" in server.options else ({}, end)
        cost = {name: (cpu_seconds(pids) - before[name]) / load.count * 1e9 for name, pids in processes.items()}
        arrived = verify(it.target.files, load)
    return {
        "lines/s": arrived.unique / (end - report["started"]),
        "judged/s": arrived.unique / (drained - report["started"]),
        "lines lost": load.count - arrived.unique,
        "unseen by rules": watched.get("lost", 0),
        **{f"{name}, ns/line": cost.get(name, 0.0) for name in PROCESSES},
        "others": cores,
    }


def follow(server: Server, load: Load, probes: Probes, place: Path, *, ask: bool) -> dict[str, float]:
    """How long probes take to their action while the load comes; ``ask``: how far rules are behind, once a second."""
    lags = [0.0]
    over = threading.Event()

    def look_at_lag() -> None:
        while not over.wait(LAG_SECONDS):
            lags.append(it.status()["watcher"]["lag_seconds"])

    with watcher(server, place / "server") as it:
        looking = threading.Thread(target=look_at_lag)
        if ask:
            looking.start()
        try:
            others = Others(it.target.pid)
            with subprocess.Popen(load.command(it.target.port), stdout=subprocess.PIPE, text=True) as generator:
                probes.send(it.target.port, lambda: generator.poll() is None)
                report = json.loads(generator.communicate()[0])
            cores = others.cores(report["cpu"])
        finally:
            over.set()
            if ask:
                looking.join()
        watched, _ = it.drain()
        probes.finish()
        wait_until_quiet(it.target.files, QUIET_SECONDS)
        arrived = verify(it.target.files, load)
    return {
        "sent/s": load.count / report["seconds"],
        "lines lost": load.count - arrived.unique,
        "unseen by rules": watched["lost"],
        "hits/line": sum(rule["hits"] for rule in watched["by_rule"].values()) / load.count,
        "lag s": max(lags),
        **probes.milliseconds(),
        "others": cores,
    }


def keys(server: Server, number: int, line: bytes, place: Path) -> dict[str, float]:
    """
    Memory of the correlator when each of ``number`` lines has made a key, while it saves its state too. ``line`` has
    three ``%d`` for the parts of an address.
    """
    rss: list[float] = []
    pss: list[float] = []
    with watcher(server, place / "server") as it:
        (pid,) = it.processes()["correlator"]
        began = rss_mib(pid)
        snapshots = it.folder / "state/journal/snapshots"
        saved = _newest(snapshots)
        with socket.create_connection(("127.0.0.1", it.target.port)) as connection:
            for start in range(0, number, KEYS_A_PIECE):
                some = range(start, start + KEYS_A_PIECE)
                connection.sendall(b"".join(line % (key >> 16, key >> 8 & 255, key & 255) for key in some))
                look(pid, rss, pss)
        give_up = time.monotonic() + DRAIN_SECONDS
        drained: float | None = None
        while drained is None or saved <= drained:
            if time.monotonic() > give_up:
                raise TimeoutError("the state of rules was not saved")
            look(pid, rss, pss)
            time.sleep(0.05)
            saved = _newest(snapshots)
            if drained is None and it.status()["watcher"]["lag_bytes"] == 0:
                drained = time.time()
        status, _ = it.drain()
    evicted = sum(rule["evicted"] for rule in status["by_rule"].values())
    hits = sum(rule["hits"] for rule in status["by_rule"].values())
    return {
        "keys": hits - evicted,
        "RSS before, MiB": began,
        "RSS, MiB": max(rss),
        "PSS, MiB": max(pss),
    }


def look(pid: int, rss: list[float], pss: list[float]) -> None:
    """RSS of the correlator; PSS of it and of the process that saves its state, together."""
    rss.append(rss_mib(pid))
    pss.append(pss_mib(tree_of(pid)))


def rss_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _newest(folder: Path) -> float:
    return max((file.stat().st_mtime for file in folder.glob("*.state")), default=0.0)


def stream(port: int, pieces: Sequence[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for piece in pieces:
            connection.sendall(piece)
