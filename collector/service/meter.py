"""
Meter: counting by name, where the name's labels are fixed: "this source", "this sink".

Which counters exist is fixed before the first fork (``ledger.py``); a reason nobody foresaw is counted as ``other``
rather than lost.
"""

from collector.metrics import Key, Layout, Slot

REASON_LABEL = {"marked_messages": "mark", "charset_messages": "charset"}
"""What the reason of a counter is called in its labels; ``reason`` for all others."""

OTHER = "other"


class Meter:
    """Counts into a worker's slot. ``begin`` and ``publish`` enclose the work on a batch."""

    def __init__(self, slot: Slot, layout: Layout, **labels: str) -> None:
        self._slot = slot
        self._layout = layout
        self._labels = tuple(labels.items())
        self._indices: dict[tuple[str, str], int] = {}

    def count(self, name: str, amount: int = 1, reason: str = "") -> None:
        index = self._indices.get((name, reason))
        if index is None:
            index = self._indices[name, reason] = self._find(name, reason)
        self._slot.values[index] += amount

    def set(self, name: str, value: int) -> None:
        """Show the value of a gauge."""
        self._slot.values[self._find(name, "")] = value

    def begin(self, rows: int) -> None:
        """Say how many messages are now between socket and file, should this process not live to count them."""
        self._slot.begin(rows, self._find("received_messages", ""))

    def publish(self) -> None:
        self._slot.publish()

    def _find(self, name: str, reason: str) -> int:
        if not reason:
            return self._layout.index(Key(name, self._labels))
        label = REASON_LABEL.get(name, "reason")
        key = Key(name, (*self._labels, (label, reason)))
        if key not in self._layout:
            key = Key(name, (*self._labels, (label, OTHER)))
        return self._layout.index(key)
