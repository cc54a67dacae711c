"""
``collector mute`` — no alerts of a rule for a while; what is held back is counted, and told at the end.

    collector mute ssh-spray --key ip=192.0.2.7 --for 2h
    collector mute ssh-spray --key ip=192.0.2.7 --off
    collector mute                                             what is muted now
"""

import argparse
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from collector.arguments import add_control
from collector.commands.asking import control_to_ask
from collector.config.values import BadValueError, parse_duration
from collector.errors import CollectorError
from collector.service.ownlog import printable

_LONGEST = 366 * 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_control(parser)
    parser.add_argument("rule", metavar="RULE", nargs="?", help="the id of the rule (default: show what is muted)")
    parser.add_argument(
        "--key",
        metavar="FIELD=VALUE",
        action="append",
        default=[],
        help="only this key; once for each field",
    )
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument("--for", dest="duration", metavar="TIME", type=_duration, help="how long, as 2h or 30m")
    how_long.add_argument("--off", action="store_true", help="alert again")


def run(options: argparse.Namespace) -> int:
    from collector.service.control import request

    ask = partial(request, control_to_ask(options))
    if options.rule is None:
        if options.key or options.duration is not None or options.off:
            raise CollectorError("no rule is named", hint="collector mute RULE --for 2h")
        _show(ask({"ask": "mutes"}))
        return 0
    if options.duration is None and not options.off:
        raise CollectorError("for how long?", hint=f"collector mute {options.rule} --for 2h")
    before = ask({"ask": "mutes"}) if options.off else None
    until = 0.0 if options.off else time.time() + options.duration
    answer = ask({"ask": "mute", "rule": options.rule, "key": _key(options.key), "until": until})
    _show(answer)
    if before is not None and all(before[name] == answer[name] for name in ("mutes", "more")):
        hint = "name it with its key, as it is shown: --key FIELD=VALUE" if before["mutes"] else None
        raise CollectorError("nothing was muted so, and nothing has changed", hint=hint)
    return 0


def _duration(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except BadValueError as error:
        raise argparse.ArgumentTypeError(f"{error}{f'; {error.hint}' if error.hint else ''}") from error
    if not 1 <= seconds <= _LONGEST:
        raise argparse.ArgumentTypeError("between 1s and 366d")
    return seconds


def _key(parts: Iterable[str]) -> dict[str, str] | None:
    key = {}
    for part in parts:
        field, equals, value = part.partition("=")
        if not equals or not field:
            raise CollectorError(f'"{part}" is not a part of a key', hint="write it as --key ip=192.0.2.7")
        key[field] = value
    return key or None


def _show(answer: Mapping[str, Any]) -> None:
    for line in [_line(mute) for mute in answer["mutes"]] or ["Nothing is muted."]:
        print(line)
    if answer["more"]:
        print(f"and {answer['more']:,} more")


def _line(mute: Mapping[str, Any]) -> str:
    until = datetime.fromtimestamp(mute["until"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    key = ", ".join(f"{field}={value}" for field, value in (mute["key"] or {}).items())
    return printable(f"{mute['rule']}{f' ({key})' if key else ''} until {until}, {mute['held']:,} held back")
