"""
The route table: which boxes a row goes into.

A box collects, in order, the rows of one destination. The table has an entry for each of the 192 PRIs, and the entry is
a callable that takes a row: for one destination without a filter it is the ``append`` of that destination's box itself,
so that the common row costs one dict look-up and one C call.

    for row in rows:
        table.put[row[0]](row)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from collector.priority import PRI_COUNT

Put = Callable[[Any], object]
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Route:
    """Rows whose PRI is among ``pris`` and which pass ``test`` (None: all do) go into box number ``box``."""

    pris: frozenset[int]
    box: int
    test: Test | None = None


class RouteTable:
    """
    ``put[pri]`` takes a row into every box its PRI is routed to; rows nobody wants are collected in ``nowhere``.

    Two routes to one box keep the order of the rows; a row that both select is in it twice, as in syslogd.
    """

    def __init__(self, routes: Sequence[Route], boxes: int) -> None:
        self.filtered = any(route.test for route in routes)
        self.boxes: list[list[Any]] = [[] for _ in range(boxes)]
        self.nowhere: list[Any] = []
        self.put: list[Put] = [
            self._putter([route for route in routes if pri in route.pris]) for pri in range(PRI_COUNT)
        ]

    def clear(self) -> None:
        """Empty the boxes; ``put`` goes on filling the same ones."""
        self.nowhere.clear()
        for box in self.boxes:
            box.clear()

    def _putter(self, routes: list[Route]) -> Put:
        if not routes:
            return self.nowhere.append
        appends: list[Put] = [self.boxes[route.box].append for route in routes]
        if any(route.test for route in routes):
            return _chosen([(route.test, append) for route, append in zip(routes, appends, strict=True)], self.nowhere)
        return appends[0] if len(appends) == 1 else _several(appends)


def _several(appends: list[Put]) -> Put:
    def put(row: Any) -> None:
        for append in appends:
            append(row)

    return put


def _chosen(choices: list[tuple[Test | None, Put]], nowhere: list[Any]) -> Put:
    def put(row: Any) -> None:
        taken = False
        for test, append in choices:
            if test is None or test(row):
                append(row)
                taken = True
        if not taken:
            nowhere.append(row)

    return put
