"""One run: a server is started, loaded, drained and checked, and gives one Sample."""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import (
    HERE,
    Load,
    cpu_seconds,
    machine_cpu_seconds,
    pss_mib,
    tree_of,
    verify,
    wait_until_idle,
    wait_until_quiet,
)
from servers import Running, Server, running

QUIET_SECONDS = 0.4


@dataclass(frozen=True)
class Sample:
    """
    What one run measured.

    ``cpu_ns`` per line received, of the whole tree; ``lines_per_second`` from the first byte sent to the last write;
    ``sent_per_second`` is what the generator achieved; ``others`` is how many cores somebody else used meanwhile;
    ``pss`` in MiB, one value per look during the run.
    """

    server: str
    sent: int
    lost: int
    duplicates: int
    disorder: int
    cpu_ns: float
    lines_per_second: float
    sent_per_second: float
    others: float
    pss: tuple[float, ...]


def run_once(server: Server, load: Load, folder: Path, idle_connections: int = 0) -> Sample:
    with running(server, folder) as target, idle(target.port, idle_connections):
        if load.hosts:
            make_files(target, load.hosts)
        before = wait_until_idle(target.pid, QUIET_SECONDS)
        machine_before, clock_before = machine_cpu_seconds(), time.monotonic()
        report, pss = send(load, target)
        end = wait_until_quiet(target.files, QUIET_SECONDS)
        tree = tree_of(target.pid)
        cpu = cpu_seconds(tree) - before
        others = machine_cpu_seconds() - machine_before - cpu - report["cpu"]
        elapsed = time.monotonic() - clock_before
        pss.append(pss_mib(tree))
        arrived = verify(target.files, load)
    return Sample(
        server=server.name,
        sent=load.count,
        lost=load.count - arrived.unique,
        duplicates=arrived.duplicates,
        disorder=arrived.disorder,
        cpu_ns=cpu / max(1, arrived.unique) * 1e9,
        lines_per_second=arrived.unique / (end - report["started"]),
        sent_per_second=load.count / report["seconds"],
        others=max(0.0, others / elapsed),
        pss=tuple(pss),
    )


def make_files(target: Running, hosts: int) -> None:
    """A line for each host, so that its file is there: it is made once in its life, which is not what is measured."""
    with socket.create_connection(("127.0.0.1", target.port)) as connection:
        for host in range(hosts):
            connection.sendall(b"<13>Nov 22 10:11:12 host%05d bench: first line\n" % host)
    wait_until_quiet(target.files, QUIET_SECONDS)


def send(load: Load, target: Running) -> tuple[dict[str, float], list[float]]:
    """Run the generator and look at the server's memory meanwhile: once a second, it is not free."""
    pss: list[float] = []
    with subprocess.Popen(load.command(target.port), stdout=subprocess.PIPE, text=True) as generator:
        look = time.monotonic() + 1
        while generator.poll() is None:
            if time.monotonic() >= look:
                pss.append(pss_mib(tree_of(target.pid)))
                look = time.monotonic() + 1
            time.sleep(0.01)
        assert generator.stdout is not None
        output = generator.stdout.read()
    if generator.returncode:
        raise RuntimeError(f"the load generator failed: exit {generator.returncode}")
    return json.loads(output), pss


@contextlib.contextmanager
def idle(port: int, connections: int) -> Iterator[None]:
    if not connections:
        yield
        return
    command = [str(HERE / "build/load"), "idle", str(port), f"--connections={connections}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("the idle connections could not be opened")
        try:
            yield
        finally:
            process.stdin.close()
