"""A file sink with real counters and without a worker, and a disk that is full."""

import resource
from contextlib import contextmanager

from collector.metrics import Board
from collector.service import ledger
from collector.service.account import Account
from collector.service.meter import Meter
from collector.sinks.file import FileOptions, FileSink
from collector.sinks.files import OpenFiles

NAME = "all"


class Bench:
    """A sink with real counters; ``told`` is what it told the own log."""

    def __init__(self, limit=8, below=None, **options):
        layout = ledger.layout([], {NAME: "file"}, [])
        self.board = Board(layout, 1)
        self._slot = self.board.slot(0)
        self.files = OpenFiles(limit)
        self.told = []
        self._below = below
        self._meter = Meter(self._slot, layout, sink=NAME)
        self.sink = self.successor(**options)

    def successor(self, **options):
        """A sink with these options in the same surroundings, as the next plan would have it."""
        return FileSink(
            FileOptions(file="/unused", **options), self._below, self.files, self._meter,
            lambda event_class, sentence: self.told.append((event_class, sentence)),
        )  # fmt: skip

    def offer(self, path, lines, *, can_wait=True):
        self.sink.offer(str(path), b"".join(line + b"\n" for line in lines), len(lines), can_wait=can_wait)

    def tick(self):
        self.sink.tick(len(self.files))

    def counts(self):
        """offered, written, dropped, pending; checked to add up."""
        self._slot.publish()
        account = Account.of(self.board.totals()).sinks[NAME]
        assert account.missing == 0
        return account.offered, account.written, account.dropped, account.pending

    def count(self, name, **labels):
        self._slot.publish()
        wanted = (name, {"sink": NAME, **labels})
        return next(value for key, value in self.board.totals().items() if (key.name, dict(key.labels)) == wanted)


@contextmanager
def room_for(size):
    """No file can grow beyond ``size`` bytes (setrlimit(2)); Python has SIGXFSZ ignored, so write(2) says EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
