"""
How long a fuzz target runs: a fixed count from a fixed seed in the gate, seconds from a new seed in `make fuzz`.
"""

import os
import random
import time
from collections.abc import Iterable, Iterator

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))


def rounds(count: int) -> Iterable[int]:
    return _until(time.monotonic() + SECONDS) if SECONDS else range(count)


def _until(deadline: float) -> Iterator[int]:
    done = 0
    while time.monotonic() < deadline:
        yield done
        done += 1


def generator(seed: int) -> random.Random:
    """The source of randomness; a failing run shows the seed to fix it with."""
    if SECONDS:
        seed = int.from_bytes(os.urandom(4))
        print(f"seed {seed}")
    return random.Random(seed)
