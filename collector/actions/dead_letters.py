"""
Alerts that could not be delivered, kept for whoever mends the cause: a file of JSON lines in the state folder.

    {"time": "…", "destination": "ops", "reason": "recipient", "why": "refused for …", "tries": 1, "alert": {…}}

It is bounded: when it is full it becomes ``dead-letters.jsonl.1``, in the place of the one before. Only the service may
read it, as it holds messages.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from collector.actions.message import as_json
from collector.protocol.timestamp import iso

FILE = "dead-letters.jsonl"
MAX_BYTES = 16 * 1024 * 1024

_LINE = 1024 * 1024
"""Bytes of a line, from which on the records of its alert are left out."""


class DeadLetters:
    """``notice(level, event, sentence)`` is told when one cannot be kept, and when old ones go."""

    def __init__(self, folder: str, notice: Callable[[str, str, str], None], *, max_bytes: int = MAX_BYTES) -> None:
        self.path = os.path.join(folder, FILE)
        self.lost = 0
        self._notice = notice
        self._max_bytes = max_bytes

    def keep(self, entry: Mapping[str, Any], alert: Mapping[str, Any], now: float) -> None:
        time = iso(datetime.fromtimestamp(now, UTC)).replace("+00:00", "Z")
        line = _line({"time": time, **entry, "alert": alert})
        if len(line) > _LINE:
            line = _line({"time": time, **entry, "alert": {**alert, "records": []}})
        try:
            self._append(line)
        except OSError as error:
            self.lost += 1
            sentence = f"A dead letter cannot be kept, {self.lost:,} so far: {self.path}: {error.strerror}."
            self._notice("error", "dead letters", sentence)

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(self.path, flags, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size and size + len(line) > self._max_bytes:
                os.close(fd)
                fd = self._begin_anew(flags)
                size = 0
            torn = size and os.pread(fd, 1, size - 1) != b"\n"
            data = b"\n" + line if torn else line
            if os.write(fd, data) < len(data):
                raise OSError(28, "No space left on device")
        finally:
            os.close(fd)

    def _begin_anew(self, flags: int) -> int:
        os.replace(self.path, f"{self.path}.1")
        self._notice("warning", "dead letters full", f"{self.path} was full; it is {self.path}.1 now.")
        return os.open(self.path, flags, 0o600)


def _line(entry: Mapping[str, Any]) -> bytes:
    return as_json(entry).encode() + b"\n"
