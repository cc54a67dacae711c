"""
Many journals read as one: entries in the order of their times, and the order written down before anybody acts on it.

    order = Order(folder, {"worker-0": …, "worker-1": …}, Entry.decode, lambda entry: entry.received_at, notice)
    order.resume(snapshot.places)              # after a start with a snapshot
    for step in order.take():                  # Taken("worker-0", entry) or Noted(value)
        …
    order.note({"advance": now})               # something else that rules depend on, at this point of the order

Which entry of several journals comes first depends on when each was there, and so would the alerts after a crash. So
there is a log of the order, a journal itself, and each step is in it before it is returned:

    journals ──read ahead──▶ the earliest first ──▶ logged ──▶ returned ──▶ rules, alerts ──▶ snapshot with ``places``
                                                      │                                               │
    after a crash:  the last snapshot, then  ◀────────┴──────── every step behind its places ◀────────┘
                    the same steps, then those that were read and not logged, in whatever order

Entries of one journal stay in their order; those of several are in the order of their times as far as they are there:
nobody waits for a worker that is slower.

A record of the log is a JSON list of steps: ``["worker-0", 17]`` are the entries of that journal before number 17,
``{"note": value}`` is what it says.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from collector.sinks import Notice
from collector.sinks.journal import Entry, JournalError, JournalReader, JournalWriter, Place

Content = TypeVar("Content")

Places = dict[str, tuple[str, int, int]]
"""Of each journal, and under ``LOG`` of the order log, a ``Place`` as plain data."""

LOG = "order"
CONSUMER = "correlator"

_AT_ONCE = 4 << 20
_STEPS_REMEMBERED = 1_000


class Taken(NamedTuple, Generic[Content]):
    """An entry of a journal, decoded."""

    journal: str
    entry: Content


class Noted(NamedTuple):
    """What ``note`` was told at this point, when the order is taken again."""

    value: Any


class _Ahead(NamedTuple, Generic[Content]):
    """An entry that was read, and not taken yet."""

    time: float
    place: Place
    size: int
    content: Content


class Order(Generic[Content]):
    """
    ``folder`` is that of the order log, ``journals`` are the folders of the others by name. ``decode`` makes an entry
    of a payload, and ``time_of`` tells its time. ``unreadable`` counts payloads that ``decode`` raises for.

    Where the log has no room, work goes on all the same: ``unlogged`` steps are written to it with the next one that
    finds room. Should this process die before that, those are taken again in whatever order.

    Raises CollectorError as the ends of a journal do.
    """

    def __init__(
        self,
        folder: str,
        journals: Mapping[str, str],
        decode: Callable[[bytes], Content],
        time_of: Callable[[Content], float],
        notice: Notice,
    ) -> None:
        self.unreadable = 0
        self._decode = decode
        self._time_of = time_of
        self._notice = notice
        self._log = JournalWriter(folder, on_drop=self._forgotten)
        self._past = JournalReader(folder, CONSUMER, notice)
        self._logged = self._past.place
        self._unlogged: deque[Any] = deque(maxlen=_STEPS_REMEMBERED)
        self._again: deque[Any] = deque()  # steps of a record of the log, being taken again
        self._lanes = {
            name: _Lane(JournalReader(each, CONSUMER, notice), self._read) for name, each in journals.items()
        }
        self.replaying = True

    def add(self, name: str, folder: str) -> None:
        """One more journal. Raises CollectorError."""
        self._lanes[name] = _Lane(JournalReader(folder, CONSUMER, self._notice), self._read)

    def resume(self, places: Places) -> None:
        """Before anything is taken: go on where a snapshot was made."""
        for name, lane in self._lanes.items():
            if name in places:
                lane.seek(Place(*places[name]))
        if LOG in places:
            self._logged = Place(*places[LOG])
            self._past.seek(self._logged)

    def take(
        self, limit_bytes: int = _AT_ONCE, is_barrier: Callable[[Content], bool] = lambda _: False
    ) -> list[Taken[Content] | Noted]:
        """
        The next steps, about so many bytes of entries; none when nothing is there now. What is new is taken up to an
        entry that ``is_barrier``, and no further as long as it is one.

        While ``replaying`` they are those that were taken before, and OSError is raised when a journal cannot be read:
        only a new start leaves nothing out. Later, one that cannot be read is told, and tried again with the next call.
        """
        if self.replaying:
            steps = list(self._replay(limit_bytes))
            if steps:
                return steps
            self.replaying = False
        taken: list[Taken[Content] | Noted] = []
        record: list[Any] = []
        for name, ahead in self._earliest_first(limit_bytes, is_barrier):
            taken.append(Taken(name, ahead.content))
            if record and record[-1][0] == name:
                record.pop()
            record.append([name, ahead.place.number])
        if record:
            self._write(record)
        return taken

    def note(self, value: Any) -> None:
        """Log what else happens now, as JSON can say it; not while ``replaying``."""
        assert not self.replaying
        self._write([{"note": value}])

    @property
    def places(self) -> Places:
        """After what was taken last, for the snapshot that has seen it."""
        return {LOG: _plain(self._logged), **{name: _plain(lane.place) for name, lane in self._lanes.items()}}

    @property
    def unlogged(self) -> int:
        return len(self._unlogged)

    @property
    def lost_entries(self) -> int:
        """Dropped before they were taken, or damaged, since the start. Readers tell each such loss, too."""
        return sum(lane.reader.losses.entries for lane in self._lanes.values())

    def commit(self, places: Places) -> None:
        """
        Nothing before these places is needed any more: no snapshot that may be used lies before. Raises CollectorError
        when that cannot be kept.
        """
        for name, lane in self._lanes.items():
            if name in places:
                lane.reader.commit_place(Place(*places[name]))
        if LOG in places:
            self._past.commit_place(Place(*places[LOG]))

    def lag_bytes(self) -> int:
        """How much is there that was not taken yet. Raises OSError when a journal cannot be read."""
        return sum(lane.reader.lag_bytes() + sum(ahead.size for ahead in lane.ahead) for lane in self._lanes.values())

    def close(self) -> None:
        self._log.close()
        self._past.close()
        for lane in self._lanes.values():
            lane.reader.close()

    def _earliest_first(
        self, limit: int, is_barrier: Callable[[Content], bool]
    ) -> "Iterator[tuple[str, _Ahead[Content]]]":
        """One that has nothing there is not asked again before the next call: it would cost more than the entries."""
        lanes = dict(self._lanes)
        while limit > 0 and lanes:
            for name in [name for name, lane in lanes.items() if not self._fill(lane)]:
                del lanes[name]
            if lanes:
                name = min(lanes, key=lambda name: lanes[name].ahead[0].time)
                if is_barrier(lanes[name].ahead[0].content):
                    return
                ahead = lanes[name].pop()
                limit -= ahead.size
                yield name, ahead

    def _fill(self, lane: "_Lane[Content]") -> bool:
        try:
            return lane.fill()
        except OSError as error:
            self._notice("journal", f"The journal {lane.reader.folder} cannot be read: {error.strerror}.")
            return False

    def _replay(self, limit: int) -> Iterator[Taken[Content] | Noted]:
        while limit > 0 and (self._again or self._next_record()):
            step = self._again[0]
            if isinstance(step, dict):
                self._again.popleft()
                yield Noted(step["note"])
                continue
            name, number = step
            ahead = self._lanes[name].before(number) if name in self._lanes else None
            if ahead is None:
                self._again.popleft()
                continue
            limit -= ahead.size
            yield Taken(name, ahead.content)

    def _next_record(self) -> bool:
        """Whether there is one. Only then has the one before been taken whole."""
        self._logged = self._past.place
        for entry in self._past.entries(1):
            self._again += json.loads(entry.payload)
        return bool(self._again)

    def _write(self, record: list[Any]) -> None:
        self._unlogged += record
        try:
            self._log.append(json.dumps(list(self._unlogged)).encode())
        except JournalError as error:
            self._notice("order log", f"{error}. Alerts go on; after a crash some may differ until there is room.")
            return
        self._unlogged.clear()
        self._logged = self._log.place

    def _read(self, entry: Entry) -> "_Ahead[Content] | None":
        try:
            content = self._decode(entry.payload)
            return _Ahead(self._time_of(content), entry.place, len(entry.payload), content)
        except Exception as error:  # noqa: BLE001 - one entry of another version must not stop all those behind it
            self.unreadable += 1
            self._notice("unreadable entry", f"An entry of {len(entry.payload):,} bytes cannot be read: {error!r}.")
            return None

    def _forgotten(self, entries: int, _bytes: int) -> None:
        self._notice(
            "order log", f"The order log is full: after a crash {entries:,} steps may be taken in another order."
        )


class _Lane(Generic[Content]):
    """A journal, and what was read ahead of it; ``place`` is that after what was taken."""

    def __init__(self, reader: JournalReader, read: Callable[[Entry], "_Ahead[Content] | None"]) -> None:
        self.reader = reader
        self.place = reader.place
        self.ahead: deque[_Ahead[Content]] = deque()
        self._read = read

    def seek(self, place: Place) -> None:
        self.reader.seek(place)
        self.place = place
        self.ahead.clear()

    def fill(self) -> bool:
        """Whether there is an entry to be taken."""
        while not self.ahead:
            entries = self.reader.entries()
            if not entries:
                return False
            self.ahead += [ahead for ahead in map(self._read, entries) if ahead is not None]
        return True

    def pop(self) -> "_Ahead[Content]":
        ahead = self.ahead.popleft()
        self.place = ahead.place
        return ahead

    def before(self, number: int) -> "_Ahead[Content] | None":
        """The next entry, when it has a lower number."""
        return self.pop() if self.fill() and self.ahead[0].place.number <= number else None


def _plain(place: Place) -> tuple[str, int, int]:
    return (place.mark, place.position, place.number)
