"""``collector reload`` — have the running daemon read its configuration again, and say what came of it."""

import argparse
import json
import sys

from collector.arguments import add_control
from collector.commands.asking import control_to_ask
from collector.config.problems import Problem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_control(parser)
    parser.add_argument("--json", action="store_true", help="the answer as JSON")


def run(options: argparse.Namespace) -> int:
    from collector.service.control import request

    answer = request(control_to_ask(options), {"ask": "reload"}, timeout=120)
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
        return int(answer["result"] == "refused")
    _say(*(str(Problem.from_json(problem)) for problem in answer["problems"]))
    if answer["result"] == "refused":
        _say(*([answer["why"]] if answer["why"] else []), f"Refused: plan {answer['plan']} stays in force.")
        return 1
    in_force = f"Plan {answer['plan']} is in force"
    _say(f"{in_force}: {answer['changes']}." if answer["changes"] else f"{in_force} already.")
    return 0


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
