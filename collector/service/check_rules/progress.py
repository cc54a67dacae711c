"""
How far it is, on a terminal, where it takes longer than a second.

     42 %  1,234,567 lines  310,000/s  8 alerts
"""

import os
import time
from collections.abc import Callable
from typing import TextIO

_PATIENCE = 1.0
_INTERVAL = 0.1
_BAR = 20


class Progress:
    """``show`` may be called as often as one likes. ``clear`` makes room for other output."""

    def __init__(self, stream: TextIO, *, wanted: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._wanted = wanted and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._now = now
        self._begun = now()
        self._next = self._begun + _PATIENCE
        self._shown = False

    def show(self, done: float | None, rows: int, alerts: int) -> None:
        """``done`` goes from 0 to 1; None when nobody knows how much there is."""
        now = self._now()
        if not self._wanted or now < self._next:
            return
        self._next = now + _INTERVAL
        self._shown = True
        part = "" if done is None else f"{_bar(done)} {done:4.0%}  "
        speed = rows / (now - self._begun)
        self._stream.write(f"\r{part}{rows:,} lines  {speed:,.0f}/s  {alerts:,} alerts\033[K")
        self._stream.flush()

    def clear(self) -> None:
        if self._shown:
            self._shown = False
            self._stream.write("\r\033[K")
            self._stream.flush()


def _bar(done: float) -> str:
    full = round(done * _BAR)
    return f"[{'#' * full}{'.' * (_BAR - full)}]"
