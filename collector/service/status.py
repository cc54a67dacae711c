"""
The answer of ``collector status`` for people: one screen that tells whether anything was lost, and where.

    collector 0.1.0, running, pid 4242, up 3 d 4 h, plan 8f3a12c0
    workers: 2 of 2 running, restarts: 0

    MESSAGES
      received      1,234,567
      rejected            412  empty 400, oversize 12
      unrouted          1,000  no route asks for them
      routed        1,233,155

    SOURCES                          received        bytes     rejected kernel drops
      udp 127.0.0.1:5514            1,234,567    215.5 MiB          412            0
    …
    Everything received is accounted for: received 1,234,567 = rejected 412 + …
"""

import textwrap
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from collector.metrics import Key
from collector.service.account import Account, by_label, from_json
from collector.service.ownlog import printable

Counters = Mapping[Key, int]

_BOLD, _RED, _GREEN, _PLAIN = "\033[1m", "\033[31m", "\033[32m", "\033[0m"

_NUMBER = 13
_SHOWN = {
    "received_messages", "received_bytes", "rejected_messages", "framing_problems", "lost_bytes", "marked_messages",
    "charset_messages", "unrouted_messages", "routed_messages", "unknown_messages", "sink_offered", "sink_written",
    "sink_written_bytes", "sink_dropped", "sink_pending", "sink_open_files", "sink_errors", "connections_accepted",
    "connections_closed", "connections_open", "kernel_drops", "receive_queue_bytes", "receive_buffer_bytes",
    "worker_restarts", "worker_hangs", "batches",
}  # fmt: skip


def render(status: dict[str, Any], width: int = 80, colour: bool = False) -> str:
    """
    ``status`` as the daemon answers; ``width`` in columns, of which at least 60 are used. No newline at the end.

    Names from outside are made printable; a number is never cut off or left out.
    """
    screen = _Screen(max(60, width), colour)
    counters = from_json(status["counters"])
    account = Account.of(counters)
    _daemon(screen, status, counters)
    _messages(screen, account, counters)
    _sources(screen, status, counters)
    _sinks(screen, account, counters)
    _others(screen, counters)
    _verdict(screen, account)
    return "\n".join(screen.lines)


