"""
Counters of many processes in one piece of shared memory.

The supervisor makes a ``Board`` before it forks; each worker writes its own ``Slot`` of it, the supervisor reads them
all. Which counters exist is fixed by a ``Layout`` before the first fork, so a batch costs a few additions on a local
array and one copy.

A slot holds every number twice, in two banks. ``Slot.publish`` fills the bank that is not in use and then makes it the
valid one with a single 8-byte store, so whoever reads (or whoever comes after a ``kill -9``) finds the numbers of whole
batches only, and sums that add up before a batch add up after it.

    layout = Layout([Key("received_messages", (("source", "udp"),)), Key("routed_messages")])
    board = Board(layout, slots=2)      # before the fork
    slot = board.slot(0)                # in the worker
    slot.begin(rows=3, received=0)      # "three messages are being worked on"
    slot.add(0, 3)
    slot.add(1, 3)
    slot.publish()                      # counted, and no longer being worked on
"""

import mmap
from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

_HEADER_WORDS = 8
"""One cache line in front of each slot, so that a heartbeat does not disturb the neighbour's counters."""
_GENERATION, _HEARTBEAT, _IN_FLIGHT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Key:
    """
    The name of one number: ``Key("sink_dropped", (("sink", "/var/log/all"), ("reason", "disk_full")))``.

    A counter only grows and survives its worker; a gauge ends with its worker. ``lost_as`` is the counter that takes
    over what a gauge held when the worker died: messages that waited in it are dropped messages then.
    """

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    kind: Literal["counter", "gauge"] = field(default="counter", compare=False)
    lost_as: "Key | None" = field(default=None, compare=False)


UNKNOWN = Key("unknown_messages")
"""Messages of a batch whose worker died in it: they may be in some files, in all, or in none."""


