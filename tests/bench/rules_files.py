"""The scenarios of rules over files: logcheck's patterns, SEC and swatchdog, ``check-rules`` cold and over a log."""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import logcheck
import one_pass
from figures import FigureCase, Figures
from measure import HERE
from rulesets import HOT, SEED, expected, lines, marker, rules, texts
from scenarios import Ratio, Scenario
from servers import TOP, Server
from watching import stream, watcher

FEW_HITS = 0.0
"""As in most logs: the two rules that count find nothing, the others something in one line of a hundred."""

RULES = 1000
TIMES = 100
ALERT_SECONDS = 300.0
PIECE_LINES = 2_000


def rules_and_files(python: str, scale: float) -> list[Scenario]:
    """``scale`` shortens the logs of a quick run."""
    return [
        logcheck_scan(python, int(100_000 * scale)),
        peers("rules-peers", Server("collector", {"workers": "1"}, python), FEW_HITS, scale),
        peers("rules-peers-hot", Server("collector", {"workers": "1"}, python), HOT, scale),
        check(python),
        dry_run(python, int(2_000_000 * scale)),
    ]


def logcheck_scan(python: str, count: int) -> Scenario:
    """Lines of which 40 % match none of the patterns, and lines of which nearly all match some."""

    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        return [Ratio(f"µs per line of the prefilter, {name}", one["µs/line"], 1.0) for name, one in found.items()]

    cases = [
        FigureCase(name, partial(_scan, python, count, share), logcheck.missing())
        for name, share in (("mixed lines", HOT), ("ordinary lines", 0.0))
    ]
    return Scenario("rules-logcheck", tuple(cases), judge)


def _scan(python: str, count: int, share: float, place: Path) -> dict[str, float]:
    patterns, log = place / "patterns.json", place / "lines"
    patterns.write_text(json.dumps(logcheck.patterns()))
    with log.open("w") as file:
        file.writelines(f"<38>{line}" for line in lines(count, texts(SEED, share), time.time()))
    done = subprocess.run(
        [python, str(HERE / "scan.py"), str(patterns), str(log)],
        check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(TOP)},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def peers(name: str, collector: Server, share: float, scale: float) -> Scenario:
    """
    SEC and swatchdog as fast as they go, which is when the first rule that matches ends the search, and as rules in no
    order mean it, where each of them is tried. What a program needs before its first line is not counted of them.
    """
    few, many = max(2_000, int(5_000 * scale)), int(2_000_000 * scale)

    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        ours = ("check-rules", "collector run")
        return [
            *(
                Ratio(f"lines/s, {one} / {name}", found[one]["lines/s"] / found[name]["lines/s"], target, at_least=True)
                for one in ours
                for name, target in (("SEC", TIMES), ("swatchdog", TIMES), ("SEC, all", None), ("swatchdog, all", None))
            ),
            Ratio("alerts that differ", int(sum(one["alerts that differ"] for one in found.values())), 0),
        ]

    python = collector.python
    programs = {
        "SEC": one_pass.Program(one_pass.sec, one_pass.missing("sec", "sec")),
        "SEC, all": one_pass.Program(partial(one_pass.sec, every_rule=True), one_pass.missing("sec", "sec")),
        "swatchdog": one_pass.Program(one_pass.swatchdog, one_pass.missing("swatchdog", "swatch")),
        "swatchdog, all": one_pass.Program(
            partial(one_pass.swatchdog, every_rule=True), one_pass.missing("swatchdog", "swatch")
        ),
    }
    cases = [FigureCase(case, partial(_pass, one, share, few), one.missing) for case, one in programs.items()]
    checker = one_pass.Program(partial(one_pass.check_rules, python=python), None)
    cases += [
        FigureCase("check-rules", partial(_check_log, checker, share, (few, many))),
        FigureCase("collector run", partial(_run, collector, share, (few, many))),
    ]
    return Scenario(name, tuple(cases), judge, rounds=3)


def _log(place: Path, share: float, count: int) -> Path:
    """Lines of the last quarter of an hour, so that a receiver takes their time for true."""
    path = place / f"log-{count}"
    with path.open("w") as file:
        file.writelines(lines(count, texts(SEED, share), time.time() - 900))
    return path


