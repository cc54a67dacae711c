"""
The route table: which boxes a row goes into.

A box collects, in order, the rows of one destination. The table has an entry for each of the 192 PRIs, and the entry is
a callable that takes a row: for one destination without a filter it is the ``append`` of that destination's box itself,
so that the common row costs one dict look-up and one C call.

    for row in rows:
        table.put[row[0]](row)

Of many filters in a row that ask for fields of which there are few values, as programs and hosts, the answers are
remembered together: a row costs one look-up, however many there are.

A route without a box stops: a row that it takes goes to no later route. Where nothing filters, that is decided here,
once; rows that are stopped before any box had them are collected in ``discarded``.
"""

from collections.abc import Callable, Collection, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from collector.priority import PRI_COUNT
from collector.routing.signs import Signs

Put = Callable[[Any], object]
Test = Callable[[Any], bool]
KeyOf = Callable[[Collection[Test]], Callable[[Any], Hashable] | None]
"""Makes a function that tells all of a row that some tests depend on; None where that is hardly ever the same."""

_MANY = 4
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Route:
    """
    Rows whose PRI is among ``pris`` and which pass ``test`` (None: all do) go into box number ``box``; where that is
    None, to no later route.
    """

    pris: frozenset[int]
    box: int | None
    test: Test | None = None


class _Choice(NamedTuple):
    """What neighbouring routes with the same test do with a row that passes it: it is asked once for all of them."""

    test: Test | None
    put: Put | None
    stops: bool


class RouteTable:
    """
    ``put[pri]`` takes a row into every box its PRI is routed to; rows nobody wants are collected in ``nowhere``.

    Two routes to one box keep the order of the rows; a row that both select is in it twice, as in syslogd.
    """

    def __init__(self, routes: Sequence[Route], boxes: int, key_of: KeyOf = lambda _: None) -> None:
        self._key_of = key_of
        self.filtered = any(route.test for route in routes)
        self.boxes: list[list[Any]] = [[] for _ in range(boxes)]
        self.nowhere: list[Any] = []
        self.discarded: list[Any] = []
        self._routes: list[list[Route]] = [[] for _ in range(PRI_COUNT)]
        self.put: list[Put] = [self.nowhere.append] * PRI_COUNT
        for _ in self._fill(routes):
            pass

    @classmethod
    def in_steps(cls, routes: Sequence[Route], boxes: int, key_of: KeyOf) -> Generator[None, None, "RouteTable"]:
        """The same, made in steps of a few milliseconds; the generator's value is the table."""
        table = cls((), boxes, key_of)
        table.filtered = any(route.test for route in routes)
        yield from table._fill(routes)
        return table

    def _fill(self, routes: Sequence[Route]) -> Iterator[None]:
        for route in routes:
            for pri in route.pris:
                self._routes[pri].append(route)
            yield
        self._signs = Signs(routes, self.boxes)
        made: dict[tuple[int, ...], Put] = {}  # most PRIs share their routes with others
        for pri, some in enumerate(self._routes):
            same = tuple(map(id, some))
            if same not in made:
                made[same] = self._putter(some, lambda box: self.boxes[box].append)
                self._signs.add(some)
                yield
            self.put[pri] = made[same]

    def put_lines(self, with_pri: Collection[int]) -> list[Put]:
        """``put`` for rows that are lines, which get their PRI in front in the boxes ``with_pri``."""
        if not with_pri:
            return self.put

        def into(box: int, prefix: bytes) -> Put:
            append = self.boxes[box].append
            return (lambda line: append(prefix + line)) if box in with_pri else append

        return [self._putter(some, partial(into, prefix=b"<%d>" % pri)) for pri, some in enumerate(self._routes)]

    def filled(self) -> list[int]:
        """The boxes that have rows."""
        return self._signs.filled()

    def clear(self) -> None:
        """Empty the boxes; ``put`` goes on filling the same ones."""
        self.nowhere.clear()
        self.discarded.clear()
        for box in self._signs.filled():
            self.boxes[box].clear()

    def _putter(self, routes: list[Route], into: Callable[[int], Put]) -> Put:
        choices = list(_choices(routes, into))
        if not choices:
            return self.nowhere.append
        first = choices[0]
        if first.test is None and len(choices) == 1:
            return first.put or self.discarded.append
        tests = {choice.test for choice in choices if choice.test}
        key = self._key_of(tests) if len(tests) >= _MANY else None
        if key:
            return _remembered(choices, key, self.nowhere, self.discarded)
        return _chosen(choices, self.nowhere, self.discarded)


def _choices(routes: list[Route], into: Callable[[int], Put]) -> Iterator[_Choice]:
    """Up to the first stop that nothing gets past."""
    for test, group in groupby(routes, key=lambda route: route.test):
        puts: list[Put] = []
        stops = False
        for route in group:
            stops = route.box is None
            if route.box is None:
                break
            puts.append(into(route.box))
        yield _Choice(test, _together(puts), stops)
        if stops and test is None:
            return


def _together(appends: Sequence[Put]) -> Put | None:
    if len(appends) <= 1:
        return appends[0] if appends else None

    def put(row: Any) -> None:
        for append in appends:
            append(row)

    return put


def _remembered(
    choices: Sequence[_Choice], key: Callable[[Any], Hashable], nowhere: list[Any], discarded: list[Any]
) -> Put:
    known: dict[Hashable, Put] = {}

    def put(row: Any) -> None:
        asked = key(row)
        found = known.get(asked)
        if found is None:
            found = _decision(choices, row, nowhere, discarded)
            if len(known) >= _REMEMBERED:
                known.clear()
            if asked is not None:
                known[asked] = found
        found(row)

    return put


def _decision(choices: Sequence[_Choice], row: Any, nowhere: list[Any], discarded: list[Any]) -> Put:
    """What becomes of a row, and of all others with its key."""
    puts: list[Put] = []
    left = nowhere
    for test, take, stops in choices:
        if test is None or test(row):
            puts += [take] if take else []
            if stops:
                left = discarded
                break
    return _together(puts) or left.append


def _chosen(choices: Sequence[_Choice], nowhere: list[Any], discarded: list[Any]) -> Put:
    def put(row: Any) -> None:
        left = nowhere
        taken = False
        for test, take, stops in choices:
            if test is None or test(row):
                if take is not None:
                    take(row)
                    taken = True
                if stops:
                    left = discarded
                    break
        if not taken:
            left.append(row)

    return put
