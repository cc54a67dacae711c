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

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from collector.metrics import Key
from collector.service.account import Account, by_label, from_json
from collector.service.screen import BOLD, GREEN, RED, YELLOW, Screen
from collector.service.watching import screen as watching

Counters = Mapping[Key, int]

_NUMBER = 13
_PROBLEMS = 3
_SHOWN = {
    "received_messages", "received_bytes", "rejected_messages", "framing_problems", "lost_bytes", "marked_messages",
    "charset_messages", "unrouted_messages", "routed_messages", "unknown_messages", "sink_offered", "sink_written",
    "sink_written_bytes", "sink_dropped", "sink_pending", "sink_open_files", "sink_connections", "sink_errors",
    "connections_accepted", "connections_throttled",
    "connections_closed", "connections_open", "kernel_drops", "receive_queue_bytes", "receive_buffer_bytes",
    "worker_restarts", "worker_hangs", "batches", "rotations", "rotation_compressed", "rotation_deleted",
    "rotation_errors", "journal_offered", "journal_written",
}  # fmt: skip


def render(status: dict[str, Any], width: int = 80, colour: bool = False) -> str:
    """
    ``status`` as the daemon answers; ``width`` in columns, of which at least 60 are used. No newline at the end.

    Names from outside are made printable; a number is never cut off or left out.
    """
    screen = Screen(width, colour, (_NUMBER,) * 4)
    counters = from_json(status["counters"])
    account = Account.of(counters)
    _daemon(screen, status, counters)
    _senders(screen, status.get("senders", {}))
    _messages(screen, account, counters)
    _sources(screen, status, counters)
    _sinks(screen, account, counters)
    _rotation(screen, counters)
    watching.show(screen, status.get("watcher"))
    _others(screen, counters)
    _verdict(screen, account)
    return "\n".join(screen.lines)


def _daemon(screen: Screen, status: dict[str, Any], counters: Counters) -> None:
    uptime = duration(status["uptime"])
    screen.say(
        f"collector {status['version']}, {status['state']}, pid {status['pid']}, up {uptime}, plan {status['plan']}",
        BOLD,
    )
    workers = status["workers"]
    running = sum(worker["alive"] for worker in workers)
    restarts = sum(worker["restarts"] for worker in workers)
    hangs = counters.get(Key("worker_hangs"), 0)
    text = f"workers: {running} of {len(workers)} running, restarts: {restarts}"
    screen.say(f"{text}, killed because they hung: {hangs}" if hangs else text, RED if running < len(workers) else "")
    _reload(screen, status.get("reload", {}))


