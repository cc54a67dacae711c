"""Which rows of a block rules may want, found by one scan of all of it."""

from collections.abc import Iterator, Sequence

from collector.rules.prefilter import Prefilter
from collector.service.watching.shown import Shown

_MOST_KNOWN = 10_000

Needles = tuple[int, ...]
Rules = Sequence[int]


class Wanted:
    """Rules in ``unjudged`` want none. ``every``: each row is told, also those that none wants."""

    def __init__(self, prefilter: Prefilter, unjudged: frozenset[int], *, every: bool) -> None:
        self._prefilter = prefilter
        self._unjudged = unjudged
        self._always = tuple(sorted(prefilter.residual - unjudged))
        self._every = every or bool(self._always)
        self._known: dict[Needles, Rules] = {}

    def rows(self, shown: Shown, count: int) -> Iterator[tuple[int, Rules]]:
        """Numbers of rows in order, each with those of its rules, ascending; there are ``count`` rows."""
        found = self._found(shown)
        if not self._every:
            return found
        some = dict(found)
        return ((number, some.get(number, self._always)) for number in range(count))

    def _found(self, shown: Shown) -> Iterator[tuple[int, Rules]]:
        rows = _by_row(shown.text, self._prefilter.needles(shown.text))
        if shown.read:
            rows = self._with_read(rows, shown.read)
        known = self._known
        for number, needles in rows:
            rules = known.get(needles)
            if rules is None:
                rules = self._rules_of(needles)
            if rules:
                yield number, rules

    def _with_read(
        self, rows: Iterator[tuple[int, Needles]], read: Sequence[tuple[int, bytes]]
    ) -> Iterator[tuple[int, Needles]]:
        """With what the lines hold that were read one by one."""
        found = dict(rows)
        lines = b"".join([line for _, line in read])
        for place, needles in _by_row(lines, self._prefilter.needles(lines)):
            number = read[place][0]
            found[number] = found.get(number, ()) + needles
        return iter(sorted(found.items()))

    def _rules_of(self, needles: Needles) -> Rules:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        rules = {rule for needle in needles for rule in self._prefilter.rules_of[needle]}
        found = tuple(sorted(rules.union(self._always) - self._unjudged))
        self._known[needles] = found
        return found


def _by_row(text: bytes, hits: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Needles]]:
    """Hits by where they end in the text, in order → the needles of each row that has any."""
    number = at = 0
    end_of_row = -1
    needles: Needles = ()
    for end, needle in hits:
        if end <= end_of_row:
            if needle not in needles:
                needles += (needle,)
            continue
        if needles:
            yield number, needles
        number += text.count(b"\n", at, end)
        at = end
        end_of_row = text.find(b"\n", end)
        needles = (needle,)
    if needles:
        yield number, needles
