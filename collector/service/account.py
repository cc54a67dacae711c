"""
The account of all messages, and whether it adds up.

    received = rejected + unrouted + routed + unknown        (unknown: only after a worker was killed in a batch)
    for each sink: offered = written + dropped + pending
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.metrics import Key

_NAMED = 5


@dataclass(frozen=True, slots=True)
class SinkAccount:
    offered: int
    written: int
    dropped: int
    pending: int

    @property
    def missing(self) -> int:
        return self.offered - self.written - self.dropped - self.pending


@dataclass(frozen=True, slots=True)
class Account:
    """``Account.of(counters)`` sums up; ``missing`` is 0 when every message is accounted for."""

    received: int
    rejected: int
    unrouted: int
    routed: int
    unknown: int
    lost_in_kernel: int
    sinks: Mapping[str, SinkAccount]

    @classmethod
    def of(cls, counters: Mapping[Key, int]) -> "Account":
        sums = Counter[str]()
        for key, value in counters.items():
            sums[key.name] += value
        return cls(
            received=sums["received_messages"],
            rejected=sums["rejected_messages"],
            unrouted=sums["unrouted_messages"],
            routed=sums["routed_messages"],
            unknown=sums["unknown_messages"],
            lost_in_kernel=sums["kernel_drops"],
            sinks=_sinks(counters),
        )

    @property
    def missing(self) -> int:
        return self.received - self.rejected - self.unrouted - self.routed - self.unknown

    @property
    def adds_up(self) -> bool:
        return self.missing == 0 and all(sink.missing == 0 for sink in self.sinks.values())

    def __str__(self) -> str:
        text = (
            f"received {self.received:,} = rejected {self.rejected:,} + unrouted {self.unrouted:,}"
            f" + routed {self.routed:,}"
        )
        if self.unknown:
            text += f" + unknown {self.unknown:,}"
        return f"{text}; dropped by the kernel {self.lost_in_kernel:,}"

    @property
    def in_full(self) -> str:
        """… and by the destinations that dropped most."""
        dropped = Counter({name: sink.dropped for name, sink in self.sinks.items() if sink.dropped})
        most = dropped.most_common(_NAMED)
        rest = dropped.total() - sum(number for _, number in most)
        by = [f"{name} {number:,}" for name, number in most] + [f"others {rest:,}"] * (rest > 0)
        return ", by ".join([str(self), *by])


def by_label(counters: Mapping[Key, int], name: str, label: str) -> dict[str, int]:
    """The counters of that name, summed over all labels but one: ``{"udp 127.0.0.1:514": 12, …}``."""
    sums = Counter[str]()
    for key, value in counters.items():
        if key.name == name:
            sums[dict(key.labels).get(label, "")] += value
    return dict(sums)


def _sinks(counters: Mapping[Key, int]) -> dict[str, SinkAccount]:
    columns = [by_label(counters, f"sink_{name}", "sink") for name in ("offered", "written", "dropped", "pending")]
    names = dict.fromkeys(name for column in columns for name in column)
    return {name: SinkAccount(*(column.get(name, 0) for column in columns)) for name in names}


def as_json(counters: Mapping[Key, int]) -> list[dict[str, Any]]:
    """Counters as they stand in the answer to ``status``; ``from_json`` is the way back."""
    return [
        {"name": key.name, "labels": dict(key.labels), "kind": key.kind, "value": value}
        for key, value in counters.items()
    ]


def from_json(counters: list[dict[str, Any]]) -> dict[Key, int]:
    return {Key(entry["name"], tuple(entry["labels"].items()), entry["kind"]): entry["value"] for entry in counters}
