"""The files a journal consists of: their names, their order, and which of them a place is in."""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from collector.sinks.journal.positions import Place

_NAME = re.compile(r"([0-9]{20})-([0-9a-f]{16})\.v1", re.ASCII)


class Segment(NamedTuple):
    """``start`` is the position of its first byte. In this order they follow each other."""

    start: int
    mark: str
    path: str


def segment(folder: str, start: int, mark: str) -> Segment:
    return Segment(start, mark, os.path.join(folder, f"{start:020}-{mark}.v1"))


def list_segments(folder: str) -> list[Segment]:
    """The oldest first; none when there is no such folder. Raises OSError when it cannot be read."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(segment(folder, int(name[1]), name[2]) for name in map(_NAME.fullmatch, names) if name)


def whereabouts(place: Place, segments: Sequence[Segment]) -> tuple[int, int]:
    """
    The segment with what follows ``place``: its index, and the offset in it. ``segments`` is not empty.

    Where what follows has been dropped, it is the beginning of the oldest segment that is left.
    """
    run = [index for index, each in enumerate(segments) if each.mark == place.mark]
    if not run:
        return 0, 0
    behind = [index for index in run if segments[index].start <= place.position]
    if not behind:
        return run[0], 0
    index = behind[-1]
    if index + 1 < len(segments) and segments[index + 1].start <= place.position:
        return index + 1, 0  # the run ended here, or even before, when the machine went down
    return index, place.position - segments[index].start
