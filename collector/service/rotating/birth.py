"""When a file was made, which os.stat does not tell on Linux: statx(2)."""

import ctypes
import os

_AT_FDCWD = -100
_AT_SYMLINK_NOFOLLOW = 0x100
_STATX_BTIME = 0x800
_SIZE = 256
_MASK_AT, _BTIME_AT = 0, 80  # struct statx: stx_mask, and stx_btime as 64 bit of seconds and 32 of nanoseconds

_statx = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)
"""None where the C library is too old to have it."""


def birth(path: bytes) -> float | None:
    """Seconds since 1970; None where the file system does not know. Raises OSError."""
    if _statx is None:
        return None
    found = ctypes.create_string_buffer(_SIZE)
    if _statx(_AT_FDCWD, path, _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, found):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    known = ctypes.c_uint32.from_buffer(found, _MASK_AT).value & _STATX_BTIME
    seconds = ctypes.c_int64.from_buffer(found, _BTIME_AT).value
    nanoseconds = ctypes.c_uint32.from_buffer(found, _BTIME_AT + 8).value
    return seconds + nanoseconds / 1e9 if known and seconds > 0 else None
