"""
``collector check-rules`` — what is wrong with rules, whether their own tests pass, and what they make of logs.

    collector check-rules rules/ --log /var/log/auth.log
    collector check-rules rules/ssh.yaml --rule ssh-spray --log suspicious.log --explain

Nothing is sent, no port is opened, no file is written.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from collector.arguments import add_config, add_timezone
from collector.errors import CollectorError
from collector.priority import DEFAULT_PRI, FACILITY_NUMBERS, SEVERITY_NUMBERS, pri_of

if TYPE_CHECKING:
    from collector.service.check_rules.findings import Findings
    from collector.service.check_rules.progress import Progress
    from collector.service.check_rules.report import Report
    from collector.service.check_rules.subject import Subject

_YEARS = range(1970, 2200)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="files of rules, folders, patterns (default: those of the configuration)",
    )
    parser.add_argument(
        "--log", metavar="FILE", nargs="+", action="extend", default=[],
        help="try the rules on these logs, also compressed; - is stdin",
    )  # fmt: skip
    parser.add_argument("--explain", action="store_true", help="tell for each line why a rule did or did not fire")
    parser.add_argument("--rule", metavar="ID", action="append", default=[], help="tell only of this rule; repeatable")
    parser.add_argument("--strict", action="store_true", help="warnings, and rules without tests, are errors")
    parser.add_argument("--json", action="store_true", help="a JSON object on each line")
    add_config(parser)
    add_timezone(parser)
    parser.add_argument("--year", metavar="YYYY", type=_year, help="the year in which a log without years begins")
    parser.add_argument(
        "--facility", metavar="NAME", type=_facility,
        help="of lines without PRI, as local0, or local0.debug (default: user.notice)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    from collector.service.check_rules.findings import findings_of, only_about
    from collector.service.check_rules.report import Report, closing
    from collector.service.check_rules.subject import subject_of

    if options.explain and not options.log:
        raise CollectorError("there is nothing to explain", hint="name a log: --log FILE, or --log - for stdin")
    subject = subject_of(options.paths, options.config, options.timezone)
    findings = findings_of(subject, strict=options.strict)
    known = {rule.id for rule in subject.book.rules} if subject.book else set()
    _check_names(options.rule, known, readable=subject.book is not None)
    if options.rule and subject.book:
        findings, known = only_about(findings, subject.book, options.rule), set(options.rule)
    report = Report(shutil.get_terminal_size((80, 24)).columns, subject.interpreter.zone, colour=_has_colour())
    if options.json:
        _print_json(problem.as_json() for problem in findings.problems)
    else:
        _print(report.problems(findings.problems))
    tried = _try(options, subject, findings, report) if options.log and findings.prefilter else None
    errors = sum(problem.level == "error" for problem in findings.problems)
    warnings = sum(problem.level == "warning" for problem in findings.problems)
    counts = {"rules": len(known), "errors": errors, "warnings": warnings, "tests": findings.tests}
    counts |= {"failed": findings.failed}
    if options.json:
        _print_json([{"type": "summary", **counts, **(tried or {})}])
    else:
        sys.stdout.flush()
        _say(closing(counts, tried))
        if options.log and not findings.prefilter:
            _say(["The logs were not read: the rules cannot be used as they are."])
    return 1 if errors or (options.strict and warnings) else 0


def _check_names(names: Iterable[str], known: set[str], *, readable: bool) -> None:
    from collector.config.problems import did_you_mean, quote

    for name in names:
        if readable and name not in known:
            raise CollectorError(f"there is no rule {quote(name)}", hint=did_you_mean(name, known))


def _try(options: argparse.Namespace, subject: "Subject", findings: "Findings", report: "Report") -> Mapping[str, Any]:
    """What came of the logs, in numbers; of the rules that were asked for."""
    from collector.service.check_rules.progress import Progress
    from collector.service.check_rules.trial import Filling, Trial

    assert findings.prefilter
    progress = Progress(sys.stderr, wanted=not options.json)
    pri, known = options.facility or (DEFAULT_PRI, frozenset())
    trial = Trial(
        subject,
        findings.prefilter,
        options.log,
        Filling(options.year, pri, known),
        look=lambda trial: progress.show(trial.logs.done, trial.logs.rows.total(), trial.raised),
        explain=partial(_explain, options, report, progress) if options.explain else None,
    )
    _say(f"{one.path}: this does not look like a log." for one in trial.logs.files if not one.is_text)
    shown = 0
    for alert in trial.alerts():
        if options.rule and alert.rule not in options.rule:
            continue
        shown += 1
        found = trial.as_json(alert)
        progress.clear()
        if options.json:
            _print_json([found])
        else:
            _print(report.alert(alert, found["actions"]))
    progress.clear()
    rules = [rule for rule in trial.rules() if not options.rule or rule["rule"] in options.rule]
    if options.json:
        _print_json(rules)
    else:
        _print(report.rules(rules, trial.logs.rows.total()))
    return {**trial.summary(), "alerts": shown}


def _explain(options: argparse.Namespace, report: "Report", progress: "Progress", found: Mapping[str, Any]) -> None:
    if options.rule:
        found = {**found, "rules": [rule for rule in found["rules"] if rule["rule"] in options.rule]}
    progress.clear()
    if options.json:
        _print_json([found])
    else:
        _print(report.explanation(found))


def _year(text: str) -> int:
    if not text.isdecimal() or int(text) not in _YEARS:
        raise argparse.ArgumentTypeError(f'"{text}" is not a year; write 2026')
    return int(text)


def _facility(text: str) -> tuple[int, frozenset[str]]:
    """The PRI, and which parts of it are known."""
    facility, _, severity = text.lower().partition(".")
    if facility not in FACILITY_NUMBERS or (severity or "notice") not in SEVERITY_NUMBERS:
        raise argparse.ArgumentTypeError(f'"{text}" is not a facility; write local0, or local0.debug')
    known = frozenset(("facility", "severity") if severity else ("facility",))
    return pri_of(FACILITY_NUMBERS[facility], SEVERITY_NUMBERS[severity or "notice"]), known


def _has_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print_json(items: Iterable[Mapping[str, Any]]) -> None:
    from collector.protocol.render import escape_unseen

    everything = sys.stdout.encoding.lower() == "utf-8"
    for item in items:
        print(escape_unseen(json.dumps(item, ensure_ascii=not everything)))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)
