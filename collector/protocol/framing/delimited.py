"""
Frames between delimiters: LF (RFC 6587 §3.4.2), CR LF, NUL.

    <13>one LF <13>two CR LF <13>th       →  <13>one LF <13>two LF    and "<13>th" pending

A stream of lines stays one block; a read costs one concatenation and a few searches by the C library, no line is
touched. Only where something is irregular, a NUL, a CR elsewhere, a line too long, is that read split into frames.
"""

import re

from collector.protocol import libc
from collector.protocol.framing import DEFAULT_MAX_MESSAGE, Frames, FramingProblem
from collector.protocol.framing.oversize import truncate

_LONE_CR = re.compile(rb"\r(?!\n)")


class _Delimited:
    """What both delimiters share. ``_before`` and ``_after`` are bytes that go with a delimiter, on its either side."""

    _delimiter = b"\n"
    _before = b""
    _after = b""

    def __init__(self, max_message: int = DEFAULT_MAX_MESSAGE) -> None:
        self.problems: list[FramingProblem] = []
        self.delimiters = 0
        self.empty = 0
        self._limit = max_message
        self._begun = bytearray()  # at most one byte more than allowed: it may belong to the delimiter
        self._skipped = 0
        self._lost = 0

    @property
    def lost(self) -> int:
        return self._lost + self._skipped

    @property
    def pending(self) -> int:
        return len(self._begun)

    def feed(self, data: bytes) -> Frames:
        end = data.rfind(self._delimiter) + 1
        if end == 0:
            self._hold(data)
            return b""
        frames: list[bytes] = []
        start = 0
        if self._skipped:
            start = data.index(self._delimiter) + 1
            self._skipped += start - 1
            self.delimiters += 1
            self._close(frames)
        whole = not (self._begun or start) and end == len(data)
        block = data if whole else b"".join((self._begun, memoryview(data)[start:end]))
        self._begun.clear()
        self._hold(data[end:])
        return self._split(block, frames) if frames else self._cut(block)

    def finish(self) -> list[bytes]:
        frames: list[bytes] = []
        if self._begun:
            self._close(frames)
        return frames

    def _cut(self, block: bytes) -> Frames:
        return self._split(block, [])

    def _split(self, block: bytes, frames: list[bytes]) -> list[bytes]:
        if block:
            raws = block[:-1].split(self._delimiter)
            self.delimiters += len(raws)
            for raw in raws:
                self._take(raw, len(raw), frames)
        return frames

    def _hold(self, data: bytes) -> None:
        room = self._limit + 1 - len(self._begun)
        self._begun += data[:room]
        self._skipped += max(len(data) - room, 0)

    def _close(self, frames: list[bytes]) -> None:
        """The frame begun is at its end."""
        raw, length = bytes(self._begun), len(self._begun) + self._skipped
        self._begun.clear()
        self._skipped = 0
        self._take(raw, length, frames)

    def _take(self, raw: bytes, length: int, frames: list[bytes]) -> None:
        """``raw`` is what stood before a delimiter; of ``length`` bytes, where most of them were skipped."""
        if length > self._limit + (raw[-1:] in self._before):
            cut, problem = truncate(raw, length, self._limit)
            self.problems.append(problem)
            self._lost += cut.lost
            frames.append(cut)
            return
        frame = raw.lstrip(self._after).rstrip(self._before)
        self.delimiters += length - len(frame)
        if frame:
            frames.append(frame)
        else:
            self.empty += 1


class LineFramer(_Delimited):
    """LF, with CR or NUL before it, or NUL behind it, as part of the delimiter. A NUL inside a line is content."""

    _before = b"\r\0"
    _after = b"\0"

    def _cut(self, block: bytes) -> Frames:
        has_cr = b"\r" in block
        if b"\0" in block or (has_cr and _LONE_CR.search(block)) or self._has_long_line(block):
            return self._split(block, [])
        # Of one byte: six times as fast as replacing CR LF.
        lines = block.replace(b"\r", b"") if has_cr else block
        if lines.startswith(b"\n") or libc.contains(lines, b"\n\n"):
            lines = self._without_empty(lines)
        self.delimiters += len(block) - len(lines)
        return lines

    def _has_long_line(self, block: bytes) -> bool:
        """Hop from the last LF of one window to the next: four steps for 256 KiB."""
        window = self._limit + 1
        start = 0
        while len(block) - start > window:
            end = block.rfind(b"\n", start, start + window)
            if end < 0:
                return True
            start = end + 1
        return False

    def _without_empty(self, lines: bytes) -> bytes:
        before = lines.count(b"\n")
        lines = lines.lstrip(b"\n")
        while libc.contains(lines, b"\n\n"):  # each turn halves the longest run
            lines = lines.replace(b"\n\n", b"\n")
        self.empty += before - lines.count(b"\n")
        return lines


class NulFramer(_Delimited):
    """NUL, with CR and LF before it as part of the delimiter. A LF inside a frame is content."""

    _delimiter = b"\0"
    _before = b"\r\n"
    _after = b"\r\n"
