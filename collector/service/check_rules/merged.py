"""
Logs as one stream of the rows that rules may want, in the order of time, however many files they are in.

    log ── block ── prefilter ──▶ candidates ─┐
    log ── block ── prefilter ──▶ candidates ─┴─ by time ──▶ (arrival, rules, event)

Blocks are scanned whole, and a row that no rule wants never becomes an event. What came at the same moment goes by
file, the one that begins first before the others. A file is open from when its first row is due.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from collector.rules.entry import row_numbers
from collector.rules.event import Event
from collector.rules.prefilter import Prefilter
from collector.service.check_rules.forms import Form
from collector.service.check_rules.log_file import Block, LogFile


class Candidate(NamedTuple):
    """A row that the rules of these numbers may want; ``event`` makes it."""

    arrival: float
    rules: Sequence[int]
    event: Callable[[int], Event]
    number: int


class Logs:
    """
    ``unjudged`` are the rules that can say nothing of the rows of a log of a form. While it is read, ``rows`` of each
    form are counted, ``skewed`` ones whose stamp was of no use, and as ``unread`` lines that are none.

    ``look`` is called for each block, for whoever shows how far it is. ``every`` row is a candidate, where somebody
    wants to know of each.
    """

    def __init__(
        self,
        files: Sequence[LogFile],
        prefilter: Prefilter,
        unjudged: Callable[[Form], frozenset[int]],
        *,
        look: Callable[[], None] = lambda: None,
        every: bool = False,
    ) -> None:
        self.files = sorted(files, key=lambda file: file.begins)
        self.rows: Counter[Form] = Counter()
        self.skewed = self.unread = 0
        self._prefilter = prefilter
        self._unjudged = unjudged
        self._look = look
        self._every = every

    @property
    def now(self) -> float | None:
        """The newest time in any of the files, as far as they have been read."""
        return max((file.now for file in self.files if file.now is not None), default=None)

    @property
    def done(self) -> float | None:
        """How much has been read, from 0 to 1; None when nobody knows how much there is."""
        if not all(file.size for file in self.files):
            return None
        return sum(file.at for file in self.files) / (sum(file.size for file in self.files) or 1)

    def candidates(self) -> Iterator[Candidate]:
        """To be asked for once."""
        waiting = list(reversed(self.files))
        heap: list[tuple[float, int, Candidate, Iterator[Candidate]]] = []
        while heap or waiting:
            while waiting and (not heap or waiting[-1].begins <= heap[0][0]):
                file = waiting.pop()
                stream = self._of(file)
                first = next(stream, None)
                if first:
                    heapq.heappush(heap, (first.arrival, -len(waiting), first, stream))
            if not heap:
                continue
            _, order, candidate, stream = heap[0]
            yield candidate
            following = next(stream, None)
            if following:
                heapq.heapreplace(heap, (following.arrival, order, following, stream))
            else:
                heapq.heappop(heap)

    def _of(self, file: LogFile) -> Iterator[Candidate]:
        unjudged = self._unjudged(file.form)
        for block in file.blocks():
            self.rows[file.form] += len(block.arrivals)
            self.skewed += block.skewed
            self.unread += block.unread
            self._look()
            for number, rules in self._wanted(block, unjudged):
                yield Candidate(block.arrivals[number], rules, block.event, number)

    def _wanted(self, block: Block, unjudged: frozenset[int]) -> Iterator[tuple[int, Sequence[int]]]:
        """The rows of a block that are candidates, in order, each with its rules."""
        always = self._prefilter.residual - unjudged
        found: dict[int, set[int]] = {}
        for number, rule in self._hits(block):
            if rule not in unjudged:
                found.setdefault(number, set(always)).add(rule)
        if always or self._every:
            rest = sorted(always)
            for number in range(len(block.arrivals)):
                yield number, sorted(found[number]) if number in found else rest
            return
        for number in sorted(found):
            yield number, sorted(found[number])

    def _hits(self, block: Block) -> Iterator[tuple[int, int]]:
        """As a worker finds them: in the text, and in the lines that were read one by one."""
        text, read = block.shown
        yield from row_numbers(text, self._prefilter.scan(text))
        if read:
            lines = b"".join([line for _, line in read])
            for place, rule in row_numbers(lines, self._prefilter.scan(lines)):
                yield read[place][0], rule
