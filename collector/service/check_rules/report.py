"""What ``collector check-rules`` found, told to a person at a terminal of 80 columns."""

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import filterfalse
from typing import Any

from collector.config.problems import Problem
from collector.rules.alert import Alert
from collector.rules.explain import in_words
from collector.service.ownlog import printable
from collector.service.screen import BOLD, RED, YELLOW, Screen

_STYLES = {"critical": BOLD + RED, "high": RED, "medium": YELLOW}
_PLAIN = "\033[0m"
_CELLS = (10, 9, 11, 9)
_BODY = 5
"""Lines of an alert's text; --json has all."""

_LISTED = 8
_MEASURED = 1000
"""Lines from which on it makes sense to say how long each took."""
_REMARKS = {
    "late": "out of order",
    "keyless": "without a key",
    "evicted": "keys forgotten for want of room",
    "errors": "errors",
    "timeouts": "ended because they took too long",
}


class Report:
    """Everything comes as lines. ``width`` is that of the terminal."""

    def __init__(self, width: int, zone: tzinfo, *, colour: bool) -> None:
        self._width = width
        self._zone = zone
        self._colour = colour

    def problems(self, problems: Sequence[Problem]) -> Iterator[str]:
        """Those that only tell that tests are missing are told as one."""
        untested = list(filter(_is_untested, problems))
        for problem in filterfalse(_is_untested, problems):
            yield self._styled(_problem(problem), {"error": RED, "warning": YELLOW}.get(problem.level, ""))
        if untested:
            names = [problem.message.partition(":")[0] for problem in untested]
            yield from self._folded(f"info: {_rules(len(names))} without tests: {_listed(names)} [no-tests]")

    def alert(self, alert: Alert, actions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        head = f"{self._clock(alert.fired_at)}  {alert.severity:<8}  {printable(alert.rule)}"
        if alert.fired_at - alert.event_time >= 1:
            head += f"  (its last event was at {self._clock(alert.event_time)})"
        yield self._styled(head, _STYLES.get(alert.severity, ""))
        yield f"    {printable(alert.title)}"
        text = "" if alert.summary else alert.body.rstrip("\n")
        body = text.split("\n") if text else []
        yield from (f"      {printable(line)}" for line in body[:_BODY])
        if len(body) > _BODY:
            yield f"      … and {_number(len(body) - _BODY, 'line')} more"
        for action in actions:
            yield f"    → {printable(_deed(action))}"

    def explanation(self, found: Mapping[str, Any]) -> Iterator[str]:
        yield self._styled(printable(found["line"]), BOLD)
        yield from (f"  {printable(line)}" for line in in_words(found["rules"], self._time))

    def rules(self, rules: Sequence[Mapping[str, Any]], lines: int) -> Iterator[str]:
        """A table of those that were hit, and who was not. What they cost is known after so many lines."""
        hit = sorted((rule for rule in rules if rule["hits"] or rule["errors"] or rule["timeouts"]), key=_order)
        measured = lines >= _MEASURED
        screen = Screen(self._width, self._colour, _CELLS)
        if hit:
            screen.head("RULES", "hits", "alerts", "held back", *(["ns/line"] if measured else []))
        for rule in hit:
            numbers = [f"{rule[name]:,}" for name in ("hits", "alerts", "suppressed")]
            numbers += [f"{rule['ns_per_line']:,.0f}"] if measured else []
            screen.row(rule["rule"], *numbers, style=RED if rule["quarantined"] else "")
            remarks = [f"{text} {rule[name]:,}" for name, text in _REMARKS.items() if rule[name]]
            if rule["quarantined"]:
                remarks.append("QUARANTINED: it was not tried any more")
            if remarks:
                screen.say(", ".join(remarks), indent="    ")
        yield from screen.lines
        idle = [rule["rule"] for rule in rules if not rule["hits"] and not rule["not_judged"]]
        if idle:
            yield from self._folded(f"  without a hit: {_listed(idle)}")
        yield from self._not_judged(rules)

    def _not_judged(self, rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        by_lack: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for rule in rules:
            for form, missing in rule["not_judged"].items():
                by_lack.setdefault((form, tuple(missing)), []).append(rule["rule"])
        for (form, missing), names in by_lack.items():
            cure = "; --facility says what they were" if {"facility", "severity"} >= set(missing) else ""
            yield from self._folded(
                f"  not judged, as {_FORMS[form]} has no {' and no '.join(missing)}{cure}: {_listed(names)}", YELLOW
            )

    def _folded(self, text: str, style: str = "") -> Iterator[str]:
        for line in textwrap.wrap(
            printable(text), max(self._width, 60), subsequent_indent="    ", break_long_words=False,
            break_on_hyphens=False, drop_whitespace=True,
        ):  # fmt: skip
            yield self._styled(line, style)

    def _clock(self, seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, self._zone):%Y-%m-%d %H:%M:%S}"

    def _time(self, seconds: float) -> str:
        return f"{datetime.fromtimestamp(seconds, self._zone):%b %e %H:%M:%S}"

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if style and self._colour else text


_FORMS = {
    "syslog": "a log of messages",
    "traditional": "a traditional file",
    "json": "a JSON record",
}


def closing(counts: Mapping[str, int], trial: Mapping[str, Any] | None) -> Iterator[str]:
    """How it ended, in a sentence or two."""
    said = f"{_rules(counts['rules'])}: {_counted(counts['errors'], counts['warnings'])}"
    if counts["tests"]:
        tests = _number(counts["tests"], "test")
        said += f"; {counts['failed']:,} of {tests} failed" if counts["failed"] else f"; {tests} passed"
    yield f"{said}."
    if trial is None:
        return
    span = f" from {_plain(trial['begins'])} to {_plain(trial['ends'])}" if trial["lines"] else ""
    speed = f", in {trial['seconds']:.1f} s ({trial['lines_per_second']:,} lines/s)" if trial["seconds"] >= 1 else ""
    yield f"{_number(trial['lines'], 'line')}{span}: {_number(trial['alerts'], 'alert')}{speed}. Nothing was sent."
    if trial["skewed"]:
        yield f"{_number(trial['skewed'], 'line')} with a time more than a day off: judged by the time of those around."
    if trial["unread"]:
        yield f"{_number(trial['unread'], 'line')} could not be read as JSON records."


def _plain(time: str) -> str:
    return time[:19].replace("T", " ")


def _counted(errors: int, warnings: int) -> str:
    counts = [_number(count, word) for count, word in ((errors, "error"), (warnings, "warning")) if count]
    return " and ".join(counts) or "no problems"


def _is_untested(problem: Problem) -> bool:
    return problem.id == "no-tests" and problem.level == "info"


def _problem(problem: Problem) -> str:
    """With the further lines of a hint below its first."""
    first, *others = str(problem).split("\n")
    indents = ["", *[" " * 10] * len(others)]
    return "\n".join(
        [printable(first), *(indent + printable(line) for indent, line in zip(indents, others, strict=False))]
    )


def _deed(action: Mapping[str, Any]) -> str:
    if action["where"] is None:
        return f"{action['destination']} (not known here)"
    name = "" if action["destination"].startswith(action["where"]) else f"{action['destination']}: "
    texts = action["texts"]
    if isinstance(texts.get("exec"), list):
        return f"{name}exec {shlex.join(texts['exec'])}"
    said = ", ".join(f"{key} {_cut(text)!r}" for key, text in texts.items() if isinstance(text, str))
    return f"{name}{action['where']}{f', {said}' if said else ''}"


def _cut(text: str, most: int = 60) -> str:
    first, *more = text.split("\n", 1)
    return first if len(first) <= most and not more else f"{first[: most - 1]}…"


def _order(rule: Mapping[str, Any]) -> tuple[int, int, str]:
    return -rule["alerts"], -rule["hits"], rule["rule"]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def _rules(count: int) -> str:
    return _number(count, "rule")


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")
