"""What a kind of rule is to the engine, and what it finds there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from collector.rules.counters import Counters
from collector.rules.event import Event, comparable
from collector.rules.rule import AlertTexts, Rule
from collector.rules.table import Key, Room
from collector.rules.tail import Tail, Told
from collector.rules.timers import Timers

Fact = Callable[[str], Any]
"""What an alert can say: a field by its name, None for one that is not there."""

_LONGEST = 256
_BRIEF = 200


@dataclass(slots=True)
class Hit:
    """An event that fits a rule. ``time`` is its own, ``arrival`` the engine's clock when it is judged."""

    event: Event
    captures: Mapping[str, str]
    time: float
    arrival: float

    def fact(self, name: str) -> Any:
        found = self.captures.get(name)
        return self.event.field(name) if found is None else found

    def text(self, name: str) -> str | None:
        """A field as part of a key."""
        return key_text(self.fact(name))


def key_text(found: Any) -> str | None:
    """A field as part of a key; a long one by its beginning and a digest, so that keys have a bounded size."""
    text = comparable(found)
    if text is None:
        return None
    text = text if type(text) is str else str(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 17]}#{digest(text)[:16]}"


def brief(found: Any) -> Any:
    """A field as a key's state keeps it until there is something to say: there may be a million keys."""
    if isinstance(found, dict | list):
        found = comparable(found)
    return found if not isinstance(found, str) or len(found) <= _BRIEF else f"{found[: _BRIEF - 1]}…"


def key_of(names: tuple[str, ...]) -> Callable[[Hit], Key | None]:
    """What makes the key of an event; None where one of the fields is not there."""
    if not names:
        return lambda _: ""
    if len(names) == 1:
        return _key_of_one(names[0])

    def key(hit: Hit) -> Key | None:
        values = [hit.text(name) for name in names]
        return None if None in values else tuple(values)  # type: ignore[arg-type] # there is no None among them

    return key


def _key_of_one(name: str) -> Callable[[Hit], Key | None]:
    def key(hit: Hit) -> Key | None:
        found = hit.captures.get(name)
        return found if found is not None and len(found) <= _LONGEST else hit.text(name)

    return key


def key_of_fact(fact: Fact, names: tuple[str, ...]) -> Key:
    """The same from what an alert can say; a field that is not there is empty."""
    if len(names) == 1:
        return key_text(fact(names[0])) or ""
    return tuple([key_text(fact(name)) or "" for name in names]) if names else ""


def digest(*parts: str) -> str:
    """A name for these texts, the same in every run: 32 hexadecimal digits."""
    whole = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        whole.update(len(data).to_bytes(8, "big"))
        whole.update(data)
    return whole.hexdigest()


@dataclass(slots=True)
class Firing:
    """
    A rule has something to say about a key: ``count`` events, of which the last came at ``time``, judged ``at`` that
    time of the engine's clock. ``texts`` are what it says, if anything, and ``events`` what that is about.
    """

    key: Key
    count: int
    time: float
    at: float
    fact: Fact
    texts: AlertTexts | None
    captures: Mapping[str, str]
    events: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    Where a key stands, with one event more: ``count`` of ``number``, in a window that ``ends``. ``said``: it has
    alerted already, and what it alerted about lasts. ``at_end``: only the end of the window decides.
    """

    count: int
    number: int
    ends: float | None
    said: bool = False
    at_end: bool = False


class Surroundings(Protocol):
    """What a kind finds around it."""

    rule: Rule
    counters: Counters
    room: Room
    timers: Timers
    tail: Tail

    def fire(self, firing: Firing) -> bool:
        """Whether it goes out; a limit or a mute may hold it back."""

    def clear(self, firing: Firing) -> None:
        """That all is well again: it always goes out."""

    def key_facts(self, key: Key) -> Mapping[str, str]:
        """The fields of a key by their names."""


class Kind(Protocol):
    """One rule's state, and what it makes of its hits."""

    def feed(self, hit: Hit, key: Key) -> None: ...
    def due(self, part: int, due: float) -> None:
        """A timer it has set is due."""

    def forget(self, now: float) -> None:
        """Drop some of what is over."""

    def outlook(self, hit: Hit, key: Key, /) -> Outlook: ...
    def dump(self) -> Any: ...
    def load(self, dumped: Any) -> None: ...
