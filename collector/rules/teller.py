"""Alerts of a rule in words: titles and bodies filled in, and the ids by which they are known."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from collector.rules.alert import Alert
from collector.rules.counters import Counters
from collector.rules.holding import Held
from collector.rules.kind import Fact, Firing, digest
from collector.rules.rule import Rule
from collector.templates import Template, TemplateError

_REMEMBERED = 65_536


class Ordinals:
    """How many of the same came before: what makes alerts that are the same in everything differ in their id."""

    def __init__(self) -> None:
        self.counts: OrderedDict[str, int] = OrderedDict()

    def id_of(self, *parts: str) -> str:
        """The same in every run over the same events."""
        same = digest(*parts)
        before = self.counts.pop(same, 0)
        self.counts[same] = before + 1
        if len(self.counts) > _REMEMBERED:
            self.counts.popitem(last=False)
        return digest(same, str(before)) if before else same


@dataclass(frozen=True, slots=True)
class Voice:
    """What of a rule a summary needs; it outlives the rule."""

    rule: str
    severity: str
    destinations: tuple[str, ...]


def summary(ordinals: Ordinals, voice: Voice, held: Held, zone: tzinfo) -> Alert:
    """What was held back; ``zone`` is that of its text."""
    text = f"{held.title} … and {held.count} more"
    return Alert(
        id=ordinals.id_of(voice.rule, "summary", *_pairs(held.key), repr(held.time)),
        rule=voice.rule,
        severity=voice.severity,
        title=text,
        body=f"{text}, the last at {datetime.fromtimestamp(int(held.time), zone)}",
        key=held.key,
        count=held.count,
        event_time=held.time,
        fired_at=held.at,
        summary=True,
        destinations=voice.destinations,
    )


class Teller:
    """
    Puts into words what one rule has to say, with times in a ``zone``. A text that cannot be filled is counted, and
    told plainly.
    """

    def __init__(self, rule: Rule, counters: Counters, ordinals: Ordinals, zone: tzinfo) -> None:
        self._rule = rule
        self._counters = counters
        self._ordinals = ordinals
        self._zone = zone

    def alert(self, firing: Firing, key: Mapping[str, str], count: int, what: str = "alert") -> Alert:
        """``count`` is how many events it stands for, with those that were held back before it."""
        texts = firing.texts
        assert texts is not None, "who has nothing to say is not asked"
        body = "\n".join([event.line for event in firing.events])
        if texts.body:
            body = self._filled(texts.body, firing, count, body)
        return Alert(
            id=self._ordinals.id_of(
                self._rule.id, what, *_pairs(key), repr(firing.time), *[event.line for event in firing.events[-1:]]
            ),
            rule=self._rule.id,
            severity=texts.severity,
            title=self._filled(texts.title, firing, count, self._plain(key)),
            body=body,
            key=key,
            count=count,
            event_time=firing.time,
            fired_at=firing.at,
            records=[event.record() for event in firing.events],
            captures=firing.captures,
            destinations=self._rule.destinations,
        )

    def title(self, firing: Firing, key: Mapping[str, str]) -> str:
        plain = self._plain(key)
        return self._filled(firing.texts.title, firing, firing.count, plain) if firing.texts else plain

    def _plain(self, key: Mapping[str, str]) -> str:
        """A title that nothing can go wrong with."""
        return " ".join([self._rule.id, *key.values()])

    def _filled(self, template: Template, firing: Firing, count: int, plain: str) -> str:
        if template.literal is not None:
            return template.literal
        own = {"rule": self._rule.id, "count": count, "event_time": firing.time, "fired_at": firing.at}
        try:
            return template.render({name: self._value(name, own, firing.fact) for name in template.variables})
        except TemplateError:
            self._counters.errors += 1
            return plain

    def _value(self, name: str, own: Mapping[str, Any], fact: Fact) -> Any:
        if name in {"event_time", "fired_at"}:
            return datetime.fromtimestamp(own[name], self._zone)
        value = own[name] if name in own else fact(name)
        return value.astimezone(self._zone) if isinstance(value, datetime) else value


def _pairs(key: Mapping[str, str]) -> list[str]:
    return [text for pair in key.items() for text in pair]
