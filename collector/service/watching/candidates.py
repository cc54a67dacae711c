"""
Stop 7 of the journey: the rows of a batch that rules may want go into the journal of this worker.

One scan over the whole batch finds what rules look for; which rules that may be is for the correlator to say. Nobody
here waits for it: when the journal is full, its oldest entries go, counted.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from collector.batch import Batch
from collector.protocol.parsers.context import sender_of
from collector.rules.entry import Entry, Hits, row_numbers
from collector.service.watching.shown import Shown

_MANY = 4
"""From one hit in so many rows on it is cheaper to keep a batch whole than to pick its rows."""

NameOf = Callable[[str | None], str | None]


class Prefilter(Protocol):
    @property
    def residual(self) -> frozenset[int]: ...
    def needles(self, text: bytes) -> Hits: ...


class Journal(Protocol):
    def append(self, payload: bytes) -> object: ...


class Candidates:
    """``take`` is called for each batch once it is written, ``tick`` about once a second."""

    def __init__(self, plan: str, prefilter: Prefilter, journal: Journal, name_of: NameOf) -> None:
        self._plan = plan
        self._prefilter = prefilter
        self._journal = journal
        self._name_of = name_of
        self._seen = 0

    def take(self, batch: Batch, source: str, rows: int, shown: Shown) -> None:
        """``rows`` is how many the batch has, ``shown`` what rules search of them."""
        if not rows:
            return
        self._seen += rows
        hits = self._prefilter.needles(shown.text)
        ends = shown.text is batch.text and not shown.read
        if not ends:
            hits = self._by_row(shown, hits)
        if self._prefilter.residual or len(hits) * _MANY > rows:
            self._append(batch, source, batch.text, hits, range(rows), ends=ends)
        elif hits:
            self._pick(batch, source, list(row_numbers(shown.text, hits)) if ends else hits)

    def tick(self, now: float) -> None:
        """Tell how late it is: time goes on for rules while nothing matches."""
        self._write(Entry(self._plan, "", now, self._seen))

    def _by_row(self, shown: Shown, hits: Hits) -> Hits:
        found = set(row_numbers(shown.text, hits))
        read = b"".join([line for _, line in shown.read])
        for place, needle in row_numbers(read, self._prefilter.needles(read)):
            found.add((shown.read[place][0], needle))
        return sorted(found)

    def _pick(self, batch: Batch, source: str, hits: Hits) -> None:
        numbers = sorted({number for number, _ in hits})
        places = {number: place for place, number in enumerate(numbers)}
        lines = batch.text.split(b"\n")
        text = b"".join([lines[number] + b"\n" for number in numbers])
        self._append(batch, source, text, [(places[number], needle) for number, needle in hits], numbers, ends=False)

    def _append(
        self, batch: Batch, source: str, text: bytes, hits: Hits, numbers: Sequence[int], *, ends: bool
    ) -> None:
        everybody = list(islice(batch.peers(), numbers[-1] + 1))
        peers = [everybody[number] for number in numbers]
        fixes = batch.fixes and {
            place: batch.fixes[number] for place, number in enumerate(numbers) if number in batch.fixes
        }
        self._write(
            Entry(self._plan, source, batch.received_at, self._seen, text, hits, ends, peers, fixes, self._names(peers))
        )

    def _names(self, peers: Sequence[str | None]) -> dict[str, str]:
        """As they are known now: the correlator must read a row as this worker did."""
        names = {peer: self._name_of(peer) for peer in set(peers) if peer}
        return {peer: name for peer, name in names.items() if name and name != sender_of(peer)}

    def _write(self, entry: Entry) -> None:
        self._journal.append(entry.encode())
        self._seen = 0