def _reload(screen: Screen, reload: Mapping[str, Any]) -> None:
    """The last change of the configuration: when it came into force, or why it did not."""
    if "result" not in reload:
        return
    at = datetime.fromtimestamp(reload["at"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if reload["result"] != "refused":
        screen.say(f"configuration: {reload['result']}, read {at}")
        return
    screen.say(f"configuration: REFUSED at {at}; the plan from before stays in force:", RED)
    for problem in reload["problems"][:_PROBLEMS]:
        screen.say(f"{problem['file']}:{problem['line']}:{problem['column']}: {problem['message']}", RED, indent="  ")
    if reload["why"]:
        screen.say(reload["why"], RED, indent="  ")


def _senders(screen: Screen, senders: Mapping[str, int]) -> None:
    if not senders.get("known"):
        return
    silent, clocks = senders["silent"], senders["wrong_clock"]
    remarks = [f"{silent:,} silent"] if silent else []
    remarks += [f"{clocks:,} with a wrong clock"] if clocks else []
    text = ", ".join([f"senders: {senders['known']:,}", *remarks])
    screen.say(f"{text} (--senders shows them)", YELLOW if remarks else "")


def _messages(screen: Screen, account: Account, counters: Counters) -> None:
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
        screen.say(f"{'unknown':<10}{account.unknown:>{_NUMBER},}  {remark}", RED, indent="  ")
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


def _sources(screen: Screen, status: dict[str, Any], counters: Counters) -> None:
    screen.head("SOURCES", "received", "bytes", "rejected", "kernel drops")
    groups = _grouped(counters, "source")
    names = [source["name"] for source in status["sources"]]
    names += [name for name, own in groups.items() if name not in names and _sum(own, "received_messages")]
    for name in names:
        own = groups[name]
        drops = _sum(own, "kernel_drops")
        screen.row(
            name,
            f"{_sum(own, 'received_messages'):,}",
            size(_sum(own, "received_bytes")),
            f"{_sum(own, 'rejected_messages'):,}",
            f"{drops:,}",
            style=RED if drops else "",
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
    if throttled := _sum(own, "connections_throttled"):
        yield f"made to wait over their rate limit: {throttled:,} times"
    waiting, room = _sum(own, "receive_queue_bytes"), _sum(own, "receive_buffer_bytes")
    if waiting and room:
        yield f"waiting in the kernel: {size(waiting)} of {size(room)} ({waiting * 100 // room} %)"


def _sinks(screen: Screen, account: Account, counters: Counters) -> None:
    screen.head("SINKS", "offered", "written", "dropped", "pending")
    groups = _grouped(counters, "sink")
    for name, sink in account.sinks.items():
        numbers = (f"{number:,}" for number in (sink.offered, sink.written, sink.dropped, sink.pending))
        screen.row(name, *numbers, style=RED if sink.dropped or sink.missing else "")
        own = groups[name]
        screen.say(", ".join(_sink_state(name, own)), indent="    ")
        for title, counter in (("dropped", "sink_dropped"), ("errors", "sink_errors")):
            if listed := _list(by_label(own, counter, "reason")):
                screen.say(f"{title}: {listed}", RED, indent="    ")


def _rotation(screen: Screen, counters: Counters) -> None:
    rotated, compressed, deleted = (
        _sum(counters, name) for name in ("rotations", "rotation_compressed", "rotation_deleted")
    )
    errors = _list(by_label(counters, "rotation_errors", "reason"))
    if rotated or compressed or deleted:
        screen.say(f"rotated: {rotated:,}, compressed: {compressed:,}, deleted as old: {deleted:,}", indent="  ")
    if errors:
        screen.say(f"errors of rotation: {errors}", RED, indent="  ")


def _sink_state(name: str, own: Counters) -> Iterator[str]:
    yield f"{size(_sum(own, 'sink_written_bytes'))} written"
    if any(key.name == "sink_open_files" for key in own):
        files = _sum(own, "sink_open_files")
        yield f"{files:,} open {'file' if files == 1 else 'files'}"
    if name.startswith("@@"):
        connections = _sum(own, "sink_connections")
        yield f"{connections:,} {'connection' if connections == 1 else 'connections'}"


def _others(screen: Screen, counters: Counters) -> None:
    """Numbers this screen has no place for, shown as they are named."""
    others = {key: value for key, value in counters.items() if key.name not in _SHOWN and value}
    if not others:
        return
    screen.head("OTHER NUMBERS")
    for key, value in others.items():
        labels = ", ".join(f"{name}={text}" for name, text in key.labels)
        screen.row(f"{key.name} ({labels})" if labels else key.name, f"{value:,}")


def _verdict(screen: Screen, account: Account) -> None:
    screen.lines.append("")
    if account.lost_in_kernel:
        screen.say(f"Lost before they could be received: {account.lost_in_kernel:,} (kernel drops).", RED)
    if account.adds_up:
        screen.say(f"Everything received is accounted for: {account}.", GREEN)
        return
    if account.missing:
        screen.say(f"DOES NOT ADD UP, {account.missing:+,}: {account}.", RED)
    for name, sink in account.sinks.items():
        if sink.missing:
            screen.say(
                f"DOES NOT ADD UP, {sink.missing:+,} at {name}: offered {sink.offered:,} = written {sink.written:,}"
                f" + dropped {sink.dropped:,} + pending {sink.pending:,}.",
                RED,
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
