"""
``collector alerts`` — the last alerts, and the live feed.

    2026-07-23 15:54:32  high      ssh-spray  192.0.2.7 tried 5 users
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from collector.arguments import add_control
from collector.commands.asking import control_to_ask
from collector.errors import CollectorError
from collector.service.ownlog import printable
from collector.service.screen import BOLD, RED, YELLOW

_INTERVAL = 0.5
_AT_ONCE = 200
_MOST = 1000
_PATIENCE = 10.0
_STYLES = {"critical": BOLD + RED, "high": RED, "medium": YELLOW}
_PLAIN = "\033[0m"

Ask = Callable[[dict[str, Any]], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_control(parser)
    parser.add_argument(
        "-n", "--number", metavar="N", type=_number, default=20, help="how many of the last (default: 20)"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on with those that come, until Ctrl-C")
    parser.add_argument("--rule", metavar="ID", help="only those of this rule")
    parser.add_argument("--json", action="store_true", help="each as one JSON object on a line")


def run(options: argparse.Namespace) -> int:
    from collector.service.control import request

    show = _as_json if options.json else partial(_as_text, colour=_has_colour())
    ask = partial(request, control_to_ask(options))
    for answer in answers(ask, options.number, options.rule, follow=options.follow):
        if answer["missed"]:
            print(f"{answer['missed']:,} alerts came too fast to be shown here.", file=sys.stderr)
        for alert in answer["alerts"]:
            print(show(alert), flush=options.follow)
    return 0


def answers(ask: Ask, number: int, rule: str | None, *, follow: bool) -> Iterator[dict[str, Any]]:
    """With the last ``number``, and then, when we ``follow``, with those that come."""
    answer = ask({"ask": "alerts", "most": number, "rule": rule})
    yield answer
    while follow:
        if not answer["more"]:
            time.sleep(_INTERVAL)
        answer = _next(ask, {"ask": "alerts", "most": _AT_ONCE, "rule": rule, "after": answer["last"]})
        yield answer


def _next(ask: Ask, question: dict[str, Any]) -> dict[str, Any]:
    """A restart takes a moment, of which whoever follows need not know."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask(question)
        except CollectorError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_INTERVAL)


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST:
        raise argparse.ArgumentTypeError(f"a number from 0 to {_MOST}")
    return int(text)


def _has_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _as_json(alert: Mapping[str, Any]) -> str:
    return json.dumps(alert, ensure_ascii=sys.stdout.encoding.lower() != "utf-8")


def _as_text(alert: Mapping[str, Any], *, colour: bool) -> str:
    when = datetime.fromisoformat(alert["fired_at"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    line = f"{when}  {alert['severity']:<8}  {alert['rule']}  {printable(alert['title'])}"
    style = _STYLES.get(alert["severity"], "") if colour else ""
    return f"{style}{line}{_PLAIN}" if style else line
