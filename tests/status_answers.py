"""Answers to ``status``, made for tests: ``FINE`` is the part of rules, ``SENT`` that of a destination."""

from dataclasses import asdict

from collector.metrics import Key
from collector.rules.counters import Counters
from collector.service.account import as_json

UDP, TCP = "udp 127.0.0.1:5514", "tcp 127.0.0.1:5514"


def answer(counters, workers=(True, True), sources=(UDP, TCP), **changes):
    """``counters`` as ``{("sink_dropped", "sink=all", "reason=disk_full"): 3}``; names ending in ``~`` are gauges."""
    keys = {_key(*names): value for names, value in counters.items()}
    return {
        "version": "0.1.0",
        "pid": 4242,
        "state": "running",
        "uptime": 273_000.5,
        "plan": "8f3a12c0",
        "sources": [{"name": name, "kind": name[:3], "listens": name} for name in sources],
        "workers": [
            {"slot": slot, "pid": 5000 + slot, "alive": alive, "ready": alive, "restarts": slot, "heartbeat_age": 0.2}
            for slot, alive in enumerate(workers)
        ],
        "counters": as_json(keys),
        **changes,
    }


def _key(name, *labels):
    pairs = tuple((label.partition("=")[0], label.partition("=")[2]) for label in labels)
    return Key(name.rstrip("~"), pairs, kind="gauge" if name.endswith("~") else "counter")


BUSY = {
    ("received_messages", f"source={UDP}"): 1_234_567,
    ("received_messages", f"source={TCP}"): 1_000,
    ("received_bytes", f"source={UDP}"): 226_000_000,
    ("rejected_messages", f"source={UDP}", "reason=empty"): 400,
    ("rejected_messages", f"source={UDP}", "reason=oversize"): 12,
    ("framing_problems", f"source={TCP}", "reason=octet_count"): 2,
    ("lost_bytes", f"source={TCP}", "reason=octet_count"): 77,
    ("connections_accepted", f"source={TCP}"): 20,
    ("connections_closed", f"source={TCP}", "reason=idle"): 17,
    ("connections_open~", f"source={TCP}"): 3,
    ("kernel_drops", f"source={UDP}"): 44,
    ("receive_queue_bytes~", f"source={UDP}"): 2048,
    ("receive_buffer_bytes~", f"source={UDP}"): 16384,
    ("unrouted_messages",): 1000,
    ("routed_messages",): 1_234_150,
    ("unknown_messages",): 5,
    ("sink_offered", "sink=/var/log/windows"): 100,
    ("sink_written", "sink=/var/log/windows"): 90,
    ("sink_written_bytes", "sink=/var/log/windows"): 12_345,
    ("sink_dropped", "sink=/var/log/windows", "reason=disk_full"): 7,
    ("sink_pending~", "sink=/var/log/windows"): 3,
    ("sink_open_files~", "sink=/var/log/windows"): 1,
    ("sink_errors", "sink=/var/log/windows", "reason=short_write"): 2,
    ("marked_messages", "mark=no_pri"): 12,
    ("charset_messages", "charset=cp932"): 8,
    ("worker_hangs",): 1,
    ("made_up", "colour=blue"): 6,
}

FINE = {
    "plan": "8f3a12c0", "rules": 1200, "lag_seconds": 0.2, "lag_bytes": 100, "alerts": 4711, "alerts_wait": False,
    "unreadable": 0, "lost": 0, "unlogged": 0, "silent_seconds": 0.0, "correlator": 7, "dispatcher": 8,
    "by_rule": {"ssh-spray": asdict(Counters(hits=4711, alerts=3)), "quiet": asdict(Counters())},
    "destinations": {},
}  # fmt: skip
SENT = {"queued": 3, "sent": 2, "pending": 1, "retried": 0, "dead": 0, "failed": {}, "dropped": {}}
