"""
Named pipes: lines for a program that reads them as they come.

    routes:
      - select: "*.warning"
        to: {pipe: /run/collector/warnings}        # mkfifo /run/collector/warnings

The pipe must be there; it is never made. Without a reader lines are dropped and counted (``no_reader``), as nobody may
wait for one; a reader can come and go. While it is slower than the messages, up to ``queue`` bytes wait for it.

Several workers write to one pipe. A write of at most PIPE_BUF bytes is whole or not at all (pipe(7)), and so needs but
a shared lock on the pipe. A longer line can take several writes, under an exclusive one, which whoever has begun such a
line keeps to its end. So lines never mix.
"""

import errno
import fcntl
import os
import select
import stat
from typing import Annotated, ClassVar

from pydantic import Field

from collector.config.options import FilePath, Options, Size
from collector.errors import CollectorError
from collector.sinks import Surroundings
from collector.sinks.outlet import Outlet
from collector.sinks.paths import file_name

_LOCK_TRIES = 1000
"""In a second; whoever holds the lock that long takes no more of our time."""


class PipeOptions(Options):
    kind: ClassVar[str] = "pipe"
    target_field = "pipe"

    pipe: FilePath
    """Path of the named pipe."""

    format: str = "traditional"
    """traditional, rfc5424, json, raw, or the name of one of your templates."""

    queue: Annotated[Size, Field(ge=64 * 1024)] = 1024 * 1024
    """How much may wait, in each worker, for a slow reader; what comes then is dropped and counted."""

    @property
    def label(self) -> str:
        return f"|{self.pipe}"


class PipeSink(Outlet):
    Options = PipeOptions

    def __init__(self, options: PipeOptions, around: Surroundings) -> None:
        super().__init__(options.label, options.queue, around)
        self._path = options.pipe
        self._locked = fcntl.LOCK_UN
        self._refused = 0  # since the last tick

    def tick(self, now: float) -> None:
        self._refused = 0
        super().tick(now)

    def _open(self) -> int:
        self._locked = fcntl.LOCK_UN
        return open_pipe(self._path)

    def _write(self) -> bool:
        lines = self._backlog.whole(select.PIPE_BUF)
        alone = self._backlog.begun or len(lines) > select.PIPE_BUF
        try:
            self._lock(fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        except BlockingIOError:  # another worker is within its long line, and goes on as soon as there is room
            self._refused += 1
            if self._refused > _LOCK_TRIES:  # whoever it is does not go on
                return False
            raise
        self._backlog.advance(os.write(self._fd, lines))
        if not self._backlog.begun:
            self._lock(fcntl.LOCK_UN)
        return True

    def _lock(self, how: int) -> None:
        if how != self._locked:
            fcntl.flock(self._fd, how | fcntl.LOCK_NB)
            self._locked = how

    def _explain(self, error: OSError) -> tuple[str, str]:
        if error.errno in (errno.ENXIO, errno.EPIPE):
            return "no_reader", "no program reads it"
        if error.errno == errno.ENOENT:
            return "cannot_open", f"it is not there; create it with `mkfifo {self._path}`"
        return "cannot_open", f"it cannot be written: {error.strerror}"


def open_pipe(path: str) -> int:
    """
    A descriptor to write to a named pipe, which never waits.

    Raises:
        CollectorError: it is something else.
        OSError: it is not there, or has no reader (ENXIO).
    """
    _check(os.stat(file_name(path)), path)  # before it is opened: to open a device may do something
    fd = os.open(file_name(path), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _check(os.fstat(fd), path)
    except CollectorError:
        os.close(fd)
        raise
    return fd


def _check(status: os.stat_result, path: str) -> None:
    if not stat.S_ISFIFO(status.st_mode):
        raise CollectorError(f"{path} is no named pipe", hint=f"move it away and create one with `mkfifo {path}`")
