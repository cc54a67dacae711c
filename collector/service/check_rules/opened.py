"""
A log file as a stream of bytes, compressed or not: gzip, bzip2, xz, zstd, told by how it begins.

    with open_log("/var/log/windows-20261122.gz") as log:
        log.read(1 << 20)          what it says
        log.at, log.size           where it is in the file and how long that is, for a progress bar
"""

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from typing import Any, Protocol, Self

from collector.errors import CollectorError

_ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878 §3.1.1
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_BUFFER = 1 << 18
_LONGEST_MARK = 6


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Log:
    """
    What ``open_log`` gives. ``changed`` is when the file was last written to, in seconds since the epoch; for what is
    no file, now. ``size`` is 0 where it is not known.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._stack = ExitStack()
        try:
            self._raw = self._opened()
            status = os.stat(path) if path != "-" and os.path.isfile(path) else None
            self._unpacked = self._unpacking()
        except OSError as error:
            self._stack.close()
            raise CollectorError(f"{path}: {error.strerror or error}") from error
        self.size = status.st_size if status else 0
        self.changed = status.st_mtime if status else time.time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def at(self) -> int:
        """Bytes of the file that have been read."""
        return self._raw.tell() if self.size else 0

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end. Raises CollectorError when the file is damaged."""
        try:
            return self._unpacked.read(size)
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            why = getattr(error, "strerror", None) or str(error) or "it is cut off"
            raise CollectorError(f"{self.path}: {why}") from error

    def close(self) -> None:
        self._stack.close()

    def _opened(self) -> Any:
        if self.path == "-":
            return sys.stdin.buffer
        if os.path.isdir(self.path):
            raise CollectorError(f"{self.path}: this is a folder", hint="name the files in it")
        return self._stack.enter_context(open(self.path, "rb", buffering=_BUFFER))

    def _unpacking(self) -> _Readable:
        head = self._raw.peek(_LONGEST_MARK)
        for mark, opener in _OPENERS.items():
            if head.startswith(mark):
                unpacked: _Readable = self._stack.enter_context(opener(self._raw))
                return unpacked
        return self._zstd() if head.startswith(_ZSTD) else self._raw

    def _zstd(self) -> _Readable:
        """Python reads it from 3.14 on; before, the program does."""
        try:
            library = import_module("compression.zstd")
        except ModuleNotFoundError:
            return self._stack.enter_context(self._by_program())
        unpacked: _Readable = self._stack.enter_context(library.ZstdFile(self._raw))
        return unpacked

    def _by_program(self) -> "_ByProgram":
        program = shutil.which("zstd")
        if program is None or self.path == "-":
            raise CollectorError(f"{self.path}: nothing here reads zstd", hint="install the program zstd, or unpack it")
        return _ByProgram([program, "-q", "-d", "-c"], self.path)


class _ByProgram:
    """What a program makes of a file."""

    def __init__(self, command: list[str], path: str) -> None:
        with open(path, "rb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the system, and no word from a file
                command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def read(self, size: int) -> bytes:
        assert self._process.stdout
        assert self._process.stderr
        data = self._process.stdout.read(size)
        if not data and self._process.wait():
            raise OSError(self._process.stderr.read(500).decode(errors="replace").strip())
        return data


def open_log(path: str) -> Log:
    """``-`` is stdin. Raises CollectorError when it cannot be read."""
    return Log(path)
