"""
Peers' own cases (../shared/data/syslog_cases.jsonl): how one is fed to the parser, and what its expectations mean.

Not compared, because a record does not hold it: ``windows`` (payload), ``device_app`` (a guess of the device),
``raw_escaped`` (rendering), ``error``. ``version`` is compared by its mark, in messages whose header is valid.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.batch import Record
from collector.protocol.parsers import Context, parse
from collector.protocol.parsers.structured_data import read_structured_data
from collector.protocol.timestamp import bsd_stamp

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "syslog_cases.jsonl"

SENDER = "192.0.2.7"
_LEGACY = ("cp932", "euc_jp", "iso2022_jp")
NOT_COMPARED = {"windows", "device_app", "raw_escaped", "error"}


@dataclass(frozen=True)
class Case:
    id: str
    source: str
    tier: str
    raw: bytes
    expect: dict[str, Any]
    valid: bool
    ctx: dict[str, Any]

    @property
    def peer(self) -> str:
        return "RFC texts" if self.source.startswith("RFC") else re.split("[@,]", self.source)[0]


def message_cases() -> Iterator[Case]:
    """The cases that are one message; the framing cases are read by ``tests/unit/protocol/framing``."""
    for line in DATA.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "framing":
            raw = base64.b64decode(row["raw_b64"])
            yield Case(row["id"], row["source"], row["tier"], raw, row["expect"], row["valid"], row.get("ctx") or {})


def _decode(case: Case) -> tuple[str, str]:
    declared = case.ctx.get("encoding", "utf-8")
    for charset in ("utf-8" if b"\x1b$" not in case.raw else declared, declared):
        try:
            return case.raw.decode(charset), charset
        except (UnicodeDecodeError, LookupError):
            continue
    # A line cut inside its last character is still what it was declared to be.
    return (
        (case.raw.decode(declared, "replace"), declared)
        if declared in _LEGACY
        else (case.raw.decode("latin-1"), "latin-1")
    )


def _context(case: Case, charset: str) -> Context:
    year = case.ctx.get("year")
    received_at = datetime.fromisoformat(case.ctx.get("now", "2026-02-03T08:09:10.123456Z"))
    if isinstance(year, int):
        received_at = datetime(year, 12, 31, 12, tzinfo=UTC)
    elif year == "Dec->2019, else 2020":
        received_at = datetime(2020, 11, 30, tzinfo=UTC)
    return Context(received_at, _zone(case), f"{SENDER}:514", charset, None)


def _zone(case: Case) -> tzinfo:
    """
    The receiver's zone. Where the case calls it local, the zone it expects of a stamp without one is that.
    """
    name = case.ctx.get("source_tz", case.ctx.get("tz", "UTC"))
    if name.startswith("MET-1METDST"):
        return ZoneInfo("Europe/Budapest")
    if name.startswith("parser local"):
        expected = _moment(case.expect.get("timestamp"))
        return expected.tzinfo if expected and expected.tzinfo else UTC
    return ZoneInfo(name) if re.fullmatch(r"UTC|\w+/\w+", name) else UTC


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


@dataclass(frozen=True)
class Outcome:
    """What an expectation is compared with."""

    case: Case
    record: Record
    charset: str

    def facility(self, expected: int | None) -> bool:
        return (1 if expected is None else expected) == self.record.pri >> 3

    def severity(self, expected: int | None) -> bool:
        return (5 if expected is None else expected) == self.record.pri & 7

    def timestamp(self, expected: str | None) -> bool:
        record = self.record
        if expected in (None, "$NOW"):
            return record.time_source == "arrival" and record.timestamp == record.received_at
        if record.time_source != "sender":
            return False
        moment = _moment(expected)
        if moment is None:
            return self._bsd(expected)
        if self.case.source.startswith("splunk/"):  # asserted to the second, milli- or microsecond
            precision = 0 if not moment.microsecond else 3
            return _cut(moment, precision) == _cut(record.timestamp, precision)
        return moment == (record.timestamp if moment.tzinfo else record.timestamp.replace(tzinfo=None))

    def _bsd(self, expected: str) -> bool:
        """
        A time without a year: the peer prints the sender's wall clock, with the digits of a fraction or without.
        """
        clock, _, fraction = expected.partition(".")
        shown = " ".join(bsd_stamp(self.record.timestamp).split())
        micro = f"{self.record.timestamp.microsecond:06}"
        return shown == " ".join(clock.split()) and micro.startswith(fraction)

    def hostname(self, expected: str | None) -> bool:
        return (SENDER if expected in (None, "", "$SENDER") else expected) == self.record.hostname

    def hostname_not(self, unexpected: str) -> bool:
        return unexpected != self.record.hostname

    def app_name(self, expected: str | None) -> bool:
        return (expected or None) == self.record.app_name

    def proc_id(self, expected: str | None) -> bool:
        return (expected or None) == self.record.proc_id

    def msg_id(self, expected: str | None) -> bool:
        return (expected or None) == self.record.msg_id

    def tag(self, expected: str) -> bool:
        app_name, proc_id = self.record.app_name, self.record.proc_id
        tag = f"{app_name}[{proc_id}]" if proc_id else app_name
        return (expected.removesuffix(":") or "-") == (tag or "-")

    def version(self, expected: int) -> bool:
        return not self.case.valid or (expected != 1) == ("odd_version" in self.record.marks)

    def sequence_id(self, expected: str) -> bool:
        return self.record.structured_data.get("meta") == {"sequenceId": expected}

    def message(self, expected: str | None) -> bool:
        if self.case.source.startswith("rsyslog/") and self._keeps_blank():
            expected = (expected or "").removeprefix(" ")
        return (expected or "") == self.record.message

    def _keeps_blank(self) -> bool:
        """
        Whether rsyslog keeps the blank after the tag: in BSD messages with a header, unless it is told not to.
        """
        rfc5424 = re.match(rb"<\d+>\d+ ", self.case.raw)
        headerless = self.case.raw.lstrip().startswith((b"{", b"["))
        return not (rfc5424 or headerless or "remove-first-space" in self.case.ctx.get("opts", ""))

    def message_b64(self, expected: str) -> bool:
        return base64.b64decode(expected) == self.record.message.encode(self.charset)

    def message_contains(self, expected: str) -> bool:
        return expected in self.record.message

    def structured_data(self, expected: dict[str, dict[str, str]] | None) -> bool:
        data = self.record.structured_data
        if self.case.valid and not self.case.source.startswith("syslog-ng/"):
            return (expected or {}) == data
        # syslog-ng asserts some pairs only; of an invalid message a best-effort parser kept a part.
        return all(id_ in data and params.items() <= data[id_].items() for id_, params in (expected or {}).items())

    def structured_data_raw(self, expected: str) -> bool:
        return read_structured_data(expected, 0).data == self.record.structured_data

    def cisco(self, expected: dict[str, str]) -> bool:
        mnemonic = "%{facility}-{severity}-{mnemonic}".format(**expected)
        return mnemonic == self.record.app_name


def _cut(moment: datetime, digits: int) -> datetime:
    step = 10 ** (6 - digits)
    return moment.replace(microsecond=moment.microsecond // step * step)


def differences(case: Case) -> list[str]:
    """Every asserted field that the record does not bear out."""
    text, charset = _decode(case)
    outcome = Outcome(case, parse(text, _context(case, charset)), charset)
    return [
        f"{name}: expected {expected!r}"
        for name, expected in case.expect.items()
        if name not in NOT_COMPARED and not getattr(outcome, name)(expected)
    ]
