"""
A file → the same file compressed, beside it, and then the first one gone.

    windows-20261122T000000 → windows-20261122T000000.gz

Whatever happens meanwhile (no room, ``kill -9``, a power failure), there is the plain file, whole, or the compressed
one, whole, or both. What was only begun ends in ``.part``; who is at work on that holds a lock on it.
"""

import fcntl
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from collector.errors import CollectorError
from collector.sinks.paths import file_name
from collector.sinks.rotated import PART, SUFFIXES

_CHUNK = 1 << 20
_SYNC_EVERY = 16 << 20
_ZSTD = "compression.zstd"
_LOOK_AGAIN = 0.2
_ACL = "system.posix_acl_access"

GoOn = Callable[[], bool]
"""Asked several times a second: whether there still is somebody who wants the result."""


class AbandonedError(CollectorError):
    """Nobody wants the result any more, or somebody else is at work on it."""


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def has_zstd() -> bool:
    return _zstd_in_python() or shutil.which("zstd") is not None


def _zstd_in_python() -> bool:
    try:
        return find_spec(_ZSTD) is not None
    except ModuleNotFoundError:  # its package came with it in Python 3.14
        return False


def compress(path: str, method: str, go_on: GoOn) -> tuple[int, int]:
    """
    Compress ``path`` by ``gzip`` or ``zstd``, keeping mode, owner and times; returns the sizes before and after.

    Raises AbandonedError when ``go_on`` said no, CollectorError and OSError for what went wrong. The plain file is
    there as it was then.
    """
    final = path + SUFFIXES[method]
    clear_part(final + PART)
    source = os.open(file_name(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        sizes = _make(source, final, method, go_on)
    finally:
        os.close(source)
    _sync_folder(final)
    os.unlink(file_name(path))
    return sizes


def _make(source: int, final: str, method: str, go_on: GoOn) -> tuple[int, int]:
    """Put the compressed contents of ``source`` under the name ``final`` once they are on the disk; sizes as above."""
    part = _begin(final + PART)
    try:
        _pour(source, part, method, go_on)
        before = _size_read(source)
        _dress(source, part)
        os.fsync(part)
        os.rename(file_name(final + PART), file_name(final))
        return before, os.fstat(part).st_size
    except BaseException:
        with suppress(OSError):
            os.unlink(file_name(final + PART))
        raise
    finally:
        os.close(part)


def _size_read(source: int) -> int:
    size = os.fstat(source).st_size
    if os.lseek(source, 0, os.SEEK_CUR) != size:
        raise CollectorError("somebody still writes to it")
    return size


def clear_part(path: str) -> bool:
    """Delete what somebody who died had begun; False when nothing is there. Raises AbandonedError if he is alive."""
    try:
        part = os.open(file_name(path), os.O_RDWR | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        _lock(part, path)
        os.unlink(file_name(path))
    finally:
        os.close(part)
    return True


def _begin(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    part = os.open(file_name(path), flags, 0o600)
    _lock(part, path)
    return part


def _lock(part: int, path: str) -> None:
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise AbandonedError(f"{path} is being written by another process") from error
    named, opened = os.stat(file_name(path)), os.fstat(part)
    if (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino):  # renamed before we had the lock
        raise AbandonedError(f"{path} was written by another process")


def _pour(source: int, part: int, method: str, go_on: GoOn) -> None:
    if method == "gzip":
        _by_library(source, part, zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS), go_on)
    elif _zstd_in_python():
        _by_library(source, part, import_module(_ZSTD).ZstdCompressor(), go_on)
    else:
        _by_program(source, part, go_on)


def _by_library(source: int, part: int, compressor: _Compressor, go_on: GoOn) -> None:
    written = synced = 0
    while data := os.read(source, _CHUNK):
        if not go_on():
            raise AbandonedError("compressing was stopped")
        written += _write(part, compressor.compress(data))
        if written - synced >= _SYNC_EVERY:  # little by little: one large sync holds up everybody else's writes
            os.fdatasync(part)
            synced = written
    _write(part, compressor.flush())


def _write(fd: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    return len(data)


def _by_program(source: int, part: int, go_on: GoOn) -> None:
    """The program writes into the same open file, so it holds the lock as long as it lives."""
    program = shutil.which("zstd")
    if program is None:
        raise CollectorError("the program zstd is gone", hint="install it again, or write compress: gzip")
    command = [program, "-q", "-c", "-T1"]
    with subprocess.Popen(command, stdin=source, stdout=part, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_AGAIN)
            if not go_on():
                process.kill()
                raise AbandonedError("compressing was stopped")
        assert process.stderr is not None
        said = process.stderr.read(500).decode(errors="replace").strip()
    if process.returncode:
        raise CollectorError(f"zstd ended with {process.returncode}: {said}")


def _dress(source: int, part: int) -> None:
    """Mode, owner, access list and times of the plain file, as far as the system allows."""
    status = os.fstat(source)
    with suppress(OSError):
        os.fchown(part, status.st_uid, status.st_gid)
    os.fchmod(part, status.st_mode & 0o777)
    with suppress(OSError):
        os.setxattr(part, _ACL, os.getxattr(source, _ACL))
    os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))


def _sync_folder(path: str) -> None:
    """So that the new name is on the disk before the old one goes."""
    folder = os.open(file_name(os.path.dirname(path) or "."), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
