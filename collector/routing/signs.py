"""
Which boxes have rows in them, without a look at every box.

With a thousand routes there are a thousand boxes, of which a batch fills a few; to look at each is a memory access that
misses the cache. But rows of a PRI fill the same boxes, so one of them tells of the others:

    PRI 134  →  boxes 0, 17, 400        17 is filled by the fewest PRIs: rows in it are the sign for 0 and 400, too
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import compress, takewhile
from typing import Any, Protocol


class Route(Protocol):
    @property
    def box(self) -> int | None: ...
    @property
    def test(self) -> Any: ...


class Signs:
    """``boxes`` are filled as the routes of each PRI say, in their order; a route without a box stops."""

    def __init__(self, routes: Sequence[Sequence[Route]], boxes: Sequence[Sequence[Any]]) -> None:
        self._boxes = boxes
        told = _told(routes)
        self._told = list(told.values())
        self._signs = [boxes[sign] for sign in told]

    def filled(self) -> list[int]:
        """The numbers of the boxes that have rows."""
        found = set[int]().union(*compress(self._told, self._signs))
        return [box for box in sorted(found) if self._boxes[box]]


def _told(routes: Sequence[Sequence[Route]]) -> dict[int, set[int]]:
    """
    For each sign the boxes that may have rows when it has.

    Of a PRI's boxes it is the one with the fewest PRIs that gets all its rows. Where filters or stops leave none, each
    box tells of itself.
    """
    pris = Counter(box for some in routes for box in {route.box for route in some})
    found: defaultdict[int, set[int]] = defaultdict(set)
    for some in routes:
        boxes = {route.box for route in some if route.box is not None}
        before_stop = takewhile(lambda route: route.box is not None, some)
        sure = [route.box for route in before_stop if route.test is None and route.box is not None]
        if sure:
            found[min(sure, key=pris.__getitem__)] |= boxes
        else:
            for box in boxes:
                found[box].add(box)
    return dict(found)
