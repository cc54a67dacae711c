"""
Sentences about senders, for the own log. Each tells of any number of them, naming a few.

    192.0.2.7 (udp) has sent nothing for 1 h 0 min.
    2 senders are back: gate (192.0.2.7, tcp) after 2 h 10 min, 192.0.2.9 (udp) after 2 h 9 min.
"""

from collections.abc import Callable, Sequence

from collector.service.senders.table import Sender
from collector.service.status import duration

NameOf = Callable[[str], str | None]
"""The name of an address, where it is known."""

_NAMED = 5
_HOUR, _DAY = 3600, 86_400
_AGREE = 120.0  # seconds between clocks that are wrong by the same
_MORE = "`collector status --senders` shows all of them"


class Sentences:
    """Each method returns a sentence, or nothing when there is nothing to say."""

    def __init__(self, name_of: NameOf) -> None:
        self._name_of = name_of

    def new(self, senders: Sequence[Sender]) -> str:
        if len(senders) == 1:
            return f"{self._named(senders[0])} is heard of for the first time."
        return f"{len(senders)} new senders: {_listed([self._named(sender) for sender in senders])}." if senders else ""

    def silent(self, senders: Sequence[Sender], now: float) -> str:
        silences = [(self._named(sender), duration(now - sender.last)) for sender in senders]
        if len(silences) == 1:
            who, how_long = silences[0]
            expected = "was expected to send, and " if senders[0].first is None else ""
            return f"{who} {expected}has sent nothing for {how_long}."
        listed = _listed([f"{who} for {how_long}" for who, how_long in silences])
        return f"{len(senders)} senders have sent nothing for long: {listed}." if senders else ""

    def back(self, senders: Sequence[tuple[Sender, float]]) -> str:
        """Each with the seconds it was silent."""
        if len(senders) == 1:
            sender, silence = senders[0]
            return f"{self._named(sender)} is back after {duration(silence)}."
        listed = _listed([f"{self._named(sender)} after {duration(silence)}" for sender, silence in senders])
        return f"{len(senders)} senders are back: {listed}." if senders else ""

    def clocks(self, senders: Sequence[Sender], everybody: Sequence[Sender]) -> str:
        if not senders:
            return ""
        if len(senders) == 1:
            text = f"The clock of {self._off(senders[0])}{_cure(senders[0])}."
        else:
            zones = any(sender.clock and sender.clock.zone for sender in senders)
            cure = " Differences of whole hours are mostly time zones: see timezone in the documentation."
            listed = _listed([self._off(sender) for sender in senders])
            text = f"The clocks of {len(senders)} senders are wrong: {listed}.{cure if zones else ''}"
        return text + (" All senders agree, so it may be the clock of this machine." if _agree(everybody) else "")

    def _off(self, sender: Sender) -> str:
        return f"{self._named(sender)} is {clock_text(sender.clock.skew if sender.clock else 0.0)}"

    def _named(self, sender: Sender) -> str:
        name = self._name_of(sender.name)
        inside = [sender.name] if name else []
        inside += sender.kinds
        return f"{name or sender.name} ({', '.join(inside)})" if inside else sender.name


def clock_text(skew: float) -> str:
    """``9 h 0 min ahead``, ``12 s behind``; to the nearest of the units shown."""
    unit = 1 if abs(skew) < _HOUR else 60 if abs(skew) < _DAY else _HOUR
    return f"{duration(round(abs(skew) / unit) * unit)} {'ahead' if skew > 0 else 'behind'}"


def _cure(sender: Sender) -> str:
    if sender.clock is None or sender.clock.zone is None:
        return ""
    return f', probably by its time zone. Cure: timezone: {{hosts: {{"{sender.name}": "{sender.clock.zone}"}}}}'


def _agree(senders: Sequence[Sender]) -> bool:
    """Whether all clocks that are known are wrong by the same, and there are a few of them."""
    clocks = [sender.clock for sender in senders if sender.clock]
    skews = [clock.skew for clock in clocks]
    return len(clocks) > 2 and all(clock.wrong for clock in clocks) and max(skews) - min(skews) < _AGREE


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:_NAMED])
    return f"{shown} and {len(texts) - _NAMED} more; {_MORE}" if len(texts) > _NAMED else shown