class Layout:
    """Every key that is counted, each with its index. ``unknown_messages`` is always among them."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._index = {UNKNOWN: 0}
        self.append(keys)

    @property
    def keys(self) -> Collection[Key]:
        """In the order of their indices."""
        return self._index.keys()

    def append(self, keys: Iterable[Key]) -> None:
        """Before anything is counted: add keys that are not there yet."""
        index = self._index
        for key in keys:
            index.setdefault(key, len(index))

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: Key) -> bool:
        return key in self._index

    def index(self, key: Key) -> int:
        return self._index[key]

    def extended(self, keys: Iterable[Key]) -> "Layout":
        """The same layout with more keys behind; every index stays what it was."""
        return Layout((*self.keys, *keys))

    def carry(self, successor: "Layout", heir: Callable[[Key], Key]) -> "array[int]":
        """
        Where each number goes when ``successor`` takes over: to its own key, or to the one that ``heir`` names.

        Returns one index of the successor for each of these keys. Raises KeyError where neither is in it.
        """
        index = successor.index
        return array("I", [index(key if key in successor else heir(key)) for key in self.keys])


class Board:
    """
    The shared memory with ``slots`` slots of ``layout``.

    ``memory`` is what all processes see, ``words(layout, slots)`` of it; without it processes forked later inherit it.
    A board that succeeds another one (``carry`` leads from its layout to this) takes over slot by slot: as long as
    nobody has published in a slot, the predecessor's numbers count.
    """

    def __init__(
        self,
        layout: Layout,
        slots: int,
        *,
        memory: memoryview | None = None,
        predecessor: "Board | None" = None,
        carry: Sequence[int] = (),
    ) -> None:
        self.layout = layout
        self.carry = carry
        self._predecessor = predecessor
        self.slots = slots
        self._stride = self.words(layout, 1)
        if memory is None:
            memory = memoryview(mmap.mmap(-1, 8 * self.words(layout, slots)))
        self._memory = memory.cast("B")

    @staticmethod
    def words(layout: Layout, slots: int) -> int:
        """How many words of 64 bits it takes."""
        return (_HEADER_WORDS + 2 * (-(-len(layout) // 8) * 8)) * slots

    def slot(self, number: int) -> "Slot":
        """The writing end of one slot, continuing from the numbers that are there. One process at a time."""
        words = self._memory[8 * self._stride * number : 8 * self._stride * (number + 1)]
        return Slot(self.layout, words)

    def totals(self) -> dict[Key, int]:
        """Every number, summed over the slots. Each slot is read between two of its batches."""
        columns = zip(*(self.values(number) for number in range(self.slots)), strict=True)
        return dict(zip(self.layout.keys, map(sum, columns), strict=True))

    def values(self, number: int) -> "array[int]":
        """The numbers of one slot, wherever they are counted now."""
        slot = self.slot(number)
        if self._predecessor is not None and not slot.used:
            slot.inherit(self._predecessor.values(number), self.carry)  # into the local copy alone
        return slot.values

    def heartbeat(self, number: int) -> float:
        """When the process of a slot last said that it is well."""
        earlier = self._predecessor.heartbeat(number) if self._predecessor else 0.0
        return max(earlier, self.slot(number).heartbeat)

    def settle(self) -> None:
        """Everybody has moved here: the predecessor is let go."""
        if self._predecessor is not None:
            for number in range(self.slots):
                self.move(number)
            self._predecessor = None

    def recover(self, number: int) -> int:
        """
        Settle the account of a dead worker: what it was working on becomes unknown, its gauges end.

        Returns the number of messages whose fate is unknown. Not for a slot whose process still lives.
        """
        if self._predecessor is not None and not self.slot(number).used:
            rows = self._predecessor.recover(number)
            self.move(number)
            return rows
        slot = self.slot(number)
        rows, received = slot.in_flight
        if rows:
            slot.add(received, rows)
            slot.add(self.layout.index(UNKNOWN), rows)
        for index, key in enumerate(self.layout.keys):
            if key.kind == "gauge":
                self._end_gauge(slot, index, key)
        slot.publish()
        return rows

    def move(self, number: int) -> None:
        """Bring the numbers of a slot here, whose process is not at work."""
        slot = self.slot(number)
        if self._predecessor is not None and not slot.used:
            slot.inherit(self._predecessor.values(number), self.carry)
            slot.publish()

    def _end_gauge(self, slot: "Slot", index: int, key: Key) -> None:
        if key.lost_as is not None:
            slot.add(self.layout.index(key.lost_as), slot.values[index])
        slot.values[index] = 0


class Slot:
    """
    One process's numbers. ``values`` is the local copy to count in, shown to others by ``publish``.

    ``heartbeat`` is shown at once: seconds of the monotonic clock at which the process last said that it is well.
    """

    def __init__(self, layout: Layout, words: memoryview) -> None:
        count = len(layout)
        half = len(words) // 8 - _HEADER_WORDS >> 1
        self._header = words.cast("Q")
        self._seconds = words.cast("d")
        self._banks = [self._header[start : start + count] for start in (_HEADER_WORDS, _HEADER_WORDS + half)]
        self._generation, self.values = self._read()

    def _read(self) -> tuple[int, "array[int]"]:
        """The valid bank. It is read again if the writer moved on meanwhile, as it may then have been written over."""
        while True:
            generation = self._header[_GENERATION]
            values = array("Q", self._banks[generation & 1].tobytes())
            if self._header[_GENERATION] == generation:
                return generation, values

    @property
    def used(self) -> bool:
        """Somebody has published here."""
        return self._generation > 0

    def add(self, index: int, number: int) -> None:
        self.values[index] += number

    def inherit(self, values: Sequence[int], carry: Sequence[int]) -> None:
        """Take over the numbers of another slot, each added at the index that ``carry`` names (``Layout.carry``)."""
        own = self.values
        for index, value in zip(carry, values, strict=True):
            own[index] += value

    def begin(self, rows: int, received: int) -> None:
        """
        Say which batch is being worked on, with one store, before the work starts.

        If the process dies before ``publish``, ``rows`` messages are added to the counter ``received`` (its index,
        below 65,536) and to ``unknown_messages``. Count them as received in ``values`` as usual.
        """
        self._header[_IN_FLIGHT] = (self._generation & 0xFFFF) << 48 | received << 32 | rows

    def publish(self) -> None:
        """
        Show ``values`` to the others: all of them or, when the process is killed in here, none.

        A reader sees the stores in this order where the processor keeps it, as x86 does. On others it may rarely mix
        two batches in one answer; ``recover`` is not affected, as the end of a process has all its stores seen.
        """
        generation = self._generation + 1
        self._banks[generation & 1][:] = self.values
        self._header[_GENERATION] = self._generation = generation
        self._header[_IN_FLIGHT] = 0

    @property
    def in_flight(self) -> tuple[int, int]:
        """
        Rows being worked on, and the index of the counter they were received under.

        The word carries the generation it began in: a batch that was published is over even when the process was
        killed before it cleared the word.
        """
        word = self._header[_IN_FLIGHT]
        if word >> 48 != self._header[_GENERATION] & 0xFFFF:
            return 0, 0
        return word & 0xFFFFFFFF, word >> 32 & 0xFFFF

    @property
    def heartbeat(self) -> float:
        return self._seconds[_HEARTBEAT]

    @heartbeat.setter
    def heartbeat(self, seconds: float) -> None:
        self._seconds[_HEARTBEAT] = seconds
