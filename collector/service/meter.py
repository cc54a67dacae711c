"""
Meter: counting by name, where the name's labels are fixed: "this source", "this sink".

Which counters exist is fixed before the first fork (``ledger.py``); a reason nobody foresaw is counted as ``other``
rather than lost.
"""

from weakref import WeakSet

from collector.metrics import Key, Layout, Slot

REASON_LABEL = {"marked_messages": "mark", "charset_messages": "charset"}
"""What the reason of a counter is called in its labels; ``reason`` for all others."""

OTHER = "other"

_RECEIVED = ("received_messages", "")


class Meter:
    """Counts into a worker's slot. ``begin`` and ``publish`` enclose the work on a batch."""

    def __init__(self, slot: Slot, layout: Layout, **labels: str) -> None:
        self._slot = slot
        self._layout = layout
        self._labels = tuple(labels.items())
        self._indices: dict[tuple[str, str], int] = {}

    def count(self, name: str, amount: int = 1, reason: str = "") -> None:
        self._slot.values[self._indices.get((name, reason)) or self._find(name, reason)] += amount

    def set(self, name: str, value: int) -> None:
        """Show the value of a gauge."""
        self._slot.values[self._indices.get((name, "")) or self._find(name, "")] = value

    def begin(self, rows: int) -> None:
        """Say how many messages are now between socket and file, should this process not live to count them."""
        self._slot.begin(rows, self._indices.get(_RECEIVED) or self._find(*_RECEIVED))

    def publish(self) -> None:
        self._slot.publish()

    def move(self, slot: Slot, layout: Layout) -> None:
        """Count elsewhere from now on: a new plan has its own layout, in which every number has a new place."""
        self._slot, self._layout = slot, layout
        self._indices.clear()

    def _find(self, name: str, reason: str) -> int:
        """Looked up once, then it is in ``_indices``."""
        labels = self._labels
        if reason:
            label = REASON_LABEL.get(name, "reason")
            known = Key(name, (*labels, (label, reason))) in self._layout
            labels = (*labels, (label, reason if known else OTHER))
        index = self._indices[name, reason] = self._layout.index(Key(name, labels))
        return index


class Meters:
    """Makes the meters of one process, and moves those that are still in use when a new plan comes."""

    def __init__(self, slot: Slot, layout: Layout) -> None:
        self.slot = slot
        self._layout = layout
        self.made: WeakSet[Meter] = WeakSet()

    def of(self, **labels: str) -> Meter:
        meter = Meter(self.slot, self._layout, **labels)
        self.made.add(meter)
        return meter

    def adopt(self, others: "Meters") -> None:
        """Have the meters that ``others`` made, and that are still in use, count here from now on."""
        for meter in others.made:
            meter.move(self.slot, self._layout)
        self.made |= others.made
