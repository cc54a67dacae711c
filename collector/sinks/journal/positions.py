"""Where a consumer is in a journal, and the file in which it keeps that."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from collector.errors import CollectorError

_SUFFIX = ".position"
_CONSUMER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_LINE = re.compile(rb"( *[0-9]+ +[0-9]+ +-?[0-9]+ ([0-9a-f]{16}|-{16})) ([0-9a-f]{8})\n")
_LENGTH = 3 * 20 + 16 + 8 + 4 + 1
_NO_MARK = "-" * 16


class Place(NamedTuple):
    """
    Between two entries: ``mark`` names the writer's run, ``number`` is that of the entry that follows.

    To be kept by whoever must come back to it, with ``tuple`` and ``Place(*…)``.
    """

    mark: str
    position: int
    number: int


BEGINNING = Place("", 0, -1)
"""Of one who has read nothing yet: whatever is there is new, and nothing before it is missed."""


class PositionError(CollectorError):
    """A consumer's place cannot be kept."""


class PositionFile:
    """
    Two lines, written in turn, so that one is whole whatever happens while the other is written.

    ``place`` is what was kept, BEGINNING in a new file; ``damaged`` says that neither line can be read. Raises
    PositionError.
    """

    def __init__(self, folder: str, consumer: str) -> None:
        if not _CONSUMER.fullmatch(consumer):
            raise ValueError(f"not a name for a consumer: {consumer!r}")
        self.path = os.path.join(folder, consumer + _SUFFIX)
        try:
            os.makedirs(folder, mode=0o750, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            content = os.pread(self._fd, 2 * _LENGTH, 0)
            if not content:
                os.pwrite(self._fd, b" " * (2 * _LENGTH), 0)  # room, while there is some
        except OSError as error:
            raise PositionError(f"{self.path}: {error.strerror}") from error
        kept = _newest(content)
        self._count, self.place = kept or (0, BEGINNING)
        self.damaged = kept is None and bool(content.strip())

    def keep(self, place: Place) -> None:
        """Raises PositionError; what was kept before is kept then."""
        count = self._count + 1
        try:
            written = os.pwrite(self._fd, _line(count, place), (count % 2) * _LENGTH)
        except OSError as error:
            raise PositionError(f"{self.path}: {error.strerror}") from error
        if written < _LENGTH:
            raise PositionError(f"{self.path}: there is no room for it")
        self._count, self.place = count, place

    def close(self) -> None:
        os.close(self._fd)


def places(folder: str) -> Iterator[Place]:
    """Of each consumer of a journal: what it no longer needs lies before."""
    for name in os.listdir(folder):
        if name.endswith(_SUFFIX):
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    kept = _newest(file.read(2 * _LENGTH))
            except FileNotFoundError:  # a consumer that is no more
                continue
            yield kept[1] if kept else BEGINNING


def forget(folder: str, consumer: str) -> None:
    """That consumer is no more: nothing is kept for it."""
    try:
        os.unlink(os.path.join(folder, consumer + _SUFFIX))
    except FileNotFoundError:
        return


def _line(count: int, place: Place) -> bytes:
    text = b"%20d %20d %20d %s" % (count, place.position, place.number, (place.mark or _NO_MARK).encode())
    return b"%s %08x\n" % (text, crc32(text))


def _newest(content: bytes) -> tuple[int, Place] | None:
    """With the count of the line it is from."""
    lines = [_read(content[start : start + _LENGTH]) for start in (0, _LENGTH)]
    return max((line for line in lines if line), default=None)


def _read(line: bytes) -> tuple[int, Place] | None:
    match = _LINE.fullmatch(line)
    if match is None or int(match[3], 16) != crc32(match[1]):
        return None
    count, position, number, mark = match[1].split()
    return int(count), Place(mark.decode().replace(_NO_MARK, ""), int(position), int(number))
