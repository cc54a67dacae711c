"""
The answer of ``collector status`` for Prometheus: text format 0.0.4.

    # HELP collector_received_messages_total Messages received.
    # TYPE collector_received_messages_total counter
    collector_received_messages_total{source="udp 127.0.0.1:514"} 1234567

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from collector.metrics import Key
from collector.service.account import from_json
from collector.service.watching import exposition as watching

_HELP = {
    "received_messages": "Messages received.",
    "received_bytes": "Bytes of the messages received.",
    "rejected_messages": "Messages received and not processed further, by reason.",
    "framing_problems": "Places in a stream or datagram that broke the framing, by reason.",
    "lost_bytes": "Bytes received that belong to no message written, by reason.",
    "marked_messages": "Messages that were wrong or unusual, by mark.",
    "charset_messages": "Messages that were neither ASCII nor regular UTF-8, by the character set they came in.",
    "unrouted_messages": "Messages that no route asks for.",
    "routed_messages": "Messages that at least one route asks for.",
    "unknown_messages": "Messages a worker was working on when it died.",
    "sink_offered": "Messages given to a sink.",
    "sink_written": "Messages a sink has written.",
    "sink_written_bytes": "Bytes a sink has written.",
    "sink_dropped": "Messages a sink gave up, by reason.",
    "sink_pending": "Messages waiting in a sink.",
    "sink_open_files": "Files a sink has open.",
    "sink_connections": "Connections a sink has open.",
    "sink_errors": "Errors of a sink, by reason.",
    "connections_accepted": "Connections accepted.",
    "connections_closed": "Connections closed, by reason.",
    "connections_throttled": "Times a connection was made to wait because its sender was over its rate limit.",
    "unmetered_messages": "Messages let through uncounted because the table of senders for the rate limit was full.",
    "connections_open": "Connections open now.",
    "kernel_drops": "Datagrams the kernel dropped because a receive buffer was full.",
    "receive_queue_bytes": "Bytes waiting in the kernel's receive buffers.",
    "receive_buffer_bytes": "Room in the kernel's receive buffers.",
    "rotations": "Files rotated.",
    "rotation_compressed": "Rotated files compressed.",
    "rotation_deleted": "Rotated files deleted because they were old or too many.",
    "rotation_errors": "Rotated files that could not be renamed, compressed or deleted, by reason.",
    "worker_restarts": "Workers started again after they died.",
    "worker_hangs": "Workers killed because they gave no sign of life.",
    "name_lookups": "Questions to DNS about names of senders and addresses of hosts, by result.",
    "batches": "Batches of messages processed.",
    "journal_offered": "Batches with something for rules, and ticks, that went to the journals.",
    "journal_written": "Those that were written to the journals.",
    "journal_dropped": "Those that were not, or that rules had not seen when a journal was full, by reason.",
    "rules": "Rules in force.",
    "rules_lag_seconds": "How far rules are behind what arrives.",
    "rules_silent_seconds": "Seconds for which nothing was heard of rules, 0 while they tell once a second.",
    "rules_lag_bytes": "Bytes in the journals that rules have not seen.",
    "rules_lost_batches": "Batches that were lost before rules saw them.",
    "alerts": "Alerts raised.",
    "rule_hits": "Events that fit a rule.",
    "rule_alerts": "Alerts of a rule, its summaries among them.",
    "rule_suppressed": "Alerts that a limit or a mute held back.",
    "rule_late": "Events older than the newest of their key.",
    "rule_keyless": "Events without a value for the key of their rule.",
    "rule_evicted": "Keys that were forgotten for want of room.",
    "rule_errors": "Conditions and texts that failed.",
    "rule_timeouts": "Matches that were ended because they took too long.",
    "rule_quarantined": "1 for a rule that is not tried for a while.",
    "destination_queued": "Alerts given to a destination.",
    "destination_sent": "Alerts delivered.",
    "destination_retried": "Deliveries tried again.",
    "destination_dead": "Alerts given up, which are among the dead letters.",
    "destination_failed": "Deliveries that failed, by reason.",
    "destination_dropped": "Alerts dropped by a destination, by reason.",
    "destination_pending": "Alerts that wait for a destination.",
    "lost_notices": "Lines of workers that did not reach the service's own log.",
    "build_info": "Version of the program and hash of the plan it runs.",
    "uptime_seconds": "Seconds since the service was started.",
    "workers_running": "Workers running now.",
    "senders_known": "Senders kept apart.",
    "senders_silent": "Senders that have sent nothing for longer than silent_after.",
    "senders_wrong_clock": "Senders whose clock is off by more than clock_tolerance.",
    "senders_forgotten": "Senders that made room for others.",
}
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def expose(status: dict[str, Any]) -> str:
    """Every counter of a ``status`` answer, and what is known of the service itself."""
    samples = {**_service(status), **from_json(status["counters"]), **watching.samples(status.get("watcher"))}
    families = groupby(sorted(samples.items(), key=lambda sample: sample[0].name), key=lambda sample: sample[0].name)
    return "".join(line for name, family in families for line in _family(name, list(family)))


def _service(status: dict[str, Any]) -> dict[Key, float]:
    build = (("version", str(status["version"])), ("plan", str(status["plan"])))
    return {
        Key("build_info", build, kind="gauge"): 1,
        Key("uptime_seconds", kind="gauge"): status["uptime"],
        Key("workers_running", kind="gauge"): sum(worker["alive"] for worker in status["workers"]),
        **{Key(f"senders_{name}", kind="gauge"): number for name, number in status.get("senders", {}).items()},
    }


def _family(name: str, samples: Iterable[tuple[Key, float]]) -> Iterator[str]:
    samples = list(samples)
    kind = samples[0][0].kind
    metric = f"collector_{name}{'_total' if kind == 'counter' else ''}"
    if name in _HELP:
        yield f"# HELP {metric} {_HELP[name]}\n"
    yield f"# TYPE {metric} {kind}\n"
    for key, value in samples:
        labels = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in key.labels)
        yield f"{metric}{{{labels}}} {value}\n" if labels else f"{metric} {value}\n"
