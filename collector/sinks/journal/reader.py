"""The reading end of a journal; see ``__init__.py``."""

import mmap
import os
from collections import deque
from dataclasses import dataclass, replace
from typing import NamedTuple

from collector.sinks import Notice
from collector.sinks.journal.entries import Found, scan
from collector.sinks.journal.positions import BEGINNING, Place, PositionFile
from collector.sinks.journal.segments import Segment, list_segments, whereabouts

_AT_ONCE = 1 << 20


class Entry(NamedTuple):
    """``place`` is that after it."""

    place: Place
    payload: bytes


@dataclass(slots=True)
class Losses:
    """
    What this reader has missed: ``entries`` in all, as ``dropped_bytes`` of segments that went before it came to them,
    and ``damaged_bytes`` that were no entries.
    """

    entries: int = 0
    dropped_bytes: int = 0
    damaged_bytes: int = 0


class JournalReader:
    """
    Begins at the place that ``consumer`` committed last, or at the oldest entry there is. Without a consumer nothing
    is kept, and nobody waits for this reader. ``notice`` is told of losses.

    Raises PositionError when the consumer's place cannot be kept.
    """

    def __init__(
        self, folder: str, consumer: str | None = None, notice: Notice = lambda _event, _sentence: None
    ) -> None:
        self.folder = folder
        self.losses = Losses()
        self._name = consumer or "a reader"
        self._notice = notice
        self._kept = PositionFile(folder, consumer) if consumer else None
        self._place = self._kept.place if self._kept else BEGINNING
        self._handed_out: deque[Place] = deque()  # since the last commit
        self._segment: Segment | None = None
        self._fd = -1
        self._offset = 0
        if self._kept and self._kept.damaged:
            self._say("place", "the place of {name} is damaged; it begins with the oldest entry there is")

    @property
    def place(self) -> Place:
        """After what was read last."""
        return self._place

    def read(self, limit_bytes: int = _AT_ONCE) -> list[tuple[int, bytes]]:
        """What ``entries`` returns, as position and payload."""
        return [(entry.place.position, entry.payload) for entry in self.entries(limit_bytes)]

    def entries(self, limit_bytes: int = _AT_ONCE) -> list[Entry]:
        """
        The next entries: so many bytes at most, but at least one entry when one is there. None: nothing more is there
        now; until then, call it again.

        Damaged bytes are skipped and counted. Raises OSError when the folder cannot be read.
        """
        before = replace(self.losses)
        entries = self._here(limit_bytes)
        while not entries and (following := self._following()) is not None:
            # As another segment is there, this one does not grow any more: look once more, then go on.
            entries = self._here(limit_bytes)
            if not entries:
                self._enter(*following)
                entries = self._here(limit_bytes)
        if self._kept is not None:
            self._handed_out += [entry.place for entry in entries]
        if self.losses != before:
            self._tell_losses()
        return entries

    def commit(self, position: int) -> None:
        """
        Nothing up to there is needed any more: ``read`` has returned it. Raises PositionError when that cannot be
        kept; then it is read again after a restart.
        """
        at = next((place for place in self._handed_out if place.position == position), None)
        if at is None:
            raise ValueError(f"{self.folder}: {position} is not the end of an entry that was read")
        self.commit_place(at)

    def commit_place(self, place: Place) -> None:
        """The same for a place, also for one that another process has read up to."""
        if self._kept is not None:
            self._kept.keep(place)
        while self._handed_out and self._handed_out[0].number <= place.number:
            self._handed_out.popleft()

    def seek(self, place: Place) -> None:
        """Go on there. It must not lie before what this consumer has committed: that may be gone."""
        self._leave()
        self._handed_out.clear()
        self._place = place

    def lag_bytes(self) -> int:
        """How much is there that was not read yet. Raises OSError when the folder cannot be read."""
        segments = list_segments(self.folder)
        if not segments:
            return 0
        index, offset = whereabouts(self._place, segments)
        return max(0, sum(_size(each.path) for each in segments[index:]) - offset)

    def close(self) -> None:
        self._leave()
        if self._kept is not None:
            self._kept.close()

    def _here(self, limit: int) -> list[Entry]:
        """Entries of this segment that follow."""
        if self._segment is None:
            return []
        rest = os.fstat(self._fd).st_size - self._offset
        size = min(rest, limit)
        while size > 0:
            start, mark = self._segment.start + self._offset, bytes.fromhex(self._segment.mark)
            found = scan(self._bytes(size), start, mark)
            if any(entry.damaged for entry in found):
                # An entry that was being written may have been read in part, and the next one whole. By now it is.
                found = scan(self._bytes(size), start, mark)
            if found:
                entries = found if size <= limit else found[:1]
                self._offset += entries[-1].end
                return [self._take(entry, start) for entry in entries]
            if size == rest:
                return []
            size = min(rest, 4 * size)
        return []

    def _take(self, found: Found, start: int) -> Entry:
        """``start`` is the position at which it was searched."""
        assert self._segment is not None
        if self._place.number >= 0:
            self.losses.entries += max(0, found.number - self._place.number)
        self.losses.damaged_bytes += found.damaged
        self._place = Place(self._segment.mark, start + found.end, found.number + 1)
        return Entry(self._place, found.payload)

    def _following(self) -> tuple[Segment, int] | None:
        """The segment to go to, and the offset in it, when there is nothing more in this one."""
        segments = list_segments(self.folder)
        if not segments:
            return None
        index, offset = whereabouts(self._place, segments)
        if segments[index] != self._segment:
            return segments[index], offset
        return (segments[index + 1], 0) if index + 1 < len(segments) else None

    def _enter(self, segment: Segment, offset: int) -> None:
        try:
            fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # dropped since it was listed: the next list does not have it
            return
        if self._segment is not None:
            self.losses.damaged_bytes += max(0, os.fstat(self._fd).st_size - self._offset)
        self._leave()
        self._segment, self._fd, self._offset = segment, fd, offset
        position = segment.start + offset
        if self._place.number >= 0:
            self.losses.dropped_bytes += max(0, position - self._place.position)
        # The mark stays that of the last entry read, until one of this segment is: an empty one may yet be replaced.
        self._place = self._place._replace(position=position)

    def _leave(self) -> None:
        if self._segment is not None:
            os.close(self._fd)
            self._segment, self._fd = None, -1

    def _bytes(self, size: int) -> bytes:
        try:
            return os.pread(self._fd, size, self._offset)
        except OSError:
            pages = range(self._offset, self._offset + size, mmap.PAGESIZE)
            return b"".join([_page(self._fd, page) for page in pages])[:size]

    def _tell_losses(self) -> None:
        lost = self.losses
        self._say(
            "losses",
            f"entries lost to {{name}} so far: {lost.entries:,}; {lost.dropped_bytes:,} bytes went before it read "
            f"them, {lost.damaged_bytes:,} bytes are damaged",
        )

    def _say(self, event: str, what: str) -> None:
        self._notice(f"journal {event} {self.folder}", f"The journal {self.folder}: {what.format(name=self._name)}.")


def _page(fd: int, offset: int) -> bytes:
    """A page of a file, zeros where the disk cannot read it."""
    try:
        return os.pread(fd, mmap.PAGESIZE, offset)
    except OSError:
        return bytes(mmap.PAGESIZE)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:  # dropped since it was listed
        return 0
