"""One collector per state folder: a lock that ends with the processes that hold it, however they end."""

import fcntl
import os
from pathlib import Path

from collector.errors import CollectorError

NAME = "lock"


class StateLock:
    """
    The lock on ``state_dir``, taken by making one. The folder is created when it is missing.

    Workers inherit it by fork. So when a supervisor is killed, the state folder is free only after its last worker has
    written what it held.

    Raises CollectorError when another process holds the lock, or when the folder cannot be used.
    """

    def __init__(self, state_dir: str) -> None:
        path = Path(state_dir) / NAME
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        except OSError as error:
            raise CollectorError(
                f"cannot use the state folder {state_dir}: {error.strerror}",
                hint="create it for this user, or set state_dir to a folder this user may write to",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise _held(state_dir, holder) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def give_to(self, uid: int, gid: int) -> None:
        """Before root becomes that user, who takes the lock at a start without root."""
        os.fchown(self._descriptor, uid, gid)

    def release(self) -> None:
        os.close(self._descriptor)

    let_go = release
    """In a helper process, which must not keep the folder."""


def _held(state_dir: str, holder: str) -> CollectorError:
    if holder.isdecimal() and _has_ended(holder):
        return CollectorError(
            f"workers of a collector that died (pid {holder}) are still finishing in the state folder {state_dir}",
            hint="try again in a few seconds",
        )
    return CollectorError(
        f"another collector (pid {holder or 'unknown'}) is running with the state folder {state_dir}",
        hint="stop it first, or give this one its own state_dir, control socket and ports",
    )


def _has_ended(pid: str) -> bool:
    """Also when its parent has not asked for its exit status yet (a zombie, proc_pid_stat(5))."""
    try:
        return Path("/proc", pid, "stat").read_bytes().rpartition(b") ")[2][:1] in {b"Z", b"X"}
    except FileNotFoundError:
        return True
    except OSError:
        return False
