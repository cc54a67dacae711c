"""
A rule's own tests, run: its lines go through the engine, and what that raises is compared with what is expected.

    tests:
      - lines: ["<38>Oct 11 22:14:15 gate sshd[411]: Failed password for bob from 192.0.2.7 port 22 ssh2"]
        alerts: [{title: "192.0.2.7 tried 1 users", key: {ip: 192.0.2.7}}]
        wait: 10m

Each test begins with nothing known. Stamps without a year are of 2024, and time stands still between lines that have no
stamp. Rules that this one depends on are there too: those before it in an ordered set, and those that mute it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from collector.config.problems import Problem
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.rules.alert import Alert
from collector.rules.engine import Engine
from collector.rules.event import Event, time_of
from collector.rules.explain import explanation, steps_in_words, verdict
from collector.rules.fields import ALERT_NAMES
from collector.rules.rule import Rule, RuleBook, RuleSet, Sample

_YEAR = 2024
_HALF_A_YEAR = timedelta(days=182)


@dataclass(frozen=True, slots=True)
class Reading:
    """How lines are read."""

    normaliser: Normaliser
    interpreter: Interpreter


EngineFor = Callable[[RuleBook], Engine]


def failures(book: RuleBook, rule: Rule, reading: Reading, engine_for: EngineFor = Engine) -> Iterator[Problem]:
    """What is wrong with the tests of a rule. Whoever makes the engine may look after how long it takes."""
    stage = stage_for(book, rule) if rule.tests else book
    for number, sample in enumerate(rule.tests, 1):
        name = f"test {number}" if len(rule.tests) > 1 else "the test"
        for message, hint in _Try(stage, rule, sample, reading, engine_for).failures():
            yield Problem(sample.location, f"{name} of {rule.id}: {message}", "test", hint)


def unseen_fields(rule: Rule, reading: Reading) -> Iterator[Problem]:
    """Fields that a rule names in its texts or its key, and that no event of its own tests has."""
    texts = [text for text in (rule.alert.title, rule.alert.body) if text] if rule.alert else []
    names = {*rule.by, *(name for text in texts for name in text.variables)}.difference(ALERT_NAMES)
    events = [event for sample in rule.tests for event in events_of(sample, reading)] if names else []
    fitting = [(event, found) for event in events if (found := rule.condition.match(event)) is not None]
    for name in sorted(names) if fitting else ():
        if all(event.field(name) is None and name not in found for event, found in fitting):
            message = f"{rule.id}: no event in its tests has the field {name}, which it names"
            yield Problem(rule.location, message, "absent-field", "collector parse shows the fields", "warning")


def stage_for(book: RuleBook, rule: Rule) -> RuleBook:
    """A book of this rule and of those on which it depends, numbered anew."""
    by_id = {one.id: one for one in book.rules}
    ordered = {rule_set.name: rule_set.rules for rule_set in book.sets if rule_set.ordered}
    needed: dict[int, Rule] = {}
    waiting = [rule]
    while waiting:
        one = waiting.pop()
        if one.number in needed:
            continue
        needed[one.number] = one
        waiting += [before for before in ordered.get(one.set, ()) if before.number < one.number]
        waiting += [by_id[name] for name in (one.mute.start, one.mute.end)] if one.mute else []
    rules = tuple(replace(needed[number], number=place) for place, number in enumerate(sorted(needed)))
    known = {one.id for one in rules}
    rules = tuple(replace(one, then="stop") if _leads_away(one, known) else one for one in rules)
    sets = tuple(
        RuleSet(one.name, one.ordered, members)
        for one in book.sets
        if (members := tuple(rule for rule in rules if rule.set == one.name))
    )
    return RuleBook(rules, sets, book.hash, book.zone)


def _leads_away(rule: Rule, known: set[str]) -> bool:
    """Whether it goes to a rule that is not there: behind the one that is tested, which is then left out."""
    return isinstance(rule.then, tuple) and rule.then[1] not in known


def events_of(sample: Sample, reading: Reading) -> Iterator[Event]:
    """Its lines, as they would have been received one after the other."""
    latest = datetime(_YEAR + 1, 1, 1, tzinfo=reading.interpreter.zone) - timedelta(days=1, microseconds=1)
    now: datetime | None = None
    for text in sample.lines:
        line, fix = reading.normaliser.one(text.encode("utf-8", "surrogateescape"), None)
        odd = reading.interpreter.read(line, fix, None, now + _HALF_A_YEAR if now else latest)
        if odd.record.time_source == "sender":
            now = max(now, odd.record.timestamp) if now else odd.record.timestamp
        else:
            now = now or latest
            odd = reading.interpreter.read(line, fix, None, now)
        pair = odd._replace(record=replace(odd.record, received_at=now)), None
        moment = reading.interpreter.moment(now)
        yield Event(pair, moment, max(now.timestamp(), time_of(pair, moment)))


@dataclass(frozen=True, slots=True)
class _Try:
    """One test of a rule."""

    stage: RuleBook
    rule: Rule
    sample: Sample
    reading: Reading
    engine_for: EngineFor

    def failures(self) -> Iterator[tuple[str, str | None]]:
        """What is wrong, in a sentence, and in what."""
        engine = self.engine_for(self.stage)
        for event in events_of(self.sample, self.reading):
            engine.feed(event)
        engine.advance(engine.clock + self.sample.wait)
        alerts = [alert for alert in engine.outbox if alert.rule == self.rule.id]
        counters = engine.counters[self.rule.id]
        if counters.timeouts:
            yield "its condition takes for ever on a line", "in production it would be quarantined"
            return
        if counters.errors:
            yield f"a part of the rule fails, {_number(counters.errors, 'time')}", None
        message, hint = _difference(self.sample.alerts, alerts)
        if len(alerts) < len(self.sample.alerts):
            hint = f"{hint}\n{self._why()}"
        if message:
            yield message, hint

    def _why(self) -> str:
        """What came of the last line."""
        engine, said, steps = self.engine_for(self.stage), "is not there", []
        for event in events_of(self.sample, self.reading):
            found = next(trace for trace in engine.trace(event) if trace.rule == self.rule.id)
            shown = explanation(found, self.rule)
            said, steps = verdict(shown, self._clock), steps_in_words(shown)
            engine.feed(event)
        return "\n".join([f"the last line {said}", *(f"  {step}" for step in steps)])

    def _clock(self, seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, self.reading.interpreter.zone):%H:%M:%S}"


def _difference(expected: Sequence[Mapping[str, object]], alerts: Sequence[Alert]) -> tuple[str, str]:
    """What is wrong in a sentence, and in what; nothing when all is as expected."""
    for number, (wanted, alert) in enumerate(zip(expected, alerts, strict=False), 1):
        raised = alert.as_json()
        other = [name for name in wanted if not _same(wanted[name], raised[name])]
        if other:
            lines = [f"{name}: {_shown(raised[name])}, not {_shown(wanted[name])}" for name in other]
            return f"alert {number} has another {' and '.join(other)}", "\n".join(lines)
    if len(expected) == len(alerts):
        return "", ""
    message = f"it raises {_number(len(alerts), 'alert')}, not {len(expected)}"
    if len(alerts) > len(expected):
        return message, "\n".join(f"raised: {_shown(alert.title)}" for alert in alerts[len(expected) :])
    return message, "\n".join(f"missing: {_shown(wanted)}" for wanted in expected[len(alerts) :])


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _same(wanted: Any, raised: Any) -> bool:
    """Texts may be written as numbers, and blocks of text end with a line end that nothing else has."""
    if isinstance(wanted, Mapping) and isinstance(raised, Mapping):
        return wanted.keys() == raised.keys() and all(_same(wanted[name], raised[name]) for name in wanted)
    if isinstance(wanted, list) and isinstance(raised, list):
        return len(wanted) == len(raised) and all(map(_same, wanted, raised))
    if isinstance(raised, str) and not isinstance(wanted, bool) and isinstance(wanted, str | int | float):
        return str(wanted).rstrip("\n") == raised.rstrip("\n")
    return bool(wanted == raised)


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
