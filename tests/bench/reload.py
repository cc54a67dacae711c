"""
Reloads without end while lines pour in: is every line in a file exactly once, and how long did a worker pause?

    python tests/bench/reload.py                                  10,000 reloads under 100,000 lines/s
    python tests/bench/reload.py --reloads 200 --rate 50000

Each reload takes the next of four configurations: routes move to other files, a source comes and goes, options change.
The load comes over TCP; after each stretch of it all files are checked by verify.c, and emptied. Needs 2 GB.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from statistics import quantiles

from measure import Load, build_tools, pss_mib, tree_of, verify, wait_until_quiet
from servers import TOP, free_port, wait_ready

from collector.service.control import request

CONNECTIONS = 4
STRETCH_SECONDS = 60
LIMIT_MS = 20.0

CONFIG = """\
sources:
  - tcp: 127.0.0.1:{port}
    idle_timeout: {idle}
  - udp: 127.0.0.1:{port}
{source}
routes:
  - "*.*;local0.none  {folder}/rest{suffix}"
  - local0.*  {folder}/windows{suffix}
{route}
state_dir: {folder}/state
workers: 2
watch: false
"""


def variants(folder: Path, port: int, other_port: int) -> list[str]:
    udp = f"  - udp: 127.0.0.1:{other_port}"
    extra = f"  - select: user.debug\n    where: {{app_name: nobody}}\n    to: {{file: {folder}/never, format: json}}"
    return [
        CONFIG.format(folder=folder, port=port, idle=idle, source=source, route=route, suffix=suffix)
        for idle, source, route, suffix in (
            ("1d", "", "", "-a"), ("2d", udp, "", "-a"), ("1d", udp, extra, "-b"), ("1d", "", "", "-b"),
        )
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="reload under load")
    parser.add_argument("--reloads", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100_000, help="lines/s (default 100,000)")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs collector")
    parser.add_argument("--dir", default=tempfile.gettempdir(), help="where the files are written")
    arguments = parser.parse_args()
    build_tools()
    with tempfile.TemporaryDirectory(dir=arguments.dir, prefix="reload-") as place:
        return hammer(Path(place), arguments)


def hammer(folder: Path, arguments: argparse.Namespace) -> int:
    port, other_port = free_port(), free_port()
    config = folder / "collector.yaml"
    texts = cycle(variants(folder, port, other_port))
    config.write_text(next(texts))
    load = Load("tcp", arguments.rate * STRETCH_SECONDS, connections=CONNECTIONS, rate=arguments.rate)
    pauses: list[float] = []
    sent = lost = doubled = disorder = 0
    with running(arguments.python, config, port) as pid:
        while len(pauses) < arguments.reloads:
            with subprocess.Popen(load.command(port), stdout=subprocess.PIPE, text=True) as generator:
                while generator.poll() is None and len(pauses) < arguments.reloads:
                    config.write_text(next(texts))
                    pauses.append(reload(folder))
            files = sorted([*folder.glob("rest*"), *folder.glob("windows*")])
            wait_until_quiet(files, 0.4)
            found = verify(files, load)
            sent += load.count
            lost += load.count - found.unique
            doubled += found.duplicates
            disorder += found.disorder
            print(f"{len(pauses):,} reloads, {sent:,} lines, lost {lost}, doubled {doubled}", flush=True)
            for file in files:
                with file.open("r+b") as opened:
                    opened.truncate()
        memory = pss_mib(tree_of(pid))
    p99 = quantiles(pauses, n=100)[98] * 1000
    print(f"{len(pauses):,} reloads under {arguments.rate:,} lines/s: sent {sent:,}, lost {lost}, doubled {doubled}, "
          f"out of order {disorder}; pause of a worker: median {quantiles(pauses, n=2)[0] * 1000:.1f} ms, "
          f"p99 {p99:.1f} ms, longest {max(pauses) * 1000:.1f} ms; {memory:.0f} MiB at the end")  # fmt: skip
    return int(bool(lost or doubled or p99 > LIMIT_MS))


@contextlib.contextmanager
def running(python: str, config: Path, port: int) -> Iterator[int]:
    log = config.parent / "log"
    command = [python, "-m", "collector", "run", "--config", str(config), "--log-level", "error"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=TOP) as process:
        try:
            wait_ready(process, port, log)
            yield process.pid
        finally:
            process.terminate()


def reload(folder: Path) -> float:
    """Returns the longest pause of a worker, in seconds."""
    answer = request(str(folder / "state" / "control.sock"), {"ask": "reload"}, timeout=60)
    if answer["result"] != "in force":
        raise RuntimeError(f"the reload was not done: {json.dumps(answer)}")
    return float(answer["pause"])


if __name__ == "__main__":
    sys.exit(main())
