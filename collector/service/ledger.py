"""Which counters exist: names, and the labels and reasons each may have. Fixed before the first worker is forked."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from collector.metrics import Key, Layout
from collector.service.meter import OTHER, REASON_LABEL

MARKS = (
    "no_pri", "bad_pri", "no_timestamp", "bad_timestamp", "clock_skew", "odd_version", "short_header",
    "bad_structured_data", "loose_structured_data", "unsynced_clock", "bom", "truncated",
)  # fmt: skip
GONE = "(removed)"
CHARSETS = ("cp932", "euc-jp", "iso-2022-jp", "utf-16", "unknown")
INTERNAL = "internal"
"""The source of our own messages: marks, and lines that tell of repetitions."""
REJECTED = ("empty", "not_allowed", "rate_limit", "repeated", "discarded", "own")
CLOSED = ("peer", "error", "idle", "limit", "not_allowed", "sender_limit", "framing", "shutdown", "crash")
DROPPED = {
    "file": ("disk_full", "cannot_open", "write_error", "too_many_files", "bad_path"),
    "pipe": ("no_reader", "full", "cannot_open", "shutdown"),
    "console": ("full", "cannot_open", "shutdown"),
    "users": ("nobody", "rate", "full", "cannot_open"),
    "forward": ("queue_full", "unreachable", "shutdown"),
}
"""By kind of sink."""
FRAMING = (
    "oversize", "bad_octet_count", "unfinished", "foreign_tls", "foreign_http", "foreign_relp", "foreign_ssh",
)  # fmt: skip
SINK_ERRORS = {
    "file": ("torn_line", "found_torn_line", "ENOSPC", "EDQUOT", "EFBIG", "EIO"),
    "pipe": ("ENOENT", "EACCES"),
    "console": ("ENOENT", "EACCES", "EIO", "ENXIO"),
    "users": ("EACCES", "EIO"),
    "forward": (
        "ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EMSGSIZE", "closed",
        "unresolved", "truncated",
    ),
}  # fmt: skip
SINK_GAUGES = {"file": ("sink_open_files",), "forward": ("sink_connections",)}


def layout(sources: Collection[str], sinks: Mapping[str, str], charsets: Iterable[str]) -> Layout:
    """Every counter of a plan with these sources, and sinks with their kinds: ``{"/var/log/all": "file"}``."""
    received = [Key("received_messages", (("source", source),)) for source in (*sources, INTERNAL)]
    assert len(received) <= 0xFFFF, "their indices, the first ones, take 16 bits of the in-flight word"
    keys = [*received, Key("unrouted_messages"), Key("routed_messages"), Key("batches"), Key("lost_notices")]
    keys += [Key("journal_offered"), Key("journal_written"), *_reasons("journal_dropped", (), ("full", "write_error"))]
    keys += _reasons("marked_messages", (), MARKS)
    keys += _reasons("charset_messages", (), dict.fromkeys((*CHARSETS, *charsets)))
    for source in sources:
        keys += _of_source((("source", source),))
    for sink, kind in sinks.items():
        keys += _of_sink((("sink", sink),), kind)
    return Layout(keys)


def heir(key: Key) -> Key:
    """Who takes over the number of a source or sink that a new plan no longer has: all of these together."""
    labels = tuple((name, GONE if name in {"source", "sink"} else value) for name, value in key.labels)
    return Key(key.name, labels, key.kind)


def _of_source(labels: tuple[tuple[str, str], ...]) -> Iterator[Key]:
    yield Key("received_bytes", labels)
    yield Key("connections_accepted", labels)
    yield Key("connections_throttled", labels)
    yield Key("unmetered_messages", labels)
    yield Key(
        "connections_open", labels, kind="gauge", lost_as=Key("connections_closed", (*labels, ("reason", "crash")))
    )
    yield from _reasons("rejected_messages", labels, REJECTED)
    yield from _reasons("framing_problems", labels, FRAMING)
    yield from _reasons("lost_bytes", labels, FRAMING)
    yield from _reasons("connections_closed", labels, CLOSED)


def _of_sink(labels: tuple[tuple[str, str], ...], kind: str) -> Iterator[Key]:
    lost = Key("sink_dropped", (*labels, ("reason", "crash")))
    yield Key("sink_offered", labels)
    yield Key("sink_written", labels)
    yield Key("sink_written_bytes", labels)
    yield Key("sink_pending", labels, kind="gauge", lost_as=lost)
    for name in SINK_GAUGES.get(kind, ()):
        yield Key(name, labels, kind="gauge")
    yield lost
    yield from _reasons("sink_dropped", labels, DROPPED[kind])
    yield from _reasons("sink_errors", labels, SINK_ERRORS[kind])


def _reasons(name: str, labels: tuple[tuple[str, str], ...], reasons: Iterable[str]) -> Iterator[Key]:
    label = REASON_LABEL.get(name, "reason")
    for reason in (*reasons, OTHER):
        yield Key(name, (*labels, (label, reason)))
