"""What is measured: CPU and memory of a whole process tree, the end of writing, and the lines that arrived."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
IDLE_SECONDS = 0.005
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def build_tools() -> None:
    subprocess.run(["make", "--silent", "-C", str(HERE)], check=True)


@dataclass(frozen=True)
class Load:
    """
    What load.c is told. ``rate``: lines per second, None for as fast as it goes; ``size``: bytes, the mean; ``hosts``:
    how many the lines come from in turn, 0 for a few at random; ``texts`` is a file of what they say.
    """

    transport: str
    count: int
    connections: int = 1
    rate: int | None = None
    framing: str = "lf"
    format: str = "bsd"
    size: int = 180
    hosts: int = 0
    texts: str = ""

    def command(self, port: int) -> list[str]:
        options = {
            "count": self.count, "connections": self.connections, "rate": self.rate or 0,
            "framing": self.framing, "format": self.format, "size": self.size, "hosts": self.hosts,
        }  # fmt: skip
        return [
            str(HERE / "build/load"), self.transport, str(port),
            *(f"--{name}={value}" for name, value in options.items()), *([f"--texts={self.texts}"] * bool(self.texts)),
        ]  # fmt: skip


def tree_of(pid: int) -> list[int]:
    """The process and all its descendants; those that ended meanwhile are left out."""
    return list(_descendants(pid))


def _descendants(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _descendants(int(child))


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU seconds of the processes, all their threads, and the children they have already waited for."""
    return sum(_cpu_seconds(pid) for pid in pids)


def _cpu_seconds(pid: int) -> float:
    try:
        # The process's CPU clock, clock_getcpuclockid(3): nanoseconds, where /proc counts in hundredths of a second.
        own = time.clock_gettime(~pid << 3 | 2)
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # The name may hold blanks and brackets; behind its last ")" field 3 (state) comes first. cutime is field 16.
    return own + sum(map(int, stat.rpartition(")")[2].split()[13:15])) / TICKS_PER_SECOND


def machine_cpu_seconds() -> float:
    """CPU seconds that all processes, interrupts and the hypervisor have used: /proc/stat without idle and iowait."""
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = Path("/proc/stat").read_text().split()[1:11]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / TICKS_PER_SECOND


def wait_until_idle(pid: int, quiet: float, deadline: float = 30.0) -> float:
    """Wait until the tree has used no CPU for ``quiet`` seconds, as after its start; returns the CPU seconds so far."""
    give_up = time.monotonic() + deadline
    used, since = -1.0, time.monotonic()
    while time.monotonic() - since < quiet:
        current = cpu_seconds(tree_of(pid))
        if current > used + IDLE_SECONDS:
            used, since = current, time.monotonic()
        if time.monotonic() > give_up:
            raise TimeoutError(f"the server was still busy after {deadline:.0f} s without load")
        time.sleep(0.05)
    return cpu_seconds(tree_of(pid))


def pss_mib(pids: Sequence[int]) -> float:
    """Proportional set size: what is shared between the processes counts once."""
    return sum(_pss_kib(pid) for pid in pids) / 1024


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def wait_until_quiet(files: Sequence[Path], quiet: float, deadline: float = 120.0) -> float:
    """
    Wait until no file has grown for ``quiet`` seconds.

    Returns the Unix time of the last write, taken from the files, so looking seldom costs no accuracy and the
    measured server no CPU.
    """
    pause = max(0.02, len(files) * 5e-5)
    give_up = time.monotonic() + deadline
    sizes, since = None, time.monotonic()
    while time.monotonic() - since < quiet:
        current = [path.stat().st_size if path.exists() else 0 for path in files]
        if current != sizes:
            sizes, since = current, time.monotonic()
        if time.monotonic() > give_up:
            raise TimeoutError(f"the server was still writing after {deadline:.0f} s")
        time.sleep(pause)
    return max((path.stat().st_mtime for path in files if path.exists()), default=time.time())


@dataclass(frozen=True)
class Arrived:
    """Counts of verify.c; see there."""

    lines: int
    foreign: int
    unique: int
    duplicates: int
    disorder: int


def verify(files: Sequence[Path], load: Load) -> Arrived:
    # Connections take lines as they can send, so each may hold up to all of them.
    command = [str(HERE / "build/verify"), str(load.connections), str(load.count), *map(str, files)]
    return Arrived(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
