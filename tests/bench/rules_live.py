"""The scenarios of rules at work: what they cost the receiver, how soon they act, and what they need of memory."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import logcheck
from figures import FigureCase, Figures
from measure import Load
from probes import Probes
from rulesets import HOT, SEED, collector_rules, rules, texts
from scenarios import UDP_SENDERS, Ratio, Scenario
from servers import Server
from watching import follow, keys, receive

CANDIDATES = 0.3
"""The share of lines that two of the rules match where it is measured how far rules are behind."""

PROBES, SLOW_PROBES = 0.01, 0.1
"""Seconds between two of them; to start a program for each takes some ms of a core."""

SIZE = 200
NUMBERS = (0, 10, 1000, 5000)
UDP_RATE = 200_000
"""More than some cases can hold: what is lost is the difference."""

KEYS = 1_000_000
KEY_LINE = b"<38>Nov 22 10:11:12 gate sshd[411]: Failed password for bob from 10.%d.%d.%d port 22 ssh2\n"


def live_rules(python: str, scale: float) -> list[Scenario]:
    """``scale`` shortens the loads of a quick run."""
    collector = Server("collector", {"workers": "1"}, python)
    tcp = Load("tcp", int(3_000_000 * scale), size=SIZE)
    udp = Load("udp", int(1_000_000 * scale), connections=UDP_SENDERS, rate=UDP_RATE, size=SIZE)
    return [
        receiving("rules-tcp", collector, tcp),
        receiving("rules-udp", collector, udp),
        logcheck_receiving(collector, tcp),
        latency(collector, max(5, int(20 * scale))),
        lag(collector, max(10, int(60 * scale))),
        memory(collector, KEYS),
    ]


def say(place: Path, share: float) -> str:
    """A file of texts, for ``Load``."""
    path = place / "texts"
    path.write_text("".join(f"{text}\n" for text in texts(SEED, share)))
    return str(path)


def _receive(server: Server, load: Load, place: Path) -> dict[str, float]:
    return receive(server, replace(load, texts=say(place, HOT)), place)


def receiving(name: str, collector: Server, load: Load) -> Scenario:
    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        none, ten, thousand, most = (found[f"{number:,} rules"] for number in NUMBERS)
        correlator = "correlator, ns/line"
        ratios = [
            Ratio("lines/s, 1,000 rules / none", thousand["lines/s"] / none["lines/s"], 0.5, at_least=True),
            Ratio("lines/s, 5,000 rules / 10", most["lines/s"] / ten["lines/s"], 0.8, at_least=True),
            Ratio("CPU per line of workers, 1,000 rules / none", _workers(thousand) / _workers(none)),
            Ratio("CPU per line of workers, 5,000 rules / 10", _workers(most) / _workers(ten)),
            Ratio("CPU per line of the correlator, 5,000 rules / 10", most[correlator] / ten[correlator]),
        ]
        lost = sum(one["lines lost"] for one in found.values())
        return [*ratios, Ratio("lines lost", int(lost), None if load.transport == "udp" else 0)]

    cases = [
        FigureCase(f"{number:,} rules", partial(_receive, _with_rules(collector, number), load)) for number in NUMBERS
    ]
    return Scenario(name, tuple(cases), judge)


def _workers(found: Figures) -> float:
    return found["workers, ns/line"]


def _with_rules(collector: Server, number: int) -> Server:
    return replace(collector, options={**collector.options, **({"rules": str(number)} if number else {})})


def logcheck_receiving(collector: Server, load: Load) -> Scenario:
    """All of logcheck's patterns as rules. Six lines in ten are such as they were written for."""

    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        none, all_of_them = found["no rules"], found["logcheck's"]
        return [
            Ratio("CPU of workers they add, µs per line", (_workers(all_of_them) - _workers(none)) / 1000),
            Ratio("lines/s, logcheck's rules / none", all_of_them["lines/s"] / none["lines/s"]),
        ]

    def with_them(place: Path) -> dict[str, float]:
        options = {**collector.options, "rules": logcheck.as_rules()}
        return _receive(replace(collector, options=options), load, place)

    cases = (
        FigureCase("no rules", partial(_receive, collector, load)),
        FigureCase("logcheck's", with_them, logcheck.missing()),
    )
    return Scenario("rules-logcheck-tcp", cases, judge)


def _follow(collector: Server, load: Load, share: float, place: Path, *, stamped: bool = False) -> dict[str, float]:
    """The question how far rules are behind costs a little itself, so it is only asked where that is the matter."""
    probes = Probes(place / "answers", every=SLOW_PROBES if stamped else PROBES, stamped=stamped)
    text = collector_rules(rules(1000), more=[probes.rule()])
    server = replace(collector, options={**collector.options, "rules": text})
    return follow(server, replace(load, texts=say(place, share)), probes, place, ask=share == CANDIDATES)


def latency(collector: Server, seconds: int) -> Scenario:
    """From a line received to its action, which is a line in a file, or a program; that of a program takes some ms."""
    load = Load("tcp", 50_000 * seconds, rate=50_000, size=SIZE)

    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        file, program = found["file"], found["exec"]
        return [
            Ratio("line received to action begun, p99, ms", file["p99, ms"], 100),
            Ratio("the same, until a program runs", program["p99, ms"], 100),
            Ratio("lines sent per second", file["sent/s"]),
        ]

    cases = (
        FigureCase("file", partial(_follow, collector, load, HOT)),
        FigureCase("exec", partial(_follow, collector, load, HOT, stamped=True)),
    )
    return Scenario("rules-latency", cases, judge, rounds=3)


def lag(collector: Server, seconds: int) -> Scenario:
    load = Load("tcp", 100_000 * seconds, rate=100_000, size=SIZE)

    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        (one,) = found.values()
        return [
            Ratio(f"seconds behind, the most in {seconds} s", one["lag s"], 1.0),
            Ratio("batches that rules did not see", int(one["unseen by rules"]), 0),
            Ratio("lines sent per second", one["sent/s"]),
            Ratio("line received to action begun, longest, ms", one["longest, ms"]),
        ]

    case = FigureCase("1,000 rules", partial(_follow, collector, load, CANDIDATES))
    return Scenario("rules-lag", (case,), judge, rounds=1)


def memory(collector: Server, number: int) -> Scenario:
    def judge(found: Mapping[str, Figures]) -> list[Ratio]:
        (one,) = found.values()
        return [
            Ratio("keys", int(one["keys"]), number, at_least=True),
            Ratio("RSS of the correlator, MiB", one["RSS, MiB"], 1024),
            Ratio("PSS with the process that saves, MiB", one["PSS, MiB"], 1024),
        ]

    case = FigureCase(f"{number:,} keys", partial(keys, _with_rules(collector, 10), number, KEY_LINE))
    return Scenario("rules-memory", (case,), judge, rounds=1)
