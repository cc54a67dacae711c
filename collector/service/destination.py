"""
Where the rows of one box go: a format, and the sink that writes.

A file may have a path that depends on the row; such rows are gathered until ``settle``, so that several batches share
the opening of a file. Every other sink has one place, and takes lines.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from collector.protocol.columns import reader
from collector.protocol.render import Format, Moment, Pair, traditional
from collector.service.by_host import FIELDS, ByHost, HostRow, Path, path_for
from collector.sinks import LineSink, Sink
from collector.sinks.file import FileSink
from collector.sinks.paths import PathTemplate, SafePaths


class Destination(Protocol):
    @property
    def sink(self) -> Sink: ...

    lean: bool
    """Its box may hold finished lines (bytes), for ``write_lines``; else it holds rows with their peers."""

    with_pri: bool
    """Lines begin with the PRI of their message."""

    def write_lines(self, lines: Sequence[bytes], *, can_wait: bool) -> None:
        """``can_wait``: the senders can be made to wait."""

    def write_pairs(self, pairs: Sequence[Pair], moment: Moment, *, can_wait: bool) -> None: ...


class LineDestination:
    def __init__(self, sink: LineSink, form: Format, *, lean: bool, with_pri: bool) -> None:
        self.sink = sink
        self.lean = lean
        self.with_pri = with_pri
        self._format = form

    def write_lines(self, lines: Sequence[bytes], *, can_wait: bool) -> None:  # noqa: ARG002 - nobody waits for it
        self.sink.offer(b"".join(lines), len(lines))

    def write_pairs(self, pairs: Sequence[Pair], moment: Moment, *, can_wait: bool) -> None:  # noqa: ARG002 - as above
        self.sink.offer(self._format(pairs, moment), len(pairs))


class FileDestination:
    with_pri = False

    def __init__(self, sink: FileSink, path: PathTemplate, max_paths: int, form: Format) -> None:
        self.sink = sink
        self.lean = form is traditional and path.variables <= FIELDS
        self.gathers = path.literal is None
        self.dated = "timestamp" in path.variables
        self._literal = path.literal
        self._paths = SafePaths(path, max_paths=max_paths)
        self._read = reader(sorted(path.variables))
        self._format = form
        self._hosts = ByHost(self._paths)
        self._gathered: dict[Path, tuple[list[bytes], list[int]]] = {}

    def write_lines(self, lines: Sequence[bytes], *, can_wait: bool) -> None:
        assert self._literal is not None
        self.sink.offer(self._literal, b"".join(lines), len(lines), can_wait=can_wait)

    def write_pairs(self, pairs: Sequence[Pair], moment: Moment, *, can_wait: bool) -> None:
        if self._literal is not None:
            self.sink.offer(self._literal, self._format(pairs, moment), len(pairs), can_wait=can_wait)
            return
        for path, some in self._by_path(pairs, moment).items():
            pieces, rows = self._gathered.setdefault(path, ([], []))
            pieces.append(self._format(some, moment) if isinstance(path, str) else b"")
            rows.append(len(some))

    def gather(self, rows: Sequence[HostRow], moment: Moment) -> None:
        """Finished lines with their hosts, where ``lean``."""
        self._hosts.add(rows, moment)

    def settle(self, *, can_wait: bool) -> int:
        """Write what was gathered; returns how many files were opened for it."""
        paths = len(self._hosts) + len(self._gathered)
        return self.sink.offer_each(self._taken(), paths=paths, can_wait=can_wait) if paths else 0

    def _taken(self) -> Iterator[tuple[str, bytes, int]]:
        for path, lines in self._hosts.take().items():
            if isinstance(path, str):
                yield path, b"".join(lines), len(lines)
            else:
                self.sink.reject(len(lines), path.reason, path.why)
        gathered, self._gathered = self._gathered, {}
        for path, (pieces, rows) in gathered.items():
            if isinstance(path, str):
                yield path, b"".join(pieces), sum(rows)
            else:
                self.sink.reject(sum(rows), path.reason, path.why)

    def _by_path(self, pairs: Sequence[Pair], moment: Moment) -> dict[Path, list[Pair]]:
        now = moment.received_at.timestamp()
        paths, read = self._paths, self._read
        found: dict[Path, list[Pair]] = {}
        for pair in pairs:
            found.setdefault(path_for(paths, read(pair, moment), now), []).append(pair)
        return found
