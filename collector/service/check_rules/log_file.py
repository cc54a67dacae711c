"""One log as blocks of rows: opened, told what it is, cut into messages, each with the time at which it came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from typing import Protocol

from collector.protocol.framing import Framer, Frames
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.delimited import LineFramer
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.rules.event import Event
from collector.service.check_rules.forms import Form, form_of
from collector.service.check_rules.json_records import JsonBlock
from collector.service.check_rules.opened import Log, open_log
from collector.service.check_rules.shown_files import with_pri
from collector.service.check_rules.virtual_clock import VirtualClock
from collector.service.check_rules.wire import Reading, WireBlock
from collector.service.check_rules.years import Years
from collector.service.watching.shown import Shown

_READ = 1 << 20
_HEAD = 1 << 16
_LONGEST_RECORD = 1 << 24


class Block(Protocol):
    """
    Rows of a log. ``shown`` is what rules search of them, ``arrivals`` when they came; ``skewed`` counts those whose
    stamp is of no use, ``unread`` lines that are no rows.
    """

    @property
    def shown(self) -> Shown: ...
    @property
    def arrivals(self) -> Sequence[float]: ...
    @property
    def skewed(self) -> int: ...
    @property
    def unread(self) -> int: ...
    def event(self, number: int) -> Event: ...


@dataclass(frozen=True, slots=True)
class Ways:
    """
    How messages are read, as the configuration has it. What logs do not say themselves: ``pri`` holds for lines without
    one, ``year`` is that of the first line.
    """

    normaliser: Normaliser
    interpreter: Interpreter
    max_message: int
    pri: int
    year: int | None


_NEVER_TEXT = bytes({*range(1, 32)} - set(b"\t\n\v\f\r\x0e\x0f\x1b")) + b"\x7f"
"""Control characters without those of line ends and ISO-2022; NUL is part of UTF-16, and ends messages."""

_TEXTUAL = 0.97


class LogFile:
    """
    ``begins`` is when its first row came, in seconds since the epoch, and infinity when it has none; ``now`` how far it
    has been read. Raises CollectorError when it cannot be read.
    """

    def __init__(self, path: str, ways: Ways) -> None:
        self.path = path
        self._ways = ways
        self._at = 0
        self._log: Log | None = open_log(path)
        self._head = self._log.read(_HEAD)
        self.size = self._log.size
        self.form: Form = form_of(self._head)
        self.is_text = _is_text(self._head)
        self._changed = datetime.fromtimestamp(self._log.changed, UTC)
        self.now: float | None = None
        self.begins = self._begins()
        if self.size:  # it can be opened again, when its time has come
            self._log.close()
            self._log, self._head = None, b""

    @property
    def at(self) -> int:
        """Bytes of ``size`` that have been read."""
        return self._log.at if self._log else self._at

    def blocks(self) -> Iterator[Block]:
        """To be asked for once."""
        with self._log or open_log(self.path) as log:
            self._log = log
            yield from self._blocks(self._frames(log))
            self._at, self._log = log.at, None

    def _begins(self) -> float:
        whole = self._head[: self._head.rfind(b"\n") + 1] or self._head
        first = next(self._blocks(self._cut([whole])), None)
        self.now = None
        return first.arrivals[0] if first else float("inf")

    def _blocks(self, frames: Iterator[Frames]) -> Iterator[Block]:
        clock = VirtualClock(self._changed.timestamp())
        years = Years(self._ways.year, self._ways.interpreter.zone) if self._ways.year else None
        for some in frames:
            for part, latest in years.split(some) if years else ((some, self._changed),):
                block = self._block(part, latest, clock)
                self.now = clock.now
                if block.arrivals or block.unread:
                    yield block

    def _block(self, frames: Frames, latest: datetime, clock: VirtualClock) -> Block:
        if self.form == "json":
            return JsonBlock(frames, self.path, clock)
        normaliser = self._ways.normaliser
        if self.form == "traditional":
            batch = with_pri(frames, self._ways.pri, normaliser)
        elif isinstance(frames, bytes):
            batch = normaliser.block(frames, lambda: repeat(None), 0.0)
        else:
            batch = normaliser.frames(frames, lambda: repeat(None), 0.0)
        return WireBlock(batch, Reading(self._ways.interpreter, latest, self.path), clock)

    def _frames(self, log: Log) -> Iterator[Frames]:
        return self._cut(_read(self._head, log))

    def _cut(self, data: Iterator[bytes] | list[bytes]) -> Iterator[Frames]:
        framer = self._framer()
        for piece in data:
            found = framer.feed(piece)
            if found:
                yield found
        rest = framer.finish()
        if rest:
            yield rest

    def _framer(self) -> Framer:
        if self.form == "syslog":
            return AutoFramer(self._ways.max_message)
        return LineFramer(self._ways.max_message if self.form == "traditional" else _LONGEST_RECORD)


def _is_text(head: bytes) -> bool:
    """False for what no character set makes of messages: random bytes, an archive, a program."""
    return len(head.translate(None, _NEVER_TEXT)) >= len(head) * _TEXTUAL


def _read(head: bytes, log: Log) -> Iterator[bytes]:
    if head:
        yield head
    while data := log.read(_READ):
        yield data
