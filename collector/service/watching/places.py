"""Where in the state folder the watcher keeps what it must not forget."""

import os

DISPATCHER = "dispatcher"
"""Its name as a consumer of the journal of alerts."""


def journal_folder(state_dir: str) -> str:
    return os.path.join(state_dir, "journal")


def journal_of(folder: str, worker: int) -> str:
    """The journal of one worker."""
    return os.path.join(folder, f"worker-{worker}")


def journal_names(folder: str, workers: int) -> list[str]:
    """Of those there are, and of those left by workers that there were when there were more."""
    there = [name for name in os.listdir(folder) if name.startswith("worker-")] if os.path.isdir(folder) else []
    return sorted({*there, *(os.path.basename(journal_of(folder, number)) for number in range(workers))})


def order_folder(folder: str) -> str:
    return os.path.join(folder, "order")


def alerts_folder(folder: str) -> str:
    return os.path.join(folder, "alerts")


def snapshot_folder(folder: str) -> str:
    return os.path.join(folder, "snapshots")


def deliveries_folder(folder: str) -> str:
    return os.path.join(folder, "deliveries")