@cache
def _expected(share: float, count: int) -> tuple[str, ...]:
    return tuple(expected(rules(RULES), lines(count, texts(SEED, share), 0)))


def _pass(program: one_pass.Program, share: float, count: int, place: Path) -> dict[str, float]:
    empty = place / "empty"
    empty.touch()
    start = program.once(rules(RULES), empty, place)
    found = program.once(rules(RULES), _log(place, share, count), place)
    return {
        "lines/s": count / (found.seconds - start.seconds),
        "CPU, µs/line": (found.cpu - start.cpu) / count * 1e6,
        "start s": start.seconds,
        "alerts that differ": differing(found.alerts, _expected(share, count)),
    }


def differing(alerts: Sequence[str], wanted: Sequence[str]) -> int:
    """Those that are missing, too many, or others."""
    found, asked = Counter(alerts), Counter(wanted)
    return (found - asked).total() + (asked - found).total()


def _check_log(program: one_pass.Program, share: float, counts: tuple[int, int], place: Path) -> dict[str, float]:
    """The alerts are compared in a short log; in a long one all that the command takes counts."""
    few, many = counts
    wrong = differing(program.once(rules(RULES), _log(place, share, few), place).alerts, _expected(share, few))
    found = program.once(rules(RULES), _log(place, share, many), place)
    return {
        "lines/s": many / found.seconds,
        "CPU, µs/line": found.cpu / many * 1e6,
        "alerts that differ": wrong,
    }


def _run(collector: Server, share: float, counts: tuple[int, int], place: Path) -> dict[str, float]:
    """The same, over TCP, until the alert for the last line is in the file of alerts."""
    few, many = counts
    server = Server(collector.name, {**collector.options, "rules": str(RULES)}, collector.python)
    with watcher(server, place / "server") as it:
        (first_text, first_alert), (last_text, last_alert) = marker(0), marker(1)
        stream(it.target.port, _pieces(_log(place, share, few), first_text))
        _wait_for(it.alerts(), first_alert)
        alerts = it.alerts().read_text().splitlines()
        pieces = _pieces(_log(place, share, many), last_text)
        began = time.monotonic()
        stream(it.target.port, pieces)
        _wait_for(it.alerts(), last_alert)
        seconds = time.monotonic() - began
    wanted = [*_expected(share, few), first_alert]
    return {"lines/s": many / seconds, "alerts that differ": differing(alerts, wanted)}


def _pieces(log: Path, last: str) -> list[bytes]:
    some = log.read_bytes().splitlines(keepends=True)
    some.append(some[-1][:16] + f"gate {last}\n".encode())
    return [b"<38>" + b"<38>".join(some[start : start + PIECE_LINES]) for start in range(0, len(some), PIECE_LINES)]


def _wait_for(alerts: Path, title: str) -> None:
    give_up = time.monotonic() + ALERT_SECONDS
    while not alerts.exists() or title not in alerts.read_text().splitlines():
        if time.monotonic() > give_up:
            raise TimeoutError(f"the alert {title} did not come")
        time.sleep(0.005)


def check(python: str) -> Scenario:
    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        return [Ratio("seconds, 1,000 rules", found["1,000 rules"]["s"], 3.0)]

    def once(number: int, place: Path) -> dict[str, float]:
        found = one_pass.check_rules(rules(number), None, place, python=python)
        return {"s": found.seconds, "CPU s": found.cpu}

    cases = tuple(FigureCase(f"{number:,} rules", partial(once, number)) for number in (10, 1000, 5000))
    return Scenario("rules-check", cases, judge)


def dry_run(python: str, count: int) -> Scenario:
    """With its start; in one log four lines in ten match the two rules that count, in the other one none does."""

    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        return [Ratio(f"lines/s, {name}", one["lines/s"], 200_000, at_least=True) for name, one in found.items()]

    def once(share: float, place: Path) -> dict[str, float]:
        found = one_pass.check_rules(rules(RULES), _log(place, share, count), place, python=python)
        return {"lines/s": count / found.seconds, "CPU, µs/line": found.cpu / count * 1e6}

    cases = (FigureCase("40 % match", partial(once, HOT)), FigureCase("1 % match", partial(once, FEW_HITS)))
    return Scenario("rules-dry-run", cases, judge, rounds=3)
