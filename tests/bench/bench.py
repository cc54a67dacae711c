"""
Compares collector with rsyslog on this machine, its rules with SEC and swatchdog; prints what it found beside what it
must reach.

    python tests/bench/bench.py                         every scenario, five alternating rounds
    python tests/bench/bench.py --quick --only tcp,udp  short loads, scenarios whose name begins so
    python tests/bench/bench.py --only rules            all about rules; rules-peers, rules-latency …
    python tests/bench/bench.py --json FILE             all samples too

The servers of a scenario take turns, round by round, with the same load; medians are compared. CPU is that of the whole
process tree in ns per line, lines/s counts from the first byte sent to the last write of a file, "others" is the number
of cores somebody else used meanwhile: near 0 on a quiet machine. Exit code 1 when a target was missed, 2 when something
could not be measured.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from figures import Figures, medians
from measure import build_tools
from report import case_header, case_row, figures_row, machine, ratio_table
from rules_files import rules_and_files
from rules_live import live_rules
from scenarios import Case, Ratio, Scenario, scenarios
from summary import Summary, summarise
from trial import Sample

QUICK_SCALE = 0.2
Samples = dict[str, list[Sample | Figures]]
"""By the name of the case."""


def main() -> int:
    arguments = parse_arguments()
    scale = QUICK_SCALE if arguments.quick else 1.0
    chosen = [
        scenario
        for make in (scenarios, live_rules, rules_and_files)
        for scenario in make(arguments.python, scale)
        if not arguments.only or scenario.name.startswith(tuple(arguments.only.split(",")))
    ]
    build_tools()
    print(machine(), flush=True)
    if any(isinstance(case, Case) for scenario in chosen for case in scenario.cases):
        print(case_header(), flush=True)
    samples: dict[str, Samples] = {}
    ratios: dict[str, list[Ratio]] = {}
    for scenario in chosen:
        rounds = min(arguments.rounds, scenario.rounds or arguments.rounds)
        found = samples[scenario.name] = measure(scenario, rounds, Path(arguments.dir))
        ratios[scenario.name] = judge(scenario, found)
    print(ratio_table(ratios), flush=True)
    if arguments.json:
        write_json(Path(arguments.json), samples, ratios)
    if not all(ratios.values()):
        return 2
    return 0 if all(ratio.met for some in ratios.values() for ratio in some) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="compare collector with rsyslog, SEC and swatchdog")
    parser.add_argument("--quick", action="store_true", help="short loads")
    parser.add_argument("--only", metavar="NAME,…", help="scenarios whose name begins with one of these")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default 5)")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs collector")
    parser.add_argument("--dir", default=tempfile.gettempdir(), help="where the servers write; needs 3 GB")
    parser.add_argument("--json", metavar="FILE", help="write all samples and ratios there")
    return parser.parse_args()


def measure(scenario: Scenario, rounds: int, folder: Path) -> Samples:
    """Every case in turn, ``rounds`` times. A case that lacks something has no samples; after a failure none has."""
    for case in scenario.cases:
        if case.missing:
            print(f"{scenario.name}: {case.missing} is not there, {case.name} left out", file=sys.stderr)
    cases = [case for case in scenario.cases if not case.missing]
    samples: Samples = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            try:
                with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as place:
                    samples[case.name].append(case.run(Path(place)))
            except (RuntimeError, TimeoutError) as error:
                print(f"{scenario.name}, {case.name}: {error}", file=sys.stderr)
                return {}
    return samples


def judge(scenario: Scenario, samples: Samples) -> list[Ratio]:
    found = {name: middle(some) for name, some in samples.items() if some}
    for name, summary in found.items():
        row = figures_row if isinstance(summary, Figures) else case_row
        print(row(scenario.name, name, summary), flush=True)
    return scenario.judge(found) if len(found) == len(scenario.cases) else []


def middle(samples: Sequence[Sample | Figures]) -> Summary | Figures:
    if isinstance(samples[0], Figures):
        return medians(samples)
    return summarise(samples)


def write_json(path: Path, samples: dict[str, Samples], ratios: dict[str, list[Ratio]]) -> None:
    document = {
        "machine": machine(),
        "samples": {
            scenario: {case: [asdict(sample) for sample in some] for case, some in cases.items()}
            for scenario, cases in samples.items()
        },
        "ratios": {
            scenario: [{**asdict(ratio), "met": ratio.met} for ratio in some] for scenario, some in ratios.items()
        },
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
