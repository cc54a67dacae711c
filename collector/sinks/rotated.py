"""
The names of rotated files, and which of them are kept.

    /var/log/windows                            is written
    /var/log/windows-20261122T000000            was, until this second by the clock on the wall
    /var/log/windows-20261122T000000.gz         … and is compressed
    /var/log/windows-20261122T000000.gz.part    … is being compressed

A name never changes, so a backup copies a file once; a list by name is a list by age; and as the suffix stands at the
end, ``*.log`` finds what is written now. A path made of a message never has such a name (``paths.py``): nobody can call
a host so that another's files are taken for old.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "none": ""}
PART = ".part"
SUFFIX_MAX = len("-20261122T000000.zst.part")

_STAMP = "%Y%m%dT%H%M%S"
_SUFFIX = re.compile(r"-([0-9]{8}T[0-9]{6})(\.gz|\.zst|)(\.part)?\Z")
_CLOCKS_GO_BACK = timedelta(hours=3)
"""More than any summer time, less than a clock that was wrong and is right again."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a name says. ``base`` is the path that was written, ``suffix`` tells how the file is compressed."""

    base: str
    stamp: datetime
    suffix: str = ""
    part: bool = False

    @property
    def path(self) -> str:
        return f"{self.base}-{self.stamp:{_STAMP}}{self.suffix}{PART if self.part else ''}"


def read_name(path: str) -> Rotated | None:
    """The name of a rotated file taken apart; None for any other."""
    found = _SUFFIX.search(path)
    if not found:
        return None
    try:
        stamp = datetime.strptime(found[1], _STAMP)  # noqa: DTZ007 - a wall clock's time, as it stands in the name
    except ValueError:
        return None
    file = Rotated(path[: found.start()], stamp, found[2], bool(found[3]))
    nameless = file.base.rpartition("/")[2] == ""
    return None if nameless or file.path != path or (file.part and not file.suffix) else file


def next_stamp(now: datetime, newest: datetime | None) -> datetime:
    """
    The time in the next name, by the wall clock ``now``: always later than that in the ``newest`` name there is.

    So two files of one second, and those of the hour that comes twice in autumn, are in order. A name far ahead, by a
    clock that was wrong, is no measure.
    """
    wanted = now.replace(microsecond=0, tzinfo=None, fold=0)
    if newest is not None and wanted <= newest < wanted + _CLOCKS_GO_BACK:
        return newest + timedelta(seconds=1)
    return wanted


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept: files of each path, seconds since the rotation, bytes of all paths together. None: no limit."""

    files: int | None
    age: float | None
    total: int | None


def expired(sizes: Iterable[tuple[Rotated, int]], kept: Kept, now: datetime) -> list[Rotated]:
    """
    The files to delete, oldest first. ``sizes`` are all rotated files of one destination, of however many paths.

    A file that is there twice, as it was and compressed, counts as one. ``total`` never takes the newest one.
    """
    turns: defaultdict[_Turn, list[tuple[Rotated, int]]] = defaultdict(list)
    for file, size in sizes:
        turns[file.stamp, file.base].append((file, size))
    stay = _of_total(_of_count(_of_age(sorted(turns, reverse=True), kept, now), kept), kept, turns)
    return [file for turn in sorted(turns.keys() - stay) for file, _ in turns[turn]]


_Turn = tuple[datetime, str]
"""A rotation: when, and of which path."""


def _of_age(turns: list[_Turn], kept: Kept, now: datetime) -> list[_Turn]:
    if kept.age is None:
        return turns
    return [turn for turn in turns if (now.replace(tzinfo=None) - turn[0]).total_seconds() <= kept.age]


def _of_count(turns: list[_Turn], kept: Kept) -> list[_Turn]:
    """``turns`` begin with the newest."""
    if kept.files is None:
        return turns
    counted = Counter[str]()
    stay = []
    for turn in turns:
        counted[turn[1]] += 1
        if counted[turn[1]] <= kept.files:
            stay.append(turn)
    return stay


def _of_total(turns: list[_Turn], kept: Kept, files: Mapping[_Turn, list[tuple[Rotated, int]]]) -> set[_Turn]:
    """``turns`` begin with the newest; the first that does not fit goes, with all that are older."""
    if kept.total is None:
        return set(turns)
    used, stay = 0, set[_Turn]()
    for turn in turns:
        used += sum(size for _, size in files[turn])
        if stay and used > kept.total:
            break
        stay.add(turn)
    return stay
