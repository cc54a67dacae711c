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
from collections.abc import Callable

from collector.protocol.framing import DEFAULT_MAX_MESSAGE, Frames, FramingProblem, Truncated
from collector.protocol.framing.oversize import truncate
from collector.protocol.framing.stray import StrayText

LARGEST_COUNT = 16 * 1024 * 1024
"""Bytes. What is said to be longer is no message but a broken count; rsyslog's limit is 200,000 by default."""

_TERMINATORS = b"\r\n\0"
_COUNT = re.compile(rb"[\r\n\0]*([0-9]{1,10}) ")
_COUNT_BEGUN = re.compile(rb"[0-9]{0,10}\Z")
_BETWEEN = re.compile(rb"[\r\n\0]*")
_BROKEN_COUNT = re.compile(rb"\A[0-9]+ (?=<)")

_State = Callable[[bytes, int, list[bytes]], tuple[bytes, int]]


class OctetCountingFramer:
    def __init__(self, max_message: int = DEFAULT_MAX_MESSAGE) -> None:
        self.problems: list[FramingProblem] = []
        self.delimiters = 0
        self.empty = 0
        self._limit = max_message
        self._state: _State = self._counting
        self._held = bytearray()  # a frame begun
        self._needed = 0  # bytes to hold before it can end
        self._left = 0  # bytes of an oversize frame still to come
        self._skipped = 0
        self._lost = 0
        self._stray = StrayText(max_message)

    @property
    def lost(self) -> int:
        return self._lost + self._skipped + self._stray.skipped

    @property
    def pending(self) -> int:
        return len(self._held) + self._stray.pending

    def feed(self, data: bytes) -> Frames:
        frames: list[bytes] = []
        problems = len(self.problems)
        position = 0
        while position < len(data):
            data, position = self._state(data, position, frames)
        if not frames:
            return b""
        return self._trimmed(frames) if len(self.problems) > problems else self._block(frames)

    def finish(self) -> list[bytes]:
        frames: list[bytes] = []
        if self._state == self._straying:
            self._end_stray(self._stray.end(), frames)
        elif self._left:
            self._end_oversize(frames)
        elif self._held:
            self._end_unfinished(frames)
        return self._trimmed(frames)

    # Each state takes the read and a position in it, and gives them back for the next state: what was held of the read
    # before may now stand in front.

    def _counting(self, data: bytes, position: int, frames: list[bytes]) -> tuple[bytes, int]:
        if self._held:
            if len(self._held) + len(data) < self._needed:
                self._held += data
                return data, len(data)
            data = b"".join((self._held, data))
            self._held.clear()
        position = self._regular(data, position, frames)
        return data, self._irregular(data, position)

    def _regular(self, data: bytes, position: int, frames: list[bytes]) -> int:
        """Frames within the limits that are complete: the hot loop, 0.3 to 0.5 µs per frame."""
        size, limit, count_at = len(data), self._limit, _COUNT.match
        counts = 0
        while match := count_at(data, position):
            start = match.end()
            end = start + int(match[1])
            if end > size or not start < end <= start + limit:
                break
            frames.append(data[start:end])
            counts += start - position
            position = end
        self.delimiters += counts
        return position

    def _irregular(self, data: bytes, position: int) -> int:
        """Where the hot loop stopped: nothing there, a frame begun, one too long, or no frame at all."""
        begin = _BETWEEN.match(data, position).end()  # type: ignore[union-attr]  # it matches everywhere
        self.delimiters += begin - position
        match = _COUNT.match(data, begin)
        count = int(match[1]) if match else 0
        if match and 0 < count <= self._limit:
            self._needed = match.end() - begin + count
            self._held += data[begin:]
            return len(data)
        if match and 0 < count <= LARGEST_COUNT:
            self.delimiters += match.end() - begin
            self._left = count
            self._state = self._oversize
            return match.end()
        if not match and _COUNT_BEGUN.match(data, begin):
            self._needed = 0
            self._held += data[begin:]
            return len(data)
        self.problems.append(FramingProblem("bad_octet_count", data[begin : begin + 80]))
        self._stray.begin()
        self._state = self._straying
        return begin

    def _oversize(self, data: bytes, position: int, frames: list[bytes]) -> tuple[bytes, int]:
        end = min(position + self._left, len(data))
        kept = data[position : min(end, position + self._limit - len(self._held))]
        self._held += kept
        self._skipped += end - position - len(kept)
        self._left -= end - position
        if self._left == 0:
            self._end_oversize(frames)
        return data, end

    def _straying(self, data: bytes, position: int, frames: list[bytes]) -> tuple[bytes, int]:
        data, position, text = self._stray.take(data, position)
        if text is not None:
            self._end_stray(text, frames)
            if self._stray.found_count:
                self._state = self._counting
            else:
                self.delimiters += 1
        return data, position

    def _end_oversize(self, frames: list[bytes]) -> None:
        self._cut(bytes(self._held), len(self._held) + self._skipped, frames)
        self._held.clear()
        self._skipped = self._left = 0
        self._state = self._counting

    def _cut(self, head: bytes, length: int, frames: list[bytes]) -> None:
        frame, problem = truncate(head, length, self._limit)
        self._lost += frame.lost
        self.problems.append(problem)
        frames.append(frame)

    def _end_stray(self, text: tuple[bytes, int], frames: list[bytes]) -> None:
        head, length = text
        if length > self._limit:
            self._cut(head, length, frames)
            return
        frame = _BROKEN_COUNT.sub(b"", head.strip(_TERMINATORS), count=1)
        self.delimiters += length - len(frame)
        if frame:
            frames.append(frame)

    def _end_unfinished(self, frames: list[bytes]) -> None:
        held = bytes(self._held)
        self._held.clear()
        match = _COUNT.match(held)
        lost = 0 if match else len(held)
        self.problems.append(FramingProblem("unfinished", held[:80], lost))
        self._lost += lost
        if match:
            self.delimiters += match.end()
            frames.append(held[match.end() :])

    def _block(self, frames: list[bytes]) -> Frames:
        if not _is_regular(frames):
            frames = self._trimmed(frames)
            if not _is_regular(frames):
                return frames
        self.delimiters -= len(frames)  # handed on as LF
        return b"\n".join((*frames, b""))

    def _trimmed(self, frames: list[bytes]) -> list[bytes]:
        kept = []
        for frame in frames:
            trimmed = frame if type(frame) is Truncated else frame.rstrip(_TERMINATORS)
            self.delimiters += len(frame) - len(trimmed)
            if trimmed:
                kept.append(trimmed)
            else:
                self.empty += 1
        return kept


def _is_regular(frames: list[bytes]) -> bool:
    glued = b"".join(frames)
    return not (b"\n" in glued or b"\r" in glued or b"\0" in glued)
