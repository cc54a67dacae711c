"""
What the prefilter costs for given patterns and lines, alone in a process: JSON on standard output.

    python scan.py PATTERNS.json LINES
"""

import json
import sys
import time
from pathlib import Path

from collector.rules.prefilter import compile_prefilter
from collector.rules.requirement import Text

BATCH = 64 * 1024
"""Bytes of a batch, about what a worker reads at a time."""

SECONDS = 1.0


def main() -> None:
    patterns, lines = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]).read_bytes()
    began = time.perf_counter()
    prefilter = compile_prefilter([Text(pattern) for pattern in patterns])
    compiled = time.perf_counter() - began
    batches = [lines[start:end] for start, end in cut(lines)]
    count = lines.count(b"\n")
    best = float("inf")
    give_up = time.perf_counter() + SECONDS
    while time.perf_counter() < give_up:
        began = time.perf_counter()
        hits = [prefilter.scan(batch) for batch in batches]
        best = min(best, time.perf_counter() - began)
    found = {"compile s": compiled, "µs/line": best / count * 1e6, "hits/line": sum(map(len, hits)) / count,
             "residual": len(prefilter.residual)}  # fmt: skip
    json.dump(found, sys.stdout)


def cut(lines: bytes) -> list[tuple[int, int]]:
    """Where batches of whole lines begin and end."""
    places, start = [], 0
    while start < len(lines):
        end = lines.find(b"\n", start + BATCH) + 1 or len(lines)
        places.append((start, end))
        start = end
    return places


if __name__ == "__main__":
    main()
