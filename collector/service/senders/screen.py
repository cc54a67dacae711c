"""
The answer of ``collector status --senders`` for people, and which senders are shown in which order.

    SENDER                  last seen  per second       messages  problems   drops
      192.0.2.7 (udp)         3 s ago        12.4      1,234,567        12       0
        gate.example.net; cp932 812; problems: no_pri 12; clock 9 h 0 min ahead, as in the zone +09:00
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from collector.errors import CollectorError
from collector.protocol.timestamp import iso
from collector.service.screen import BOLD, RED, YELLOW, Screen
from collector.service.senders.sentences import clock_text

Row = dict[str, Any]
"""A sender, as the control socket tells of it."""

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""Asks the running service."""

_CELLS = (12, 12, 15, 10, 8)
_NARROWEST = 76


def _total(name: str) -> Callable[[Row], float]:
    return lambda row: sum(row[name].values())


_FALLING: dict[str, Callable[[Row], float]] = {
    "last": lambda row: row["last_seen"] or 0.0,
    "rate": lambda row: row["rate"],
    "messages": lambda row: row["messages"],
    "problems": _total("problems"),
    "drops": _total("drops"),
    "clock": lambda row: abs(row["clock_skew"] or 0.0),
}

SORTS = (*_FALLING, "name")
"""The largest or newest first; ``name`` by address."""

_LABELLED = {"charset": "charsets", "problem": "problems", "drop": "drops", "via": "via"}
_STATES: dict[str, Callable[[Row], bool]] = {
    "silent": lambda row: bool(row["silent"]),
    "clock": lambda row: bool(row["clock_wrong"]),
    "problems": lambda row: bool(row["problems"]),
    "drops": lambda row: bool(row["drops"]),
}

FILTERS = (
    "part of an address or name; a network as 192.0.2.0/24; charset=cp932, problem=no_pri, drop=rate_limit or via=udp; "
    "silent, clock, problems or drops for those with any"
)


