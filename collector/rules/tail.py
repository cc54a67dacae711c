"""
The last events of a rule, for the records of its alerts.

Events of all keys stand in one row; each knows the one before it of its key, and the state of a key knows its last. So
a key costs a number, whatever its messages are like, and a flood of one rule takes nothing from the others. What has
left the row is missing among the records of an alert, never in its count. A long message is kept by its beginning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

SHOWN = 10
"""Records in an alert."""

LONG = 4096
"""Characters of a message, or of a part of it, that are kept."""


class Told(Protocol):
    """An event, as far as alerts show it."""

    @property
    def line(self) -> str: ...
    @property
    def size(self) -> int: ...
    def record(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of an event in a dump, or of a long one."""

    line: str
    shown: Mapping[str, Any]

    @property
    def size(self) -> int:
        return len(self.line)

    def record(self) -> Mapping[str, Any]:
        return self.shown


_Link = tuple[int, float, float, Told]
"""Its own number, that of the one before of the same key, event time, and the event."""


class Tail:
    """``size`` is how many events it holds."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._links: list[_Link | None] = [None] * size
        self._serial = 0

    def add(self, event: Told, time: float, before: float) -> float:
        """``before`` is what this gave for the key's last event, 0 for its first; a double, as states hold these."""
        if event.size > LONG:
            event = Kept(_cut(event.line), _cut(dict(event.record())))
        self._serial = serial = self._serial + 1
        self._links[serial % self._size] = (serial, before, time, event)
        return serial

    def last(self, serial: float, since: float) -> list[Told]:
        """The last events of a key that are later than ``since``, the oldest first."""
        found: list[Told] = []
        number = int(serial)
        while len(found) < SHOWN:
            link = self._links[number % self._size]
            if link is None or link[0] != number or link[2] <= since:
                break
            found.append(link[3])
            number = int(link[1])
        return found[::-1]

    def dump(self) -> Any:
        """Plain data; the messages are taken apart only here."""
        links = sorted(filter(None, self._links), key=lambda link: link[0])
        return self._serial, [(*link[:3], link[3].line, dict(link[3].record())) for link in links]

    def load(self, dumped: Any) -> None:
        """It may have another size than the one it was dumped from: then the newest stay."""
        self._serial, links = dumped
        for serial, before, time, line, record in links:
            self._links[serial % self._size] = (serial, before, time, Kept(line, record))


def _cut(value: Any) -> Any:
    """A text by its beginning, and so the texts in a mapping or a list."""
    match value:
        case str() if len(value) > LONG:
            return f"{value[: LONG - 1]}…"
        case dict():
            return {name: _cut(part) for name, part in value.items()}
        case list():
            return [_cut(part) for part in value]
    return value
