"""What every rule would make of an event, and why: for ``--explain``. Nothing changes by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collector.rules.at_work import is_at_work
from collector.rules.condition import Step
from collector.rules.event import Event
from collector.rules.kind import Hit, Outlook, key_of, key_of_fact
from collector.rules.runner import Runner
from collector.rules.table import values_of


@dataclass(frozen=True, slots=True)
class Limited:
    """``key`` is that of the limit; ``number`` is the place among ``every`` alerts, where one of so many goes out."""

    key: Mapping[str, str]
    number: int | None
    every: int | None


@dataclass(frozen=True, slots=True)
class Trace:
    """
    One rule and one event. ``stopped_by`` names a rule before it in its set whose hit ends the set, or leads on to a
    rule behind this one (``led_past``), and ``steps`` are the parts of its condition. ``at_work`` tells whether it is
    at that hour, ``key`` for whom it counts (None where a field is missing), and ``outlook`` where that key then
    stands. ``held_by`` is ``limit`` or ``mute`` when an alert would be held back, until ``until``: seconds since the
    epoch, None where that has no end. ``limit`` is for whom a limit holds it back, and as which of so many alerts.
    """

    rule: str
    fits: bool
    steps: Sequence[Step]
    stopped_by: str | None = None
    at_work: bool = True
    key: Mapping[str, str] | None = None
    outlook: Outlook | None = None
    held_by: str | None = None
    until: float | None = None
    limit: "Limited | None" = None
    led_past: bool = False
    quarantined: bool = False


def trace(runners: Sequence[Runner], floors: Mapping[int, float], event: Event, now: float) -> list[Trace]:
    """``floors`` as the engine has them; ``now`` is its clock."""
    passed: dict[str, tuple[float, str]] = {}
    found: list[Trace] = []
    for runner in runners:
        rule = runner.rule
        floor, stopper = passed.get(rule.set, (0.0, ""))
        one = _trace(runner, event, now, stopper if rule.number < floor else None)
        if one.stopped_by and floor < float("inf"):
            one = replace(one, led_past=True)
        found.append(one)
        if one.fits and one.at_work and not one.stopped_by and not one.quarantined and rule.number in floors:
            passed[rule.set] = (floors[rule.number], rule.id)
    return found


def _trace(runner: Runner, event: Event, now: float, stopped_by: str | None) -> Trace:
    rule = runner.rule
    steps = rule.condition.trace(event)
    captures = rule.condition.match(event)
    quarantined = bool(runner.counters.quarantined)
    if captures is None:
        return Trace(rule.id, fits=False, steps=steps, stopped_by=stopped_by, quarantined=quarantined)
    hit = Hit(event, captures, event.time, now)
    at_work = rule.times is None or is_at_work(rule.times, hit.time)
    key = key_of(rule.by)(hit)
    held_by, until = _held(runner, hit)
    limit = _limited(runner, hit) if held_by == "limit" else None
    return Trace(
        rule.id,
        fits=True,
        steps=steps,
        stopped_by=stopped_by,
        at_work=at_work,
        key=None if key is None else dict(runner.key_facts(key)),
        outlook=None if key is None else runner.kind.outlook(hit, key),
        held_by=held_by,
        until=until,
        limit=limit,
        quarantined=quarantined,
    )


def _held(runner: Runner, hit: Hit) -> tuple[str | None, float | None]:
    for mute in runner.mutes:
        if mute.covers(hit.fact):
            return "mute", mute.until
    if runner.between:
        until = runner.between.until(key_of_fact(hit.fact, runner.between.by), hit)
        if until is not None:
            return "mute", until
    limiter = runner.limiter
    if limiter and not limiter.would_pass(key_of_fact(hit.fact, limiter.by), hit):
        return "limit", limiter.until(key_of_fact(hit.fact, limiter.by))
    return None, None


def _limited(runner: Runner, hit: Hit) -> Limited | None:
    limiter = runner.limiter
    if limiter is None:
        return None
    key = key_of_fact(hit.fact, limiter.by)
    number, every = limiter.standing(key, hit) or (None, None)
    return Limited(dict(zip(limiter.by, values_of(key), strict=True)) if limiter.by else {}, number, every)
