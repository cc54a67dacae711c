"""
Mutes: rules whose alerts are held back for a time, between two events (``mute.py``) or because somebody said so.

An event is judged by what was muted before it, so the events that begin and end a silence may themselves alert. How
many alerts a silence held back is told when it ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.rules.holding import Held, Holding
from collector.rules.kind import Fact, Firing, Hit, brief, key_text
from collector.rules.table import Key


class Between:
    """The silences of one rule, each begun by an event of another rule for its key."""

    def __init__(self, by: tuple[str, ...], windows: Holding) -> None:
        self.by = by
        self.windows = windows

    def begin(self, key: Key, time: float, at: float) -> None:
        """One that lasts already begins anew, with what it has held back."""
        held = self.windows.remove(key)
        state = self.windows.begin(key, time, at)
        if held is not None:
            state[2:] = held[2:]

    def end(self, key: Key, at: float) -> None:
        if self.windows.get(key) is not None:
            self.windows.end(key, at)

    def holds(self, key: Key, firing: Firing) -> bool:
        state = self.windows.get(key)
        if state is None:
            return False
        if self.windows.is_over(state, firing.time, firing.at):
            self.windows.end(key, firing.at)
            return False
        self.windows.hold(key, state, firing)
        return True

    def until(self, key: Key, hit: Hit) -> float | None:
        """When the silence of a key ends at the latest; None when there is none."""
        state = self.windows.get(key)
        if state is None or self.windows.is_over(state, hit.time, hit.arrival):
            return None
        return self.windows.end_of(state)


@dataclass(slots=True)
class Mute:
    """
    A silence that somebody asked for: of a rule, or where ``key`` names values of fields, of its alerts with these.
    ``until`` is in seconds since the epoch. ``held`` is how many events it has held back.
    """

    number: int
    rule: str
    key: Mapping[str, str] | None
    until: float
    held: int = 0
    title: str = ""
    last: float = 0.0

    def covers(self, fact: Fact) -> bool:
        return all((key_text(fact(name)) or "") == value for name, value in (self.key or {}).items())

    def hold(self, firing: Firing, title_of: Callable[[Firing], str]) -> None:
        self.held += firing.count
        self.title = self.title or brief(title_of(firing))
        self.last = firing.time

    def ended(self, at: float) -> Held | None:
        """What there is to tell of it when it ends."""
        return Held(dict(self.key or {}), self.title, self.held, self.last, at) if self.held else None
