"""Arguments that several commands have, and how their values are read."""

import argparse
from datetime import datetime
from typing import Any

from collector.config.names import parse_timezone
from collector.config.values import BadValueError


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="F",
        help="the configuration (default: $COLLECTOR_CONFIG, ~/.config/collector/collector.yaml unless root, or "
        "/etc/collector/collector.yaml)",
    )


def add_control(parser: argparse.ArgumentParser) -> None:
    """For commands that ask the running daemon."""
    add_config(parser)
    parser.add_argument("--control", metavar="SOCK", help="its control socket (default: from the configuration)")


def add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--peer", metavar="ADDRESS:PORT", help="the sender's address")
    add_timezone(parser)
    parser.add_argument(
        "--received-at", metavar="TIME", type=_time, help="when it was received, RFC 3339 (default: now)"
    )


def add_timezone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--timezone", metavar="ZONE", type=_zone, help="zone of stamps that name none, as Asia/Tokyo")


def _zone(text: str) -> Any:
    try:
        return parse_timezone(text)
    except BadValueError as error:
        raise argparse.ArgumentTypeError(f"{error}{f'; {error.hint}' if error.hint else ''}") from error


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'"{text}" is not a time; write 2026-07-23T15:54:31+09:00') from error
    if not 1970 <= time.year < 2200:
        raise argparse.ArgumentTypeError(f"no message was received in the year {time.year}")
    return time
