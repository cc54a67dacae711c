"""Everything that is wrong with rules, without a log: what reading them has shown, static findings, their own tests."""

import re
import time
from bisect import bisect
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, partial

from collector.config.problems import Problem
from collector.rules.check import check_cost, check_rules, without_tests
from collector.rules.event import Event
from collector.rules.guard import RuleTimeout
from collector.rules.prefilter import Prefilter, compile_prefilter
from collector.rules.rule import Rule, RuleBook
from collector.rules.samples import Reading, failures, unseen_fields
from collector.rules.slow_patterns import slow_patterns
from collector.service.check_rules.patience import Patience
from collector.service.check_rules.subject import Subject
from collector.service.check_rules.usual import usual_events

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """
    ``problems`` by place. ``prefilter`` is None where the rules cannot be used; ``tests`` ran, and ``failed`` of them
    did.
    """

    problems: list[Problem]
    prefilter: Prefilter | None = None
    tests: int = 0
    failed: int = 0


def only_about(findings: Findings, book: RuleBook, names: Collection[str]) -> Findings:
    """Those of a few rules: a problem belongs to the last rule that begins before it."""
    begins = sorted((rule.location.file, rule.location.line, rule.location.column, rule.id) for rule in book.rules)
    problems = []
    for problem in findings.problems:
        place = problem.location.file, problem.location.line, problem.location.column
        number = bisect(begins, place, key=lambda begin: begin[:3]) - 1
        if number >= 0 and begins[number][0] == place[0] and begins[number][3] in names:
            problems.append(problem)
    tests = sum(len(rule.tests) for rule in book.rules if rule.id in names)
    return Findings(problems, findings.prefilter, tests, len({one.location for one in problems if one.id == "test"}))


def findings_of(subject: Subject, *, strict: bool) -> Findings:
    """``strict``: a rule without tests is an error."""
    if subject.book is None:
        return Findings(_by_place(subject.problems))
    book, reading = subject.book, Reading(subject.normaliser, subject.interpreter)
    prefilter = compile_prefilter([rule.condition.requirement for rule in book.rules])
    with Patience() as patience:
        costs = _Costs(book, reading, patience)
        failed = [one for rule in book.rules for one in failures(book, rule, reading, patience.engine_for)]
        problems = [
            *subject.problems,
            *check_rules(book),
            *check_cost(book, prefilter, costs.measure),
            *slow_patterns(book, partial(_searched, patience)),
            *without_tests(book, strict=strict),
            *(one for rule in book.rules for one in _unseen(rule, reading, patience)),
            *failed,
        ]
    tests = sum(len(rule.tests) for rule in book.rules)
    return Findings(_by_place(problems), prefilter, tests, len({problem.location for problem in failed}))


class _Costs:
    """Measured by usual messages, which are read when the first rule is to be measured."""

    def __init__(self, book: RuleBook, reading: Reading, patience: Patience) -> None:
        self._book = book
        self._reading = reading
        self._patience = patience

    @cached_property
    def _events(self) -> list[Event]:
        return usual_events(self._book.rules, self._reading)

    def measure(self, rule: Rule) -> tuple[float, float] | None:
        events, match = self._events, rule.condition.match
        best = float("inf")
        fits = 0
        try:
            for _ in range(_ROUNDS):
                with self._patience.step():
                    began = time.perf_counter()
                    fits = sum(match(event) is not None for event in events)
                    best = min(best, time.perf_counter() - began)
        except RuleTimeout:
            return None
        return best * 1e9 / len(events), fits / len(events)


def _searched(patience: Patience, pattern: "re.Pattern[str]", text: str) -> tuple[float, bool]:
    began = time.thread_time()
    try:
        with patience.step():
            pattern.search(text)
    except RuleTimeout:
        return time.thread_time() - began, True
    return time.thread_time() - began, False


def _unseen(rule: Rule, reading: Reading, patience: Patience) -> list[Problem]:
    try:
        with patience.step():
            return list(unseen_fields(rule, reading))
    except RuleTimeout:
        return []  # the test that takes so long has been told


def _by_place(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda one: (one.location.file, one.location.line, one.location.column))
