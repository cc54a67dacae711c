"""
Repeat reduction: of messages in a row that differ in their time stamp only, the first is kept, and one line tells how
many there were.

    <38>Jul 23 15:54:31 gate su: no such user     <38>Jul 23 15:54:31 gate su: no such user
    <38>Jul 23 15:54:32 gate su: no such user  →  <38>Jul 23 15:54:40 gate su: last message repeated 9 times
    … seven more …                                <38>Jul 23 15:54:41 gate su: good bye
    <38>Jul 23 15:54:40 gate su: no such user
    <38>Jul 23 15:54:41 gate su: good bye

The line has PRI, host name and tag of the message, so that it goes the same way, and the stamp of the last repetition.
It comes when another message does, or when ``INTERVALS`` have passed. A message that was repeated once is written as it
is. Works on frames as they came, one sender at a time.
"""

import re
from itertools import islice
from operator import eq
from typing import NamedTuple

from collector.protocol.framing import Frames

INTERVALS = (30.0, 120.0, 600.0)
"""Seconds after which a run that goes on is told: at first soon, then more rarely."""

_LONGEST = 2048
"""Bytes of a message that is remembered; a longer one is never folded."""

_HEAD = 48
"""Bytes in which PRI, version and stamp end, in all their forms: what is behind them belongs to the rest."""

_TAIL = 4
"""Bytes at the end that are compared first where there are many lines; what has fewer behind its stamp is kept."""

_BSD = rb"[A-Z][a-z]{2} [ 0-9]?[0-9] (?:[0-9]{4} )?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
_ISO = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_EPOCH = rb"1[0-9]{9}\.[0-9]{1,9}"
_PARTS = re.compile(
    rb"((?:<[0-9]{1,3}>)?)((?:(?:[0-9]{1,3} )?(?:" + _BSD + rb"|" + _ISO + rb"|" + _EPOCH + rb"))?)(.*)", re.DOTALL
)
_IS_5424 = re.compile(rb"[0-9]{1,3} [0-9]{4}-")
_FIELDS_5424 = re.compile(rb"(?: [!-~]+){4}(?= )")
_TAG = rb"[^\s:\[\]]{1,128}(?:\[[0-9]{1,128}\])?:(?= )"
_HOST_AND_TAG = re.compile(rb"(?: [\w.:@-]*[\w.-](?= ))?(?: " + _TAG + rb")?")
_TAG_ALONE = re.compile(_TAG)
_SUMMARY = b"last message repeated "
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

Key = tuple[bytes, bytes]
"""PRI, and what is behind the stamp."""


class Reduced(NamedTuple):
    """``folded`` messages were taken out of the frames, ``own`` lines put in."""

    frames: Frames
    folded: int
    own: int


class Run:
    """
    What one sender says again and again.

         a message                  the same
      ○ ───────────▶ said ─────────────────────────▶ waiting ──┐ the same: counted
                     │  ▲ ◀──────────────────────────  │  ▲────┘
                     └──┘        told: time passed, or another message came
               another message
    """

    __slots__ = ("_folded", "_interval", "_key", "_last", "_since", "_stamp")

    def __init__(self) -> None:
        self._last = b""
        self._key: Key | None = None  # of the last one, once it was asked for
        self._stamp = b""
        self._folded = 0
        self._since = 0.0
        self._interval = 0

    @property
    def waiting(self) -> bool:
        return self._folded > 0

    def take(self, frames: Frames, now: float) -> Reduced:
        """What is left of the frames; ``now`` in seconds that never go back."""
        if isinstance(frames, bytes):
            return self._block(frames, now)
        left: list[bytes] = []
        own = sum([self.one(frame, now, left) for frame in frames])
        return Reduced(left, len(frames) + own - len(left), own)

    def one(self, frame: bytes, now: float, left: list[bytes]) -> int:
        """Append to ``left`` what is to be written now; returns how many lines of our own are among that."""
        if self._folded and frame == self._last and type(frame) is bytes:
            self._folded += 1
            return 0
        key = None
        if self._last.endswith(frame[_HEAD:]):  # most messages differ there
            key, stamp = _parts(frame)
            if key == self._last_key() and _may_fold(frame, stamp, key) and type(self._last) is bytes:
                self._fold(frame, stamp, now)
                return 0
        told = self.tell() if self._folded else []
        left += told
        left.append(frame)
        self._begin(frame, key)
        return len(told)

    def overdue(self, now: float) -> list[bytes]:
        """What has waited long enough; to be called now and then."""
        if not self._folded or now - self._since < INTERVALS[self._interval]:
            return []
        self._interval = min(self._interval + 1, len(INTERVALS) - 1)
        return self.tell()

    def tell(self) -> list[bytes]:
        """A frame that tells what was folded, if there was something. The run goes on."""
        if not self._folded or self._key is None:
            return []
        (pri, rest), count, self._folded = self._key, self._folded, 0
        if count == 1:
            return [pri + self._stamp + rest]
        header = self._stamp + _header(self._stamp, rest)
        return [b"%b%b%b%d times" % (pri, header and header + b" ", _SUMMARY, count)]

    def _block(self, block: bytes, now: float) -> Reduced:
        lines = block.split(b"\n")
        lines.pop()
        tails = [line[-_TAIL:] for line in (self._last, *lines)]
        if lines and not self._folded and not any(map(eq, tails, islice(tails, 1, None))):
            self._begin(lines[-1], None)
            return Reduced(block, 0, 0)
        left: list[bytes] = []
        own = sum([self.one(line, now, left) for line in lines])
        text = block if not own and len(left) == len(lines) else b"".join([line + b"\n" for line in left])
        return Reduced(text, len(lines) + own - len(left), own)

    def _begin(self, frame: bytes, key: Key | None) -> None:
        self._last, self._key = (frame, key) if len(frame) <= _LONGEST else (b"", None)
        self._interval = 0

    def _fold(self, frame: bytes, stamp: bytes, now: float) -> None:
        self._since = self._since if self._folded else now
        self._folded += 1
        self._last, self._stamp = frame, stamp

    def _last_key(self) -> Key:
        if self._key is None:
            self._key, _ = _parts(self._last)
        return self._key


def _parts(frame: bytes) -> tuple[Key, bytes]:
    """What two frames have in common that are the same but for their time, and the stamp."""
    match = _PARTS.match(frame)
    assert match is not None, "all of its parts may be empty"
    pri, stamp, rest = match.groups()
    return (pri, rest), stamp


def _may_fold(frame: bytes, stamp: bytes, key: Key) -> bool:
    """Not short and cut ones, UTF-16, whose header cannot be read here, and lines that tell of repetitions."""
    rest = key[1]
    if type(frame) is not bytes or len(rest.strip()) < _TAIL:
        return False
    return _SUMMARY not in rest and (bool(stamp) or not rest.startswith(_UTF_16))


def _header(stamp: bytes, rest: bytes) -> bytes:
    """What of a message's header goes on its summary: host name and tag, or the fields of RFC 5424 up to the data."""
    if _IS_5424.match(stamp):
        fields = _FIELDS_5424.match(rest)
        return (fields[0] if fields else b" - - - -") + b" -"
    found = (_HOST_AND_TAG if stamp else _TAG_ALONE).match(rest)
    return found[0] if found else b""
