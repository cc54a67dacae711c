"""The rows of a journal entry, read again as the worker read them when they arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from collector.protocol.interpret import Interpreter
from collector.protocol.parsers.context import sender_of
from collector.protocol.parsers.scan import FULL_3164, FULL_5424, FullRow, looks_5424
from collector.protocol.render import Moment, Pair
from collector.rules.entry import Entry


class Rows:
    """
    Those of these ``numbers``, or all: ``rows[0]`` is the first of them, and ``moment`` what they share. Whatever was
    decided at receipt follows from the entry and the configuration: nothing is looked up, and no clock is asked.
    """

    def __init__(self, entry: Entry, interpreter: Interpreter, numbers: Sequence[int] | None = None) -> None:
        lines = entry.text.split(b"\n")[:-1]
        self._numbers = range(len(lines)) if numbers is None else numbers
        self._entry = entry
        self._interpreter = _as_then(interpreter, entry.names)
        received_at = datetime.fromtimestamp(entry.received_at, interpreter.zone)
        text = b"".join([lines[number] + b"\n" for number in self._numbers]).decode()
        self.moment: Moment = self._interpreter.moment(received_at, text)
        pattern, self._other = (FULL_5424, FULL_3164) if looks_5424(entry.text) else (FULL_3164, FULL_5424)
        self._rows: list[FullRow] = pattern.findall(text)
        self._rewrite = self._interpreter.rewrite(received_at) if interpreter.rewrites else None

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> Pair:
        number = self._numbers[place]
        row, peer = self._rows[place], self._entry.peers[number]
        fix = self._entry.fixes.get(number)
        if not row[0]:
            other: FullRow = self._other.findall(row[9])[0]
            row = other if other[0] else row
        if fix or not row[0]:
            line = f"<{row[0]}>{row[1]}" if row[0] else row[9]
            return self._interpreter.read(line[:-1], fix, peer, self.moment.received_at), peer
        return (self._rewrite(row, peer) if self._rewrite else row), peer


class Lines:
    """
    The lines of a batch that the fast parser has read whole, each taken apart when somebody asks: as in ``Rows``, of a
    batch in which nothing was mended or rewritten. ``moment`` is what they share. It keeps nothing of the batch, as
    events are kept.
    """

    def __init__(self, entry: Entry, interpreter: Interpreter) -> None:
        self._interpreter = _as_then(interpreter, entry.names)
        self.moment = self._interpreter.moment(datetime.fromtimestamp(entry.received_at, interpreter.zone))

    def read(self, peer: str | None, raw: str, _arrival: float) -> tuple[Pair, Moment]:
        """``raw`` is a line with its PRI."""
        row: FullRow = FULL_3164.findall(f"{raw}\n")[0]
        if not row[0]:
            return (self._interpreter.read(raw, None, peer, self.moment.received_at), peer), self.moment
        return (row, peer), self.moment


def _as_then(interpreter: Interpreter, names: Mapping[str, str]) -> Interpreter:
    return replace(interpreter, name_of=lambda peer: _name(names, peer))


def _name(names: Mapping[str, str], peer: str | None) -> str | None:
    return names.get(peer or "") or sender_of(peer)
