"""
Terminals: lines on the console, a virtual terminal, a serial line.

    routes:
      - select: "*.crit"
        to: {console: /dev/console}

A terminal that is stopped (Ctrl-S) or slow never holds anything up: up to ``queue`` bytes wait for it, then lines are
dropped and counted. One that is gone is tried again every second. It never becomes the controlling terminal.

Lines end with CR LF, as a terminal in raw mode needs. Consoles stay open, as to close a serial line can wait for its
output; a pseudo-terminal is open only while something is written, so that whoever waits for its last user to leave
does not wait for us.
"""

import errno
import os
import stat
from typing import Annotated, ClassVar

from pydantic import Field

from collector.config.options import FilePath, Options, Size
from collector.errors import CollectorError
from collector.sinks import Surroundings
from collector.sinks.outlet import Outlet
from collector.sinks.paths import file_name

_PIECE = 4096
_PSEUDO = range(136, 144)
"""Major numbers of Unix98 pseudo-terminals (the kernel's devices.txt)."""


class ConsoleOptions(Options):
    kind: ClassVar[str] = "console"
    target_field = "console"

    console: FilePath
    """Path of the terminal."""

    format: str = "traditional"
    """traditional, rfc5424, json, raw, or the name of one of your templates."""

    queue: Annotated[Size, Field(ge=16 * 1024)] = 256 * 1024
    """How much may wait, in each worker, for a slow terminal; what comes then is dropped and counted."""

    @property
    def label(self) -> str:
        return self.console


class ConsoleSink(Outlet):
    Options = ConsoleOptions

    def __init__(self, options: ConsoleOptions, around: Surroundings) -> None:
        super().__init__(options.label, options.queue, around)
        self._path = options.console
        self._stays_open = True

    def offer(self, data: bytes, rows: int) -> None:
        super().offer(data.replace(b"\n", b"\r\n"), rows)

    def _open(self) -> int:
        fd = open_terminal(self._path)
        self._stays_open = os.major(os.fstat(fd).st_rdev) not in _PSEUDO
        return fd

    def _flush(self) -> None:
        super()._flush()
        if not self._backlog and not self._stays_open:
            self._shut()

    def _write(self) -> bool:
        self._backlog.advance(os.write(self._fd, self._backlog.piece(_PIECE)))
        return True

    def _explain(self, error: OSError) -> tuple[str, str]:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.EIO, errno.ENODEV):
            return "cannot_open", "the terminal is gone"
        return "cannot_open", f"it cannot be written: {error.strerror}"


def open_terminal(path: str) -> int:
    """
    A descriptor to write to a terminal, which never waits and never makes it ours.

    Raises:
        CollectorError: it is no terminal.
        OSError: it is not there, or not ours to write to.
    """
    _check(stat.S_ISCHR(os.stat(file_name(path)).st_mode), path)  # before it is opened: that may do something
    fd = os.open(file_name(path), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _check(os.isatty(fd), path)
    except CollectorError:
        os.close(fd)
        raise
    return fd


def _check(terminal: bool, path: str) -> None:
    if not terminal:
        raise CollectorError(f"{path} is no terminal", hint="messages can be shown on terminals such as /dev/console")
