"""
What a worker tells the correlator of a batch: the rows that rules may want, and that so many others went by.

    ┌────────────┬───────────────────┬───────────┬──────────────────────────┬──────────────────┐
    │ length, u4 │ header, JSON      │ count, u4 │ hits, pairs of u4        │ text             │
    └────────────┴───────────────────┴───────────┴──────────────────────────┴──────────────────┘

``text`` holds rows as the batch had them, each with its PRI and an LF: those that were hit, or the whole batch, where
these are many. A hit is the number of a row in ``text``, and that of a needle of the prefilter. Or it is where the
needle ended in ``text``: to find the rows is left to the reader, as the writer is the one in a hurry. Residual rules
have no needles: each row is theirs.
"""

import json
import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from collector.batch import Fix

_LENGTH = struct.Struct("<I")

Hits = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A batch of ``source``, received at ``received_at`` (seconds since the epoch), with ``seen`` rows.

    ``plan`` names the plan whose rules chose the rows. ``peers`` and ``fixes`` belong to the rows of ``text``, in
    order; ``names`` holds the host names of peers that have one.
    A tick, by which time goes on while nothing matches, is an entry without text.
    """

    plan: str
    source: str
    received_at: float
    seen: int
    text: bytes = b""
    hits: Hits = ()
    ends: bool = False
    peers: Sequence[str | None] = ()
    fixes: Mapping[int, Fix] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        header: dict[str, Any] = {
            "plan": self.plan,
            "source": self.source,
            "received_at": self.received_at,
            "seen": self.seen,
        }
        if self.ends:
            header["ends"] = True
        if self.peers:
            header["peers"] = [(peer, len(list(run))) for peer, run in groupby(self.peers)]
        if self.fixes:
            header["fixes"] = {str(number): fix for number, fix in self.fixes.items()}
        if self.names:
            header["names"] = self.names
        encoded = json.dumps(header).encode()
        hits = array("I", [number for hit in self.hits for number in hit]).tobytes()
        return b"".join((_LENGTH.pack(len(encoded)), encoded, _LENGTH.pack(len(self.hits)), hits, self.text))

    @classmethod
    def decode(cls, data: bytes) -> "Entry":
        (length,) = _LENGTH.unpack_from(data)
        at = _LENGTH.size + length
        header = json.loads(data[_LENGTH.size : at])
        (count,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        hits = array("I", data[at : at + 8 * count])
        return cls(
            plan=header["plan"],
            source=header["source"],
            received_at=header["received_at"],
            seen=header["seen"],
            text=data[at + 8 * count :],
            hits=list(zip(hits[::2], hits[1::2], strict=True)),
            ends=header.get("ends", False),
            peers=[peer for peer, count in header.get("peers", ()) for _ in range(count)],
            fixes={int(number): _fix(*fix) for number, fix in header.get("fixes", {}).items()},
            names=header.get("names", {}),
        )

    def row_hits(self) -> Iterable[tuple[int, int]]:
        """Hits by the number of the row, in the order of the rows."""
        return row_numbers(self.text, self.hits) if self.ends else self.hits


def row_numbers(text: bytes, hits: Hits) -> Iterator[tuple[int, int]]:
    """Hits by where they ended in ``text``, in order → hits by the number of the row."""
    number = at = 0
    for end, needle in hits:
        if end > at:
            number += text.count(b"\n", at, end)
            at = end
        yield number, needle


def _fix(exact: str, charset: str, marks: Sequence[str], damaged: bool) -> Fix:
    return Fix(exact, charset, tuple(marks), damaged)
