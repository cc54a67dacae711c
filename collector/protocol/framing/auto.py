"""
The framing of a connection, found out from its first bytes.

    16 <1>1 - - - …             octet counting: digits, SP, a PRI (RFC 6587 §3.4.1)
    10 message 0 LF             octet counting without PRI: the frame ends exactly with the LF
    861 NT AUTHORITY … LF       lines that begin with a number
    <13>one LF                  lines
    <13>one NUL <13>two NUL     NUL: known when the second message begins; an earlier NUL is content of a line
    TLS, HTTP, RELP, SSH        no syslog: named, and the connection is of no use

A connection keeps its framing; an octet-counted one that falls out of step finds its way back (``stray.py``).
"""

import re

from collector.protocol.framing import DEFAULT_MAX_MESSAGE, Framer, Frames, FramingProblem
from collector.protocol.framing.delimited import LineFramer, NulFramer
from collector.protocol.framing.foreign import ForeignFramer, may_be_tls, recognise
from collector.protocol.framing.octet_counting import LARGEST_COUNT, OctetCountingFramer

_COUNT_AND_PRI = re.compile(rb"[0-9]{1,32} <[0-9]{1,3}>")
_COUNT_AND_PRI_BEGUN = re.compile(rb"[0-9]{1,32}(?: (?:<[0-9]{0,3})?)?\Z")
_COUNT = re.compile(rb"[0-9]{1,8} ")
_END = re.compile(rb"\n|\0(?=<)")
_ENOUGH_TO_RECOGNISE = 1024


class AutoFramer:
    """Holds back only the first frame, until it shows what it is."""

    def __init__(self, max_message: int = DEFAULT_MAX_MESSAGE) -> None:
        self._limit = max_message
        self._searched = 0
        self._patience = max(
            max_message + 2, _ENOUGH_TO_RECOGNISE
        )  # bytes without any delimiter, after which it is a long line
        self._first = bytearray()
        self._framer: Framer = LineFramer(max_message)
        self._known = False
        self._line_feeds = 0  # of a block that became a list

    @property
    def problems(self) -> list[FramingProblem]:
        return self._framer.problems

    @property
    def delimiters(self) -> int:
        return self._framer.delimiters + self._line_feeds

    @property
    def lost(self) -> int:
        return self._framer.lost

    @property
    def empty(self) -> int:
        return self._framer.empty

    @property
    def pending(self) -> int:
        return len(self._first) + self._framer.pending

    def feed(self, data: bytes) -> Frames:
        if self._known:
            return self._framer.feed(data)
        self._first += data
        framer = self._choose()
        return self._begin(framer) if framer else b""

    def finish(self) -> list[bytes]:
        early = self._begin(self._choose_at_end()) if self._first else []
        if isinstance(early, bytes):
            early = early.split(b"\n")[:-1]
            self._line_feeds += len(early)
        return [*early, *self._framer.finish()]

    def _begin(self, framer: Framer) -> Frames:
        first = bytes(self._first)
        self._first.clear()
        self._framer = framer
        self._known = True
        return framer.feed(first)

    def _choose(self) -> Framer | None:
        """
        The framer, or None while it cannot be told. Each decision stands however many bytes follow, so it does not
        matter how they were cut into reads.
        """
        first = self._first
        if may_be_tls(first) or _COUNT_AND_PRI_BEGUN.match(first):
            return None
        foreign = recognise(first[:_ENOUGH_TO_RECOGNISE])
        if foreign:
            return ForeignFramer(foreign)
        if _COUNT_AND_PRI.match(first):
            return OctetCountingFramer(self._limit)
        end = _END.search(first, self._searched, self._patience)
        if end is None:
            self._searched = len(first) - 1  # the last byte may be a NUL, of which the next one decides
            return LineFramer(self._limit) if len(first) >= self._patience else None
        if end[0] == b"\0":
            return NulFramer(self._limit)
        return OctetCountingFramer(self._limit) if _counted(first) == end.end() else LineFramer(self._limit)

    def _choose_at_end(self) -> Framer:
        counted = _counted(self._first) == len(self._first)
        return OctetCountingFramer(self._limit) if counted else LineFramer(self._limit)


def _counted(first: bytearray) -> int | None:
    """Where the first frame would end if a number at its beginning counts it."""
    match = _COUNT.match(first)
    return match.end() + int(match[0]) if match and 0 < int(match[0]) <= LARGEST_COUNT else None
