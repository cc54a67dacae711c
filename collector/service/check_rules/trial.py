"""
The rules over logs: a dry run with all that is to be said about it.

    trial = Trial(subject, findings.prefilter, paths, Filling())
    for alert in trial.alerts(): …
    trial.rules(), trial.summary()
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from collector.priority import DEFAULT_PRI
from collector.protocol.timestamp import iso
from collector.rules.alert import Alert
from collector.rules.engine import Engine
from collector.rules.event import Event
from collector.rules.prefilter import Prefilter
from collector.rules.rule import RuleBook
from collector.service.check_rules.deeds import deeds
from collector.service.check_rules.dry_run import DryRun
from collector.service.check_rules.explaining import explanations
from collector.service.check_rules.forms import Form
from collector.service.check_rules.log_file import LogFile, Ways
from collector.service.check_rules.merged import Logs
from collector.service.check_rules.patience import Patience
from collector.service.check_rules.subject import Subject
from collector.service.check_rules.unjudged import Unjudged, unjudged

Explain = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Filling:
    """What somebody knows of logs that do not say it: the year of the first line; the PRI, and which parts of it."""

    year: int | None = None
    pri: int = DEFAULT_PRI
    known: frozenset[str] = frozenset()


class Trial:
    """
    ``look`` is called now and then, for whoever shows how far it is; ``explain`` for each row, with what comes of it.
    Raises CollectorError when a log cannot be read.
    """

    def __init__(
        self,
        subject: Subject,
        prefilter: Prefilter,
        paths: Sequence[str],
        filling: Filling,
        *,
        look: Callable[["Trial"], None] = lambda _: None,
        explain: Explain | None = None,
    ) -> None:
        assert subject.book is not None, "rules that cannot be read cannot be tried"
        ways = Ways(subject.normaliser, subject.interpreter, subject.max_message, filling.pri, filling.year)
        files = [LogFile(path, ways) for path in paths]
        self.raised = 0
        self.logs = Logs(files, prefilter, self._unjudged, look=lambda: look(self), every=explain is not None)
        self._subject = subject
        self._book: RuleBook = subject.book
        self._prefilter = prefilter
        self._known = filling.known
        self._explain = explain
        self._missing: dict[Form, Unjudged] = {}
        self._run = DryRun(self._book, self.logs, self._watch if explain else None)

    @property
    def zone(self) -> Any:
        return self._subject.interpreter.zone

    def alerts(self) -> Iterator[Alert]:
        """To be asked for once."""
        for alert in self._run.alerts():
            self.raised += 1
            yield alert

    def as_json(self, alert: Alert) -> dict[str, Any]:
        """An alert, with what would be done about it."""
        return {**alert.as_json(), "actions": deeds(alert, self._subject.destinations, self.zone)}

    def rules(self) -> list[dict[str, Any]]:
        """What came of each rule."""
        rows = self.logs.rows.total() or 1
        found = []
        for rule in self._book.rules:
            counts = asdict(self._run.counters[rule.id])
            report = self._prefilter.reports[rule.number]
            found.append(
                {
                    "type": "rule",
                    "rule": rule.id,
                    "file": rule.location.file,
                    "line": rule.location.line,
                    **{name: count for name, count in counts.items() if name != "seconds"},
                    "ns_per_line": round(counts["seconds"] * 1e9 / rows, 1),
                    "looks_for": report.looks_for,
                    "cost": report.cost,
                    "not_judged": self._not_judged(rule.number),
                }
            )
        return found

    def summary(self) -> dict[str, Any]:
        begins, ends, seconds = self.logs.files[0].begins, self.logs.now, self._run.seconds
        rows = self.logs.rows.total()
        return {
            "lines": rows,
            "alerts": self.raised,
            "begins": iso(datetime.fromtimestamp(begins, self.zone)) if rows else None,
            "ends": iso(datetime.fromtimestamp(ends, self.zone)) if ends is not None else None,
            "seconds": round(seconds, 3),
            "lines_per_second": round(rows / seconds) if seconds else 0,
            "forms": dict(self.logs.rows),
            "skewed": self.logs.skewed,
            "unread": self.logs.unread,
        }

    def _unjudged(self, form: Form) -> frozenset[int]:
        self._missing.setdefault(form, unjudged(self._book, form, self._known))
        return frozenset(self._missing[form])

    def _not_judged(self, number: int) -> dict[str, list[str]]:
        """In logs of which form it could not be judged, and what they lack for it."""
        return {form: list(missing[number]) for form, missing in self._missing.items() if number in missing}

    def _watch(self, engine: Engine, event: Event, rules: Sequence[int], patience: Patience) -> None:
        assert self._explain
        found = explanations(engine, self._prefilter, event, rules, patience)
        time = iso(datetime.fromtimestamp(event.time, self.zone))
        self._explain({"type": "explanation", "source": event.source, "line": event.line, "time": time, "rules": found})
