"""Where the rows of one box go: a format, a path that may depend on the row, and the sink that writes."""

from collections.abc import Sequence

from collector.protocol.columns import reader
from collector.protocol.render import Format, Moment, Pair, traditional
from collector.sinks.file import FileSink
from collector.sinks.paths import PathTemplate, SafePaths
from collector.templates import TemplateError


class Destination:
    """``lean``: its box may hold finished lines (bytes); otherwise it holds rows with their peers."""

    def __init__(self, sink: FileSink, path: PathTemplate, max_paths: int, form: Format) -> None:
        self.sink = sink
        self.lean = form is traditional and path.literal is not None
        self._literal = path.literal
        self._paths = SafePaths(path, max_paths=max_paths)
        self._read = reader(sorted(path.variables))
        self._format = form

    def write_lines(self, lines: Sequence[bytes], *, can_wait: bool) -> None:
        assert self._literal is not None
        self.sink.offer(self._literal, b"".join(lines), len(lines), can_wait=can_wait)

    def write_pairs(self, pairs: Sequence[Pair], moment: Moment, *, can_wait: bool) -> None:
        if self._literal is not None:
            self.sink.offer(self._literal, self._format(pairs, moment), len(pairs), can_wait=can_wait)
            return
        for path, some in self._by_path(pairs, moment).items():
            if path is None:
                self.sink.reject(len(some), "too_many_files", "the path has filled max_paths files")
            else:
                self.sink.offer(path, self._format(some, moment), len(some), can_wait=can_wait)

    def _by_path(self, pairs: Sequence[Pair], moment: Moment) -> dict[str | None, list[Pair]]:
        now = moment.received_at.timestamp()
        path_for, read = self._paths.path_for, self._read
        found: dict[str | None, list[Pair]] = {}
        bad, why = 0, ""
        for pair in pairs:
            try:
                path = path_for(read(pair, moment), now)
            except TemplateError as error:
                bad, why = bad + 1, str(error)
                continue
            found.setdefault(path, []).append(pair)
        if bad:
            self.sink.reject(bad, "bad_path", why)
        return found
