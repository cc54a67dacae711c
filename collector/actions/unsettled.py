"""
Which alerts of the journal still have something to be done for them, and up to where it can be forgotten.

    journal   ──a──b──c──d──e──▶ read up to e
    ops         ✓  ✓  ·  ✓  ·         commit b: everything up to there is settled everywhere
    chat        ✓  ✓  ✓  ✓  ·         c and e are remembered, so that after a restart d is not sent again
"""

from collections import deque
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from collector.sinks.journal import Place

MAX_SPAN = 200_000
"""Alerts read since the oldest unsettled one; no more are read until it is settled or given up."""

_RUNS = 16
"""Runs of the journal's writer (``Place.mark``) of which it is remembered how far they were read."""


class Unsettled:
    """A place is that after an alert. ``state`` is what ``dump`` gave before a restart."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._read: dict[str, int] = dict(state.get("read", {}))
        self._left = {label: {Place(*place) for place in places} for label, places in state.get("open", {}).items()}
        self._order: deque[Place] = deque()
        self._open: dict[Place, set[str]] = {}

    @property
    def full(self) -> bool:
        return len(self._order) >= MAX_SPAN

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
        self._order.append(place)
        if left:
            self._open[place] = set(left)
        return left

    def settle(self, place: Place, label: str) -> None:
        labels = self._open[place]
        labels.discard(label)
        if not labels:
            del self._open[place]

    def take_done(self) -> Place | None:
        """The place up to which nothing is open; None when there is no further one than the last time."""
        done = None
        while self._order and self._order[0] not in self._open:
            done = self._order.popleft()
        return done

    def dump(self) -> dict[str, Any]:
        by_label: dict[str, list[Place]] = {label: sorted(places) for label, places in self._left.items()}
        for place, labels in self._open.items():
            for label in labels:
                by_label.setdefault(label, []).append(place)
        return {"read": self._read, "open": by_label}
