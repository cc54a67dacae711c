"""
Logs as one stream of the rows that rules may want, in the order of time, however many files they are in.

    log ── block ── prefilter ──▶ candidates ─┐
    log ── block ── prefilter ──▶ candidates ─┴─ by time ──▶ (block, number of the row, rules)

Blocks are scanned whole, and a row that no rule wants never becomes an event. What came at the same moment goes by
file, the one that begins first before the others. A file is open from when its first row is due.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from collector.rules.prefilter import Prefilter
from collector.service.check_rules.forms import Form
from collector.service.check_rules.log_file import Block, LogFile
from collector.service.check_rules.wanted import Wanted

Candidate = tuple[Block, int, Sequence[int]]
"""A row that rules may want: its block, its number there, and the numbers of the rules."""

_Heap = list[tuple[float, int, Candidate, Iterator[Candidate]]]


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
        heap: _Heap = []
        while heap or waiting:
            while waiting and (not heap or waiting[-1].begins <= heap[0][0]):
                file = waiting.pop()
                _push(heap, -len(waiting), self._of(file))
            if len(heap) == 1 and not waiting:
                yield heap[0][2]
                yield from heap[0][3]
                return
            if not heap:
                continue
            _, order, candidate, stream = heap[0]
            yield candidate
            following = next(stream, None)
            if following:
                heapq.heapreplace(heap, (_arrival(following), order, following, stream))
            else:
                heapq.heappop(heap)

    def _of(self, file: LogFile) -> Iterator[Candidate]:
        wanted = Wanted(self._prefilter, self._unjudged(file.form), every=self._every)
        for block in file.blocks():
            self.rows[file.form] += len(block.arrivals)
            self.skewed += block.skewed
            self.unread += block.unread
            self._look()
            for number, rules in wanted.rows(block.shown, len(block.arrivals)):
                yield block, number, rules


def _push(heap: _Heap, order: int, stream: Iterator[Candidate]) -> None:
    first = next(stream, None)
    if first:
        heapq.heappush(heap, (_arrival(first), order, first, stream))


def _arrival(candidate: Candidate) -> float:
    block, number, _ = candidate
    return block.arrivals[number]
