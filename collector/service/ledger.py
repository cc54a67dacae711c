"""Which counters exist: names, and the labels and reasons each may have. Fixed before the first worker is forked."""

from collections.abc import Collection, Iterable, Iterator

from collector.metrics import Key, Layout
from collector.service.meter import OTHER, REASON_LABEL

MARKS = (
    "no_pri", "bad_pri", "no_timestamp", "bad_timestamp", "clock_skew", "odd_version", "short_header",
    "bad_structured_data", "loose_structured_data", "unsynced_clock", "bom", "truncated",
)  # fmt: skip
CHARSETS = ("cp932", "euc-jp", "iso-2022-jp", "utf-16", "unknown")
REJECTED = ("empty",)
CLOSED = ("peer", "error", "idle", "limit", "framing", "shutdown", "crash")
DROPPED = ("disk_full", "cannot_open", "write_error", "too_many_files", "bad_path")
FRAMING = (
    "oversize", "bad_octet_count", "unfinished", "foreign_tls", "foreign_http", "foreign_relp", "foreign_ssh",
)  # fmt: skip
SINK_ERRORS = ("torn_line", "found_torn_line", "ENOSPC", "EDQUOT", "EFBIG", "EIO")


def layout(sources: Collection[str], sinks: Iterable[str], charsets: Iterable[str]) -> Layout:
    """Every counter of a plan with these sources and sinks."""
    received = [Key("received_messages", (("source", source),)) for source in sources]
    assert len(received) <= 0xFFFF, "their indices, the first ones, take 16 bits of the in-flight word"
    keys = [*received, Key("unrouted_messages"), Key("routed_messages"), Key("batches"), Key("lost_notices")]
    keys += _reasons("marked_messages", (), MARKS)
    keys += _reasons("charset_messages", (), dict.fromkeys((*CHARSETS, *charsets)))
    for source in sources:
        keys += _of_source((("source", source),))
    for sink in sinks:
        keys += _of_sink((("sink", sink),))
    return Layout(keys)


def _of_source(labels: tuple[tuple[str, str], ...]) -> Iterator[Key]:
    yield Key("received_bytes", labels)
    yield Key("connections_accepted", labels)
    yield Key(
        "connections_open", labels, kind="gauge", lost_as=Key("connections_closed", (*labels, ("reason", "crash")))
    )
    yield from _reasons("rejected_messages", labels, REJECTED)
    yield from _reasons("framing_problems", labels, FRAMING)
    yield from _reasons("lost_bytes", labels, FRAMING)
    yield from _reasons("connections_closed", labels, CLOSED)


def _of_sink(labels: tuple[tuple[str, str], ...]) -> Iterator[Key]:
    lost = Key("sink_dropped", (*labels, ("reason", "crash")))
    yield Key("sink_offered", labels)
    yield Key("sink_written", labels)
    yield Key("sink_written_bytes", labels)
    yield Key("sink_pending", labels, kind="gauge", lost_as=lost)
    yield Key("sink_open_files", labels, kind="gauge")
    yield lost
    yield from _reasons("sink_dropped", labels, DROPPED)
    yield from _reasons("sink_errors", labels, SINK_ERRORS)


def _reasons(name: str, labels: tuple[tuple[str, str], ...], reasons: Iterable[str]) -> Iterator[Key]:
    label = REASON_LABEL.get(name, "reason")
    for reason in (*reasons, OTHER):
        yield Key(name, (*labels, (label, reason)))
