"""
A large file is rotated and compressed while lines pour in: is every line there once, and how long did one take?

    python tests/bench/rotation.py                      a file of 1 GiB under 100,000 lines/s
    python tests/bench/rotation.py --mib 100 --rate 50000 --seconds 20

The file is filled before the start; the load then brings it over its size. Meanwhile probes are sent, one a millisecond
over several connections, so that every worker gets some; how long each takes to reach a file of its own shows every
pause of its worker. The same is measured before with rotation off. Needs 3 GB.
"""

import argparse
import gzip
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from measure import Load, build_tools, verify, wait_until_quiet
from reload import running
from servers import free_port

from collector.sinks.rotated import read_name

LIMIT_MS = 50.0
CONNECTIONS = 4
PROBES = 8
EVERY = 0.001
HEADROOM_SECONDS = 3

CONFIG = """\
sources:
  - tcp: 127.0.0.1:{port}
  - udp: 127.0.0.1:{port}
routes:
  - local1.*  {folder}/probes
  - select: "*.*;local1.none"
    to: {{file: {folder}/all{rotate}}}
state_dir: {folder}/state
workers: 2
"""


@dataclass
class Probes:
    """Messages that carry the time of their sending, and how long they took to the file, in seconds."""

    port: int
    file: Path
    took: list[float] = field(default_factory=list)
    rest: bytes = b""

    def send_until(self, process: "subprocess.Popen[str]") -> None:
        with ExitStack() as stack:
            senders = [stack.enter_context(socket.create_connection(("127.0.0.1", self.port))) for _ in range(PROBES)]
            senders[0].sendall(b"<141>Jul 23 15:54:31 probe probe: first\n")
            while not self.file.exists():
                time.sleep(EVERY)
            reader = stack.enter_context(self.file.open("rb"))
            number = 0
            while process.poll() is None:
                number += 1
                senders[number % PROBES].sendall(b"<141>Jul 23 15:54:31 probe probe: %d\n" % time.monotonic_ns())
                time.sleep(EVERY)
                self._read(reader.read())

    def _read(self, data: bytes) -> None:
        now = time.monotonic_ns()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            stamp = line.rpartition(b" ")[2]
            if stamp.isdigit():
                self.took.append((now - int(stamp)) / 1e9)

    def __str__(self) -> str:
        took = sorted(self.took)
        median, most = took[len(took) // 2] * 1000, took[int(len(took) * 0.999)] * 1000
        return f"median {median:.1f} ms, 99.9 % within {most:.1f} ms, longest {took[-1] * 1000:.1f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description="rotation under load")
    parser.add_argument("--mib", type=int, default=1024, help="size at which the file is rotated (default 1024)")
    parser.add_argument("--rate", type=int, default=100_000, help="lines/s (default 100,000)")
    parser.add_argument("--seconds", type=int, default=40, help="how long the load takes (default 40)")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs collector")
    parser.add_argument("--dir", default=tempfile.gettempdir(), help="where the files are written")
    arguments = parser.parse_args()
    build_tools()
    longest = 0.0
    lost = 0
    for name, rotate in (
        ("without rotation", ""),
        ("with rotation", f", rotate: {{size: {arguments.mib}MiB, keep: 9}}"),
    ):
        with tempfile.TemporaryDirectory(dir=arguments.dir, prefix="rotation-") as place:
            probes, wrong, rotations = measure(Path(place), rotate, arguments)
        print(f"{name}: {probes}; lines lost or doubled: {wrong}; rotations: {rotations}", flush=True)
        longest, lost = max(probes.took) * 1000, lost + wrong
    return int(longest > LIMIT_MS or lost > 0)


def measure(folder: Path, rotate: str, arguments: argparse.Namespace) -> tuple[Probes, int, int]:
    load = Load("tcp", arguments.rate * arguments.seconds, connections=CONNECTIONS, rate=arguments.rate)
    port = free_port()
    fill(folder / "all", (arguments.mib << 20) - load.size * arguments.rate * HEADROOM_SECONDS)
    config = folder / "collector.yaml"
    config.write_text(CONFIG.format(port=port, folder=folder, rotate=rotate))
    probes = Probes(port, folder / "probes")
    with (
        running(arguments.python, config, port),
        subprocess.Popen(load.command(port), stdout=subprocess.PIPE, text=True) as generator,
    ):
        probes.send_until(generator)
        wait_until_quiet([folder / "all"], 0.4)
    files = list(unpacked(folder))
    found = verify(files, load)
    return probes, load.count - found.unique + found.duplicates, len(files) - 1


def fill(path: Path, size: int) -> None:
    """With lines that differ as real ones do, so that compressing them takes its time."""
    line = b"Jul 23 15:54:31 host%d app[%d]: %x was written before the test began, and is none of its lines\n"
    some = random.Random(3164)
    block = b"".join(line % (some.randrange(40), some.randrange(9999), some.getrandbits(96)) for _ in range(10_000))
    with path.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)


def unpacked(folder: Path) -> Iterator[Path]:
    """The file and all that was rotated, as plain files."""
    for path in sorted(folder.glob("all*")):
        rotated = read_name(str(path))
        if rotated is None or not rotated.suffix:
            yield path
            continue
        plain = path.with_name(f"plain-{path.name}")
        with gzip.open(path) as source, plain.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield plain


if __name__ == "__main__":
    sys.exit(main())
