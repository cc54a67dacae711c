"""
Looking at messages without a daemon: what ``collector parse`` and ``collector explain`` do.

Both go through the same charset, parsers and routes as the daemon's tolerant way, one message at a time. ``parse``
believes the stamps of a file, ``explain`` says what the daemon would do with a message now.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, BinaryIO

from collector.batch import Odd
from collector.priority import facility_of, severity_of
from collector.protocol.charset import Charsets
from collector.protocol.columns import COLUMNS
from collector.protocol.columns import reader as columns
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.datagram import trim
from collector.protocol.framing.oversize import truncate
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.render import as_json
from collector.service.local_zone import local_zone
from collector.service.plan import Plan
from collector.service.routes import ResolvedRoute
from collector.sinks.paths import PathTemplate

_READ = 1 << 18


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read messages: what a plan says of charsets and time zones, or the defaults."""

    normaliser: Normaliser
    interpreter: Interpreter

    @classmethod
    def of(cls, plan: Plan | None, zone: tzinfo | None = None) -> "Reader":
        """Every stamp is trusted: a file may be old. ``zone`` beats the plan's default."""
        if plan is None:
            return cls(Normaliser(Charsets(), HostMap({})), Interpreter(zone or local_zone(), HostMap({}), None))
        return cls(plan.normaliser, plan.interpreter.trusting(zone))

    @classmethod
    def judging(cls, plan: Plan, zone: tzinfo | None = None) -> "Reader":
        """Stamps are judged as the daemon does: one that is far from the time of reception does not count."""
        return cls(plan.normaliser, plan.interpreter.within(zone))

    def read(self, frame: bytes, peer: str | None, received_at: datetime) -> Odd:
        line, fix = self.normaliser.one(frame, peer)
        return self.interpreter.read(line, fix, peer, received_at)


def frames(file: BinaryIO, max_message: int) -> Iterator[bytes]:
    """The messages in a file, one per line, or octet-counted, or ended by NUL: told apart as on a connection."""
    framer = AutoFramer(max_message)
    while data := file.read(_READ):
        found = framer.feed(data)
        yield from found.split(b"\n")[:-1] if isinstance(found, bytes) else found
    yield from framer.finish()


def whole(file: BinaryIO) -> Iterator[bytes]:
    """A file that is one message, as a datagram is."""
    data = trim(file.read())
    if data:
        yield data


def records(
    found: Iterable[bytes], reader: Reader, peer: str | None, received_at: datetime | None
) -> Iterator[dict[str, Any]]:
    """Messages → records as JSON shows them."""
    for frame in found:
        now = received_at or datetime.now(UTC).astimezone(reader.interpreter.zone)
        yield as_json(reader.read(frame, peer, now).record)


def explain(
    plan: Plan, reader: Reader, message: bytes, peer: str | None, received_at: datetime | None
) -> dict[str, Any]:
    """One message and every decision on its way: charset, record, marks, and each route with yes or no and why."""
    frame = _within(trim(message), plan.settings.max_message)
    odd = reader.read(frame, peer, received_at or datetime.now(UTC).astimezone(reader.interpreter.zone))
    return {
        "type": "explanation",
        "received_bytes": len(message),
        "line": odd.line,
        "record": as_json(odd.record),
        "routes": [_decision(plan, route, (odd, peer)) for route in plan.routes],
    }


def _within(frame: bytes, limit: int) -> bytes:
    return frame if len(frame) <= limit else truncate(frame, len(frame), limit)[0]


def _decision(plan: Plan, route: ResolvedRoute, pair: tuple[Odd, str | None]) -> dict[str, Any]:
    record = pair[0].record
    priority = f"{facility_of(record.pri)}.{severity_of(record.pri)}"
    found = {"place": str(route.location), "select": route.selector.text, "taken": False}
    if not route.selector.matches(record.pri):
        return {**found, "reason": f"does not select {priority}"}
    moment = plan.interpreter.moment(record.received_at)
    if route.where is not None:
        values = columns(sorted(route.where.needs))(pair, moment)
        if not route.where.test(values):
            return {**found, "reason": f"selects {priority}, but the filter does not fit: {_shown(values)}"}
    options = plan.destinations[route.destination]
    template = PathTemplate(options.file, allowed=COLUMNS)
    return {
        **found,
        "taken": True,
        "reason": f"selects {priority}",
        "file": template.path_for(columns(sorted(template.variables))(pair, moment)),
        "written": plan.formats[options.format]([pair], moment).decode().removesuffix("\n"),
    }


def _shown(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} is {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
