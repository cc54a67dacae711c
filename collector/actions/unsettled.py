"""
Which alerts of the journal still have something to be done for them, and up to where it can be forgotten.

    journal   ──a──b──c──d──e──▶ read up to e
    ops         ✓  ✓  ·  ✓  ·         commit b: everything up to there is settled everywhere
    chat        ✓  ✓  ✓  ✓  ·         c and e are remembered, so that after a restart d is not sent again
"""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from collector.sinks.journal import Place

MAX_OPEN = 200_000
"""Alerts that are open; no more are read until one of them is settled."""

_RUNS = 16
"""Runs of the journal's writer (``Place.mark``) of which it is remembered how far they were read."""


class Unsettled:
    """A place is that after an alert. ``state`` is what ``dump`` gave before a restart."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._read: dict[str, int] = dict(state.get("read", {}))
        self._left = {label: {Place(*place) for place in places} for label, places in state.get("open", {}).items()}
        self._open: dict[Place, tuple[Place | None, list[str]]] = {}  # with the place before it, and its labels
        self._last: Place | None = None
        self._done: Place | None = None

    @property
    def full(self) -> bool:
        return len(self._open) >= MAX_OPEN

    def awaited(self, label: str) -> int:
        """How many alerts are read once more for this destination after a restart."""
        return len(self._left.get(label, ()))

    def begin(self, place: Place, labels: Collection[str]) -> list[str]:
        """An alert was read. Those of its destinations for which it was not settled before a restart."""
        left = list(labels)
        if place.position <= self._read.get(place.mark, -1):
            left = [label for label in labels if place in self._left.get(label, ())]
            for label in left:
                self._left[label].discard(place)
        else:
            self._left.clear()
            self._read[place.mark] = place.position
            for mark in list(islice(self._read, max(0, len(self._read) - _RUNS))):
                del self._read[mark]
        if left:
            self._open[place] = self._last, list(left)
        self._last = place
        return left

    def settle(self, place: Place, label: str) -> None:
        _, labels = self._open[place]
        labels.remove(label)
        if not labels:
            del self._open[place]

    def take_done(self) -> Place | None:
        """The place up to which nothing is open; None when there is no further one than the last time."""
        first = next(iter(self._open), None)
        done = self._last if first is None else self._open[first][0]
        if done == self._done:
            return None
        self._done = done
        return done

    def dump(self) -> dict[str, Any]:
        by_label: dict[str, list[Place]] = {label: sorted(places) for label, places in self._left.items()}
        for place, (_, labels) in self._open.items():
            for label in labels:
                by_label.setdefault(label, []).append(place)
        return {"read": self._read, "open": by_label}
