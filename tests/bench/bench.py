"""
Compares collector with rsyslog on this machine and prints what it found beside what it must reach.

    python tests/bench/bench.py                         every scenario, five alternating rounds
    python tests/bench/bench.py --quick --only tcp,udp  short loads, scenarios whose name begins so
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
from dataclasses import asdict
from pathlib import Path

from measure import build_tools
from report import case_header, case_row, machine, ratio_table
from scenarios import Ratio, Scenario, scenarios
from servers import is_available
from summary import summarise
from trial import Sample, run_once

QUICK_SCALE = 0.2


def main() -> int:
    arguments = parse_arguments()
    chosen = [
        scenario
        for scenario in scenarios(arguments.python, QUICK_SCALE if arguments.quick else 1.0)
        if not arguments.only or scenario.name.startswith(tuple(arguments.only.split(",")))
    ]
    build_tools()
    print(machine(), case_header(), sep="\n", flush=True)
    samples: dict[str, dict[str, list[Sample]]] = {}
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
    parser = argparse.ArgumentParser(description="compare collector with rsyslog")
    parser.add_argument("--quick", action="store_true", help="short loads")
    parser.add_argument("--only", metavar="NAME,…", help="scenarios whose name begins with one of these")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (default 5)")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs collector")
    parser.add_argument("--dir", default=tempfile.gettempdir(), help="where the servers write; needs 3 GB")
    parser.add_argument("--json", metavar="FILE", help="write all samples and ratios there")
    return parser.parse_args()


def measure(scenario: Scenario, rounds: int, folder: Path) -> dict[str, list[Sample]]:
    """Every case in turn, ``rounds`` times. A case whose server is missing has no samples; after a failure none has."""
    cases = [case for case in scenario.cases if is_available(case.server.name, case.server.python)]
    for case in scenario.cases:
        if case not in cases:
            print(f"{scenario.name}: {case.server.name} is not there, {case.name} left out", file=sys.stderr)
    samples: dict[str, list[Sample]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            try:
                with tempfile.TemporaryDirectory(dir=folder, prefix="bench-") as place:
                    samples[case.name].append(run_once(case.server, case.load, Path(place) / "server", case.idle))
            except (RuntimeError, TimeoutError) as error:
                print(f"{scenario.name}, {case.name}: {error}", file=sys.stderr)
                return {}
    return samples


def judge(scenario: Scenario, samples: dict[str, list[Sample]]) -> list[Ratio]:
    found = {name: summarise(some) for name, some in samples.items() if some}
    for name, summary in found.items():
        print(case_row(scenario.name, name, summary), flush=True)
    return scenario.judge(found) if len(found) == len(scenario.cases) else []


def write_json(path: Path, samples: dict[str, dict[str, list[Sample]]], ratios: dict[str, list[Ratio]]) -> None:
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