_EXPLAINED = (
    "Per second: over the last minute. Problems: marks, and mistakes of framing. Drops: what limits did not let in."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``collector status`` that are about senders."""
    group = parser.add_argument_group("senders")
    group.add_argument("--senders", action="store_true", help="who sent, and what is known of each")
    group.add_argument("--sort", metavar="BY", choices=SORTS, help=f"by {', '.join(SORTS)} (default: last)")
    group.add_argument("--filter", metavar="F", action="append", default=[], help=f"only some: {FILTERS}")
    group.add_argument("--limit", metavar="N", type=_count, help="the first N of them")


def are_wanted(options: argparse.Namespace) -> bool:
    """Each of the options asks for them."""
    return bool(options.senders or options.sort or options.filter or options.limit is not None)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of senders')
    return int(text)


def answered(ask: Ask, options: argparse.Namespace, width: int, colour: bool) -> Iterator[str]:
    """
    The lines that answer the question, as text or as JSON.

    Raises:
        CollectorError: a filter is none; there is nobody to ask.
    """
    if options.prometheus:
        raise CollectorError(
            "senders are not shown to Prometheus, which would keep a series for each", hint="ask for --json"
        )
    everything = all_senders(ask)
    rows = selected(everything["senders"], options.filter, options.sort or "last")[: options.limit]
    if options.json:
        yield from (json.dumps(_dated(row), ensure_ascii=False) for row in rows)
    else:
        yield render(rows, everything, time.time(), width, colour)


def all_senders(ask: Ask) -> dict[str, Any]:
    """All pages of the answer as one."""
    rows: list[Row] = []
    after: int | None = 0
    while after is not None:
        page = ask({"ask": "senders", "after": after})
        rows += page["senders"]
        after = page["next"]
    return {"senders": rows, "others": page["others"]}


def _dated(row: Row) -> Row:
    times = ("first_seen", "last_seen")
    return row | {name: row[name] and iso(datetime.fromtimestamp(row[name], UTC).astimezone()) for name in times}


def selected(rows: Iterable[Row], filters: Sequence[str], sort: str) -> list[Row]:
    """
    The rows that pass all filters, in order.

    Raises:
        CollectorError: a filter is none.
    """
    tests = [_test(text) for text in filters]
    found = [row for row in rows if all(test(row) for test in tests)]
    found.sort(key=_by_name)
    if sort in _FALLING:
        found.sort(key=_FALLING[sort], reverse=True)
    return found


def _by_name(row: Row) -> tuple[int, int, str]:
    """Addresses by number, IPv4 first; then what is none, a local socket's host name."""
    try:
        address = ip_address(row["sender"])
    except ValueError:
        return 9, 0, row["sender"]
    return address.version, int(address), ""


def _test(text: str) -> Callable[[Row], bool]:
    if text in _STATES:
        return _STATES[text]
    label, equals, value = text.partition("=")
    if equals:
        if label not in _LABELLED:
            known = ", ".join(f"{label}=" for label in _LABELLED)
            raise CollectorError(f"there is no filter {label}=", hint=f"one of {known}")
        return lambda row: value.lower() in row[_LABELLED[label]]
    if "/" in text and not text.startswith("/"):
        return _in_network(text)
    part = text.lower()
    return lambda row: part in row["sender"].lower() or part in (row["name"] or "").lower()


def _in_network(text: str) -> Callable[[Row], bool]:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise CollectorError(f'"{text}" is no network', hint="such as 192.0.2.0/24 or 2001:db8::/32") from error

    def test(row: Row) -> bool:
        try:
            return ip_address(row["sender"]) in network
        except ValueError:
            return False

    return test


def render(rows: Sequence[Row], everything: dict[str, Any], now: float, width: int = 80, colour: bool = False) -> str:
    """
    ``rows`` are those to show, ``everything`` is the answer of ``all_senders``; ``now`` in seconds since 1970; of
    ``width`` at least 76 columns are used. No newline at the end.
    """
    screen = Screen(max(_NARROWEST, width), colour, _CELLS)
    screen.head("SENDER", "last seen", "per second", "messages", "problems", "drops")
    del screen.lines[0]
    for row in rows:
        style = RED if row["drops"] else YELLOW if row["silent"] or row["clock_wrong"] else ""
        screen.row(_title(row), *_cells(row, now), style=style)
        if remarks := "; ".join(_remarks(row)):
            screen.say(remarks, indent="    ")
    _foot(screen, len(rows), everything)
    return "\n".join(screen.lines)


def _title(row: Row) -> str:
    return f"{row['sender']} ({', '.join(row['via'])})" if row["via"] else str(row["sender"])


def _cells(row: Row, now: float) -> tuple[str, ...]:
    last, rate = row["last_seen"], row["rate"]
    return (
        "never" if last is None else _ago(now - last),
        f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}" if rate >= 0.05 or not rate else "< 0.1",
        f"{row['messages']:,}",
        f"{sum(row['problems'].values()):,}",
        f"{sum(row['drops'].values()):,}",
    )


def _ago(seconds: float) -> str:
    """In its largest unit: ``3 s ago``, ``12 min ago``."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"


def _remarks(row: Row) -> Iterable[str]:
    if row["name"]:
        yield row["name"]
    if row["silent"]:
        yield "silent"
    if row["charsets"]:
        yield _numbers(row["charsets"])
    for name in ("problems", "drops"):
        if row[name]:
            yield f"{name}: {_numbers(row[name])}"
    if row["clock_wrong"]:
        zone = f", as in the zone {row['clock_zone']}" if row["clock_zone"] else ""
        yield f"clock {clock_text(row['clock_skew'])}{zone}"


def _numbers(numbers: dict[str, int]) -> str:
    falling = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in falling)


def _foot(screen: Screen, shown: int, everything: dict[str, Any]) -> None:
    known, others = len(everything["senders"]), everything["others"]
    screen.lines.append("")
    text = f"{known:,} {'sender' if known == 1 else 'senders'}"
    if shown < known:
        text += f", of which {shown:,} {'is' if shown == 1 else 'are'} shown"
    screen.say(f"{text}.", BOLD)
    screen.say(_EXPLAINED)
    if others["messages"]:
        screen.say(f"{others['messages']:,} messages came from senders that are no longer kept apart.")
