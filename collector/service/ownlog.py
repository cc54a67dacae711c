"""
What the service says about itself, on stderr: one sentence per line, safe for a terminal, and never a flood.

Under systemd the line carries a priority (``<4>Text.``, sd-daemon(3)) and the journal adds the time; elsewhere it
begins with the time and the level (``2026-07-23T15:54:31+09:00 warning: Text.``). Of each class of events one line is
shown per ten seconds; the last one held back comes with the number of those before it when the ten seconds are over.
"""

import os
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TextIO

Level = Literal["error", "warning", "info", "debug"]

LEVELS: dict[str, int] = {"error": 3, "warning": 4, "info": 6, "debug": 7}
"""RFC 5424 §6.2.1 severities, which are the journal's priorities too."""

WINDOW = 10.0

CLASSES = 1000
"""So many are told apart; further ones share one, until the windows of others are over."""

_FURTHER = "further"
_FORMATTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(slots=True)
class _EventClass:
    ends: float
    held: int = 0
    levels: set[Level] = field(default_factory=set)
    level: Level = "info"
    message: str = ""


class OwnLog:
    """
    ``now`` gives monotonic seconds for the limit, ``wall`` seconds since 1970 for the time shown.

    A stream that cannot be written to is no reason to stop receiving: such an error is ignored.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        level: Level = "info",
        journal: bool = False,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._stream = stream
        self._lowest = LEVELS[level]
        self._journal = journal
        self._now = now
        self._wall = wall
        self._classes: dict[str, _EventClass] = {}

    def shows(self, level: Level) -> bool:
        return LEVELS[level] <= self._lowest

    def error(self, message: str, event: str | None = None) -> None:
        self.write("error", message, event)

    def warning(self, message: str, event: str | None = None) -> None:
        self.write("warning", message, event)

    def info(self, message: str, event: str | None = None) -> None:
        self.write("info", message, event)

    def debug(self, message: str, event: str | None = None) -> None:
        self.write("debug", message, event)

    def write(self, level: Level, message: str, event: str | None = None) -> None:
        """``event`` names the class that shares one line per ten seconds; without it the line is always shown."""
        if not self.shows(level):
            return
        if event is None:
            self._show(level, message)
            return
        if event not in self._classes and len(self._classes) >= CLASSES:
            event = _FURTHER
        self._settle(event, self._now())
        known = self._classes.get(event)
        if known is None:
            self._classes[event] = _EventClass(self._now() + WINDOW)
            self._show(level, message)
            return
        known.held, known.level, known.message = known.held + 1, level, message
        known.levels.add(level)

    def settle(self) -> None:
        """Show what was held back and is due; to be called about once a second."""
        now = self._now()
        for event in list(self._classes):
            self._settle(event, now)

    def _settle(self, event: str, now: float) -> None:
        known = self._classes.get(event)
        if known is None or known.ends > now:
            return
        if not known.held:
            del self._classes[event]
            return
        self._show_held(known)
        self._classes[event] = _EventClass(now + WINDOW)

    def close(self) -> None:
        """Show all that is still held back."""
        for known in self._classes.values():
            self._show_held(known)
        self._classes.clear()

    def _show_held(self, known: _EventClass) -> None:
        if known.held == 1:
            self._show(known.level, known.message)
        if known.held > 1:
            self._show(known.level, f"{known.message} ({_further(known)})")

    def _show(self, level: Level, message: str) -> None:
        try:
            self._stream.write(f"{self._prefix(level)}{printable(message)}\n")
            self._stream.flush()
        except OSError:
            return

    def _prefix(self, level: Level) -> str:
        if self._journal:
            return f"<{LEVELS[level]}>"
        moment = datetime.fromtimestamp(self._wall(), UTC).astimezone()
        return f"{moment.isoformat(timespec='seconds')} {level}: "


def _further(known: _EventClass) -> str:
    """Those held back before the last: of one level they are alike, of several it is trouble and its end."""
    more = known.held - 1
    what = "more like this" if len(known.levels) == 1 else "more about this"
    return f"{more} {what} {'was' if more == 1 else 'were'} held back."


def printable(text: str) -> str:
    """The text with every character escaped that could steer a terminal or turn the reading direction."""
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _FORMATTING:
        return character
    return character.encode("unicode_escape").decode()


def is_journal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the stream is the one systemd connected to the journal (``$JOURNAL_STREAM``, systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