class _Screen:
    """The lines so far, and how a line is made."""

    def __init__(self, width: int, colour: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._colour = colour

    def say(self, text: str, style: str = "", indent: str = "") -> None:
        """A paragraph; its further lines begin two columns deeper."""
        wrapped = textwrap.wrap(
            printable(text), self._width, initial_indent=indent, subsequent_indent=f"{indent}  ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        self.lines += [self._styled(line, style) for line in wrapped]

    def head(self, name: str, *columns: str) -> None:
        self.lines += ["", self._styled(self._table_line(name, columns).rstrip(), _BOLD)]

    def row(self, name: str, *numbers: str, style: str = "") -> None:
        self.lines += [self._styled(line, style) for line in self._row_lines(f"  {printable(name)}", numbers)]

    def _row_lines(self, name: str, numbers: tuple[str, ...]) -> list[str]:
        if _cells(name) < self._name_width(len(numbers)):
            return [self._table_line(name, numbers)]
        return [name, self._table_line("", numbers)]

    def _table_line(self, name: str, numbers: tuple[str, ...]) -> str:
        padding = " " * (self._name_width(len(numbers)) - _cells(name))
        return name + padding + "".join(f" {number:>{_NUMBER - 1}}" for number in numbers)

    def _name_width(self, columns: int) -> int:
        return self._width - columns * _NUMBER

    def _styled(self, line: str, style: str) -> str:
        return f"{style}{line}{_PLAIN}" if style and self._colour else line


def _daemon(screen: _Screen, status: dict[str, Any], counters: Counters) -> None:
    uptime = duration(status["uptime"])
    screen.say(
        f"collector {status['version']}, {status['state']}, pid {status['pid']}, up {uptime}, plan {status['plan']}",
        _BOLD,
    )
    workers = status["workers"]
    running = sum(worker["alive"] for worker in workers)
    restarts = sum(worker["restarts"] for worker in workers)
    hangs = counters.get(Key("worker_hangs"), 0)
    text = f"workers: {running} of {len(workers)} running, restarts: {restarts}"
    screen.say(f"{text}, killed because they hung: {hangs}" if hangs else text, _RED if running < len(workers) else "")


def _messages(screen: _Screen, account: Account, counters: Counters) -> None:
    screen.head("MESSAGES")
    reasons = _list(by_label(counters, "rejected_messages", "reason"))
    for name, number, remark in (
        ("received", account.received, ""),
        ("rejected", account.rejected, reasons),
        ("unrouted", account.unrouted, "no route asks for them" if account.unrouted else ""),
        ("routed", account.routed, ""),
    ):
        screen.say(f"{name:<10}{number:>{_NUMBER},}  {remark}", indent="  ")
    if account.unknown:
        remark = "a worker was killed at work on them"
        screen.say(f"{'unknown':<10}{account.unknown:>{_NUMBER},}  {remark}", _RED, indent="  ")
    for title, name, label in (("marks", "marked_messages", "mark"), ("charsets", "charset_messages", "charset")):
        if listed := _list(by_label(counters, name, label)):
            screen.say(f"{title}: {listed}", indent="  ")


def _grouped(counters: Counters, label: str) -> defaultdict[str, dict[Key, int]]:
    """The counters with that label, by what it says."""
    groups: defaultdict[str, dict[Key, int]] = defaultdict(dict)
    for key, value in counters.items():
        name = dict(key.labels).get(label)
        if name is not None:
            groups[name][key] = value
    return groups


def _sources(screen: _Screen, status: dict[str, Any], counters: Counters) -> None:
    screen.head("SOURCES", "received", "bytes", "rejected", "kernel drops")
    groups = _grouped(counters, "source")
    for source in status["sources"]:
        name = source["name"]
        own = groups[name]
        drops = _sum(own, "kernel_drops")
        screen.row(
            name,
            f"{_sum(own, 'received_messages'):,}",
            size(_sum(own, "received_bytes")),
            f"{_sum(own, 'rejected_messages'):,}",
            f"{drops:,}",
            style=_RED if drops else "",
        )
        for remark in _source_remarks(own):
            screen.say(remark, indent="    ")


def _source_remarks(own: Counters) -> Iterator[str]:
    for title, name in (
        ("rejected", "rejected_messages"), ("framing problems", "framing_problems"), ("lost bytes", "lost_bytes"),
    ):  # fmt: skip
        if listed := _list(by_label(own, name, "reason")):
            yield f"{title}: {listed}"
    if accepted := _sum(own, "connections_accepted"):
        closed = _list(by_label(own, "connections_closed", "reason"))
        yield f"connections: {_sum(own, 'connections_open'):,} open of {accepted:,}" + (
            f"; closed: {closed}" if closed else ""
        )
    waiting, room = _sum(own, "receive_queue_bytes"), _sum(own, "receive_buffer_bytes")
    if waiting and room:
        yield f"waiting in the kernel: {size(waiting)} of {size(room)} ({waiting * 100 // room} %)"


def _sinks(screen: _Screen, account: Account, counters: Counters) -> None:
    screen.head("SINKS", "offered", "written", "dropped", "pending")
    groups = _grouped(counters, "sink")
    for name, sink in account.sinks.items():
        numbers = (f"{number:,}" for number in (sink.offered, sink.written, sink.dropped, sink.pending))
        screen.row(name, *numbers, style=_RED if sink.dropped or sink.missing else "")
        own = groups[name]
        written, files = size(_sum(own, "sink_written_bytes")), _sum(own, "sink_open_files")
        screen.say(f"{written} written, {files:,} open {'file' if files == 1 else 'files'}", indent="    ")
        for title, counter in (("dropped", "sink_dropped"), ("errors", "sink_errors")):
            if listed := _list(by_label(own, counter, "reason")):
                screen.say(f"{title}: {listed}", _RED, indent="    ")


def _others(screen: _Screen, counters: Counters) -> None:
    """Numbers this screen has no place for, shown as they are named."""
    others = {key: value for key, value in counters.items() if key.name not in _SHOWN and value}
    if not others:
        return
    screen.head("OTHER NUMBERS")
    for key, value in others.items():
        labels = ", ".join(f"{name}={text}" for name, text in key.labels)
        screen.row(f"{key.name} ({labels})" if labels else key.name, f"{value:,}")


def _verdict(screen: _Screen, account: Account) -> None:
    screen.lines.append("")
    if account.lost_in_kernel:
        screen.say(f"Lost before they could be received: {account.lost_in_kernel:,} (kernel drops).", _RED)
    if account.adds_up:
        screen.say(f"Everything received is accounted for: {account}.", _GREEN)
        return
    if account.missing:
        screen.say(f"DOES NOT ADD UP, {account.missing:+,}: {account}.", _RED)
    for name, sink in account.sinks.items():
        if sink.missing:
            screen.say(
                f"DOES NOT ADD UP, {sink.missing:+,} at {name}: offered {sink.offered:,} = written {sink.written:,}"
                f" + dropped {sink.dropped:,} + pending {sink.pending:,}.",
                _RED,
            )


def duration(seconds: float) -> str:
    """The two largest units: ``3 d 4 h``, ``12 min 5 s``."""
    rest = int(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, length)
        if number or parts or unit == "s":
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2])


def size(count: int) -> str:
    """``217 B``, ``216.3 MiB``."""
    if count < 1024:
        return f"{count} B"
    for power, unit in ((1, "KiB"), (2, "MiB"), (3, "GiB")):
        if count < 1000 * 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{count / 1024**4:,.1f} TiB"


def _sum(counters: Counters, name: str) -> int:
    return sum(value for key, value in counters.items() if key.name == name)


def _list(numbers: Mapping[str, int]) -> str:
    """``empty 400, oversize 12``: the largest first, what is 0 left out."""
    falling = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in falling if number)


def _cells(text: str) -> int:
    """Columns of a terminal: a Japanese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
