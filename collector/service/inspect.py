"""
Looking at messages without a daemon: what ``collector parse`` and ``collector explain`` do.

Both go through the same charset, parsers and routes as the daemon's tolerant way, one message at a time. ``parse``
believes the stamps of a file, ``explain`` says what the daemon would do with a message now.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, BinaryIO

from collector.batch import Odd, Record
from collector.config.problems import did_you_mean
from collector.errors import CollectorError
from collector.priority import facility_of, severity_of
from collector.protocol.charset import Charsets
from collector.protocol.columns import COLUMNS
from collector.protocol.columns import reader as columns
from collector.protocol.forwarding import pri_before, wants_pri
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.datagram import trim
from collector.protocol.framing.oversize import truncate
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.protocol.parsers.payload import fields_of
from collector.protocol.render import Moment, Pair, as_json
from collector.service.check_rules.one_message import judged
from collector.service.local_zone import local_zone
from collector.service.naming.worker import WorkerNames
from collector.service.plan import Plan
from collector.service.routes import ResolvedRoute
from collector.sinks.paths import PathTemplate
from collector.sources import Source

_READ = 1 << 18


def _source(plan: Plan, name: str | None) -> Source:
    by_name = {source.name: source for source in plan.sources}
    if name is not None and name not in by_name:
        raise CollectorError(f'no source "{name}"', hint=did_you_mean(name, by_name) or f"one of: {', '.join(by_name)}")
    return by_name[name] if name is not None else plan.sources[0]


def _naming(plan: Plan) -> Interpreter:
    """With the names of the hosts table; DNS is not asked."""
    return replace(plan.interpreter, name_of=WorkerNames(plan.work.names).name_of)


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
        return cls(plan.normaliser, _naming(plan).trusting(zone))

    @classmethod
    def judging(cls, plan: Plan, zone: tzinfo | None = None, source: str | None = None) -> "Reader":
        """
        Names and stamps are judged as the daemon does in what comes from a source; without one, from the first.

        Raises CollectorError when there is no such source.
        """
        return cls(plan.normaliser, _naming(plan).under(_source(plan, source).policy).within(zone))

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
        yield _as_json(reader.read(frame, peer, now).record)


def explain(
    plan: Plan, reader: Reader, message: bytes, peer: str | None, received_at: datetime | None
) -> dict[str, Any]:
    """
    One message and every decision on its way: charset, record, marks, each route with yes or no and why, and each rule
    where there are some.
    """
    frame = _within(trim(message), plan.settings.max_message)
    odd = reader.read(frame, peer, received_at or datetime.now(UTC).astimezone(reader.interpreter.zone))
    found = {
        "type": "explanation",
        "received_bytes": len(message),
        "line": odd.line,
        "record": _as_json(odd.record),
        "routes": list(_decisions(plan, (odd, peer))),
    }
    return found if plan.rules is None else {**found, "rules": judged(plan.rules, odd, peer, reader.interpreter)}


def _as_json(record: Record) -> dict[str, Any]:
    """With the fields of its payload, which nobody needs for a file."""
    return {**as_json(record), "fields": fields_of(record)}


def _decisions(plan: Plan, pair: tuple[Odd, str | None]) -> Iterator[dict[str, Any]]:
    """In the order of the routes; the first that stops the message is the last that is asked."""
    for route in plan.routes:
        found = _decision(plan, route, pair)
        yield found
        if found["stops"]:
            return


def _within(frame: bytes, limit: int) -> bytes:
    return frame if len(frame) <= limit else truncate(frame, len(frame), limit)[0]


def _decision(plan: Plan, route: ResolvedRoute, pair: tuple[Odd, str | None]) -> dict[str, Any]:
    record = pair[0].record
    priority = f"{facility_of(record.pri)}.{severity_of(record.pri)}"
    found = {"place": str(route.location), "select": route.selector.text, "taken": False, "stops": False}
    if not route.selector.matches(record.pri):
        return {**found, "reason": f"does not select {priority}"}
    moment = plan.interpreter.moment(record.received_at)
    if route.where is not None:
        values = columns(sorted(route.where.needs))(pair, moment)
        if not route.where.test(values):
            return {**found, "reason": f"selects {priority}, but the filter does not fit: {_shown(values)}"}
    if route.destination is None:
        return {**found, "taken": True, "stops": True, "reason": f"selects {priority}"}
    options = plan.destinations[route.destination]
    form = plan.formats[options.format]
    if options.kind == "forward" and wants_pri(options.format, plan.work.templates):
        form = pri_before(form)
    return {
        **found,
        "taken": True,
        "reason": f"selects {priority}",
        **_place(options, pair, moment),
        "written": form([pair], moment).decode().removesuffix("\n"),
    }


def _place(options: Any, pair: Pair, moment: Moment) -> dict[str, str]:
    if options.kind != "file":
        return {"destination": options.label}
    template = PathTemplate(options.file, allowed=COLUMNS)
    return {"file": template.path_for(columns(sorted(template.variables))(pair, moment))}


def _shown(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} is {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
