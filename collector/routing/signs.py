"""
Which boxes have rows in them, without a look at every box.

With a thousand routes there are a thousand boxes, of which a batch fills a few; to look at each is a memory access that
misses the cache. But rows of a PRI fill the same boxes, so one of them tells of the others:

    PRI 134  →  boxes 0, 17, 400        17 is filled by the fewest PRIs: rows in it are the sign for 0 and 400, too
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import compress, takewhile
from typing import Any, Protocol

_FEW = 16
"""Boxes that are looked at faster than their signs."""


class Route(Protocol):
    @property
    def pris(self) -> Collection[int]: ...
    @property
    def box(self) -> int | None: ...
    @property
    def test(self) -> Any: ...


class Signs:
    """For all ``routes`` into ``boxes``; ``add`` takes those of one PRI, in their order."""

    def __init__(self, routes: Iterable[Route], boxes: Sequence[Sequence[Any]]) -> None:
        self._boxes = boxes
        self._width = Counter[int | None]()
        for route in routes:
            self._width[route.box] += len(route.pris)
        self._told: dict[int, set[int]] = {}
        self._signs: list[Sequence[Any]] = []

    def add(self, routes: Sequence[Route]) -> None:
        """
        The sign of a PRI is that one of its boxes that gets all its rows and as few others as possible. Where filters
        or stops leave none, each box tells of itself.
        """
        boxes = {route.box for route in routes if route.box is not None}
        before_stop = takewhile(lambda route: route.box is not None, routes)
        sure = [route.box for route in before_stop if route.test is None and route.box is not None]
        if sure:
            self._tell(min(sure, key=self._width.__getitem__), boxes)
        else:
            for box in boxes:
                self._tell(box, {box})

    def filled(self) -> list[int]:
        """The numbers of the boxes that have rows."""
        if len(self._boxes) <= _FEW:
            return [number for number, box in enumerate(self._boxes) if box]
        found = set[int]().union(*compress(self._told.values(), self._signs))
        return [box for box in sorted(found) if self._boxes[box]]

    def _tell(self, sign: int, boxes: set[int]) -> None:
        if sign not in self._told:
            self._told[sign] = set()
            self._signs.append(self._boxes[sign])
        self._told[sign] |= boxes
