"""The scenarios: which servers get which load, and what the result must reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figures import FigureCase
from measure import Load
from servers import Server, is_available
from summary import Summary
from trial import Sample, run_once

MIB_LIMIT = 120
UDP_RATES = (50_000, 100_000, 200_000, 300_000, 400_000)
UDP_SECONDS = 4
UDP_SENDERS = 8
UDP_WORKERS = "1"


@dataclass(frozen=True)
class Case:
    """One column: a server under a load. ``idle`` connections are opened before and stay silent."""

    name: str
    server: Server
    load: Load
    idle: int = 0

    @property
    def missing(self) -> str | None:
        """What must be installed for it, if it is not."""
        return None if is_available(self.server.name, self.server.python) else self.server.name

    def run(self, place: Path) -> Sample:
        return run_once(self.server, self.load, place / "server", self.idle)


@dataclass(frozen=True)
class Ratio:
    """A result beside its target: at most (or at least) ``limit``; without a limit it is for information."""

    text: str
    value: float
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Scenario:
    """``judge`` gets the medians of each case by its name: Summary of a Case, Figures of a FigureCase."""

    name: str
    cases: tuple[Case, ...] | tuple[FigureCase, ...]
    judge: Callable[[Mapping[str, Any]], list[Ratio]]
    rounds: int | None = None


def scenarios(python: str, scale: float) -> list[Scenario]:
    """All scenarios; ``scale`` shortens the loads of a quick run."""
    collector = Server("collector", python=python)
    return [
        tcp(collector, int(3_000_000 * scale)),
        tcp_many(collector, int(3_000_000 * scale)),
        *(udp(collector, rate, int(rate * UDP_SECONDS * max(scale, 0.5))) for rate in UDP_RATES),
        json_route(collector, int(1_000_000 * scale)),
        formats(collector, int(1_000_000 * scale)),
        idle(collector, int(500_000 * scale)),
        memory(collector, int(10_000_000 * scale)),
        selectors(collector, int(2_000_000 * scale)),
        files(collector, int(3_000_000 * scale)),
    ]


def tcp(collector: Server, count: int) -> Scenario:
    load = Load("tcp", count)

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        ours, theirs = found["collector"], found["rsyslog"]
        return [
            Ratio("CPU per line, collector / rsyslog", ours.cpu_ns / theirs.cpu_ns, 0.6),
            Ratio("lines/s, collector / rsyslog", ours.lines_per_second / theirs.lines_per_second, 0.9, at_least=True),
        ]

    return Scenario("tcp-1", (Case("rsyslog", Server("rsyslog"), load), Case("collector", collector, load)), judge)


def tcp_many(collector: Server, count: int) -> Scenario:
    load = Load("tcp", count, connections=32)
    two_workers = Server("collector", {"workers": "2"}, collector.python)
    # imptcp's threads help with many connections; with one they cost.
    rsyslog = Server("rsyslog", {"tcp": "imptcp", "tcp_module": 'threads="4"'})

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        one, two, theirs = found["1 worker"], found["2 workers"], found["rsyslog"]
        return [
            Ratio("lines/s, 2 workers / 1", two.lines_per_second / one.lines_per_second, 1.7, at_least=True),
            Ratio("lines/s, 2 workers / rsyslog", two.lines_per_second / theirs.lines_per_second),
            Ratio("CPU per line, 1 worker / rsyslog", one.cpu_ns / theirs.cpu_ns),
        ]

    cases = (Case("rsyslog", rsyslog, load), Case("1 worker", collector, load), Case("2 workers", two_workers, load))
    return Scenario("tcp-32", cases, judge)


def udp(collector: Server, rate: int, count: int) -> Scenario:
    load = Load("udp", count, connections=UDP_SENDERS, rate=rate)

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        ours, theirs = found["collector"], found["rsyslog"]
        allowed = 0 if theirs.lost == 0 else None  # where rsyslog loses too, the number is for information
        return [
            Ratio("CPU per line, collector / rsyslog", ours.cpu_ns / theirs.cpu_ns, 1.1),
            Ratio("lines lost by collector", ours.lost, allowed),
        ]

    ours = Server("collector", {"workers": UDP_WORKERS}, collector.python)
    cases = (Case("rsyslog", Server("rsyslog"), load), Case("collector", ours, load))
    return Scenario(f"udp-{rate // 1000}k", cases, judge)


def json_route(collector: Server, count: int) -> Scenario:
    load = Load("tcp", count)
    as_json = Server("collector", {"format": "json"}, collector.python)

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        return [Ratio("CPU per line, json / traditional", found["json"].cpu_ns / found["traditional"].cpu_ns, 3.0)]

    return Scenario("json", (Case("traditional", collector, load), Case("json", as_json, load)), judge)


def formats(collector: Server, count: int) -> Scenario:
    """Other lines than BSD ones, for information."""
    loads = {
        "rfc5424": Load("tcp", count, format="rfc5424", framing="octet"),
        "windows": Load("tcp", count, format="windows"),
    }

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        return [
            Ratio(
                f"CPU per line, {name}, collector / rsyslog",
                found[f"{name} collector"].cpu_ns / found[f"{name} rsyslog"].cpu_ns,
            )
            for name in loads
        ]

    cases = [
        Case(f"{name} {server.name}", server, load)
        for name, load in loads.items()
        for server in (Server("rsyslog"), collector)
    ]
    return Scenario("formats", tuple(cases), judge)


def idle(collector: Server, count: int) -> Scenario:
    load = Load("tcp", count, rate=100_000)

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        return [
            Ratio("CPU per line, 2,000 idle connections / none", found["2,000 idle"].cpu_ns / found["none"].cpu_ns, 1.1)
        ]

    return Scenario("idle-2000", (Case("none", collector, load), Case("2,000 idle", collector, load, idle=2000)), judge)


def memory(collector: Server, count: int) -> Scenario:
    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        pss = found["collector"].pss
        half = len(pss) // 2
        return [
            Ratio("PSS, second half / first half", max(pss[half:]) / max(pss[:half] or pss), 1.05),
            Ratio("PSS of the whole tree, MiB", max(pss), MIB_LIMIT),
        ]

    cases = (Case("collector", collector, Load("tcp", count)),)
    return Scenario("memory", cases, judge, rounds=1)


def selectors(collector: Server, count: int) -> Scenario:
    """A syslog.conf of a thousand lines costs what one of three does."""
    many = Server("collector", {"selectors": "1000"}, collector.python)
    loads = {"tcp": Load("tcp", count), "udp": Load("udp", count // 8, connections=UDP_SENDERS, rate=50_000)}

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        return [
            Ratio(
                f"CPU per line, {name}, 1,000 selectors / 3",
                found[f"{name} 1,000"].cpu_ns / found[f"{name} 3"].cpu_ns,
                1.5,
            )
            for name in loads
        ]

    cases = [
        Case(f"{name} {number}", server, load)
        for name, load in loads.items()
        for number, server in (("3", collector), ("1,000", many))
    ]
    return Scenario("selectors-1000", tuple(cases), judge)


def files(collector: Server, count: int) -> Scenario:
    """A file for each of 10,000 hosts, whose lines come in turn, which is the worst order; 256 are kept open."""
    by_host = {hosts: Server("collector", {"hosts": str(hosts)}, collector.python) for hosts in (3, 10_000)}

    def judge(found: Mapping[str, Summary]) -> list[Ratio]:
        three, few, many = found["3 files"], found["3 hosts"], found["10,000 hosts"]
        return [
            Ratio(
                "lines/s, 10,000 hosts / 3 files", many.lines_per_second / three.lines_per_second, 0.3, at_least=True
            ),
            Ratio("CPU per line, 3 files / 10,000 hosts", three.cpu_ns / many.cpu_ns, 0.3, at_least=True),
            Ratio("CPU per line, 3 hosts / 3 files", few.cpu_ns / three.cpu_ns),
        ]

    cases = (
        Case("3 files", collector, Load("tcp", count)),
        Case("3 hosts", by_host[3], Load("tcp", count, hosts=3)),
        Case("10,000 hosts", by_host[10_000], Load("tcp", count, hosts=10_000)),
    )
    return Scenario("files-10000", cases, judge)
