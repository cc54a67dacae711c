"""Waiting for facts, and looking for what was left behind."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEADLINE = 20.0


def until(fact: Callable[[], Any], deadline: float = DEADLINE) -> Any:
    """What ``fact`` returns as soon as it is true; fails when it is not true within ``deadline`` seconds."""
    end = time.monotonic() + deadline
    while not (found := fact()):
        assert time.monotonic() < end, f"not true after {deadline} s"
        time.sleep(0.005)
    return found


def open_descriptors() -> set[str]:
    """What this process has open, the listing itself left out."""
    found = set()
    for entry in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{entry} {os.readlink(f'/proc/self/fd/{entry}')}")
        except OSError:
            continue
    return {name for name in found if not name.endswith(f"/proc/{os.getpid()}/fd")}


def processes_of_session(session: int) -> list[int]:
    """Processes that live in the session, zombies left out (proc_pid_stat(5))."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
