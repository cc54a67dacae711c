"""
Frames that say their own length (RFC 6587 §3.4.1).

    16 <1>1 - - - - - -17 <2>12 A B C D E -

    counting ──count over max_message──▶ oversize: its first part kept, the rest skipped in step ──▶ counting
       │  ▲
       ▼  └── LF, or digits SP "<PRI>" ──┐
     stray ── text that no count covers ─┘  named once, each line of it a frame

CR, LF and NUL at the end of a frame, or behind it and not counted, go with the delimiter, as many senders add them. LF
inside a frame is content. Regular frames are handed on as a block of lines.
"""

import re

from collector.protocol.framing import DEFAULT_MAX_MESSAGE, Frames, FramingProblem
from collector.protocol.framing.oversize import truncate

LARGEST_COUNT = 16 * 1024 * 1024
"""Bytes. What is said to be longer is no message but a broken count; rsyslog's limit is 200,000 by default."""

_TERMINATORS = b"\r\n\0"
_COUNT = re.compile(rb"[\r\n\0]*([0-9]{1,10}) ")
_COUNT_BEGUN = re.compile(rb"[\r\n\0]*[0-9]{0,10}\Z")
_BROKEN_COUNT = re.compile(rb"[0-9]+ (?=<)")
_END_OF_STRAY = re.compile(rb"\n|(?<![0-9])0{0,2}[1-9][0-9]{0,7} <[0-9]{1,3}>")
_LONGEST_END = 17  # with the byte before it


class OctetCountingFramer:
    def __init__(self, max_message: int = DEFAULT_MAX_MESSAGE) -> None:
        self.problems: list[FramingProblem] = []
        self.delimiters = 0
        self.empty = 0
        self._limit = max_message
        self._lost = 0
        self._state = self._counting
        self._held = bytearray()
        self._needed = 0  # bytes to hold before anything can be done with them
        self._left = 0  # bytes of an oversize frame still to come
        self._skipped = 0
        self._searched = 0  # bytes held in which no end of stray text is

    @property
    def lost(self) -> int:
        return self._lost + self._skipped

    @property
    def pending(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> Frames:
        frames: list[bytes] = []
        position = 0
        while position < len(data):
            data, position = self._state(data, position, frames)
        return self._handed_on(frames)
