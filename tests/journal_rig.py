"""Journals in tests: dying at any step of what is being done to them, and looking at what is left."""

import contextlib
import os


class Killed(BaseException):
    """Stands for SIGKILL: nobody catches it who lives on."""


CALLS = ("open", "write", "writev", "pwrite", "ftruncate", "unlink", "rename", "makedirs", "fork")


@contextlib.contextmanager
def killed_at(step, cut=0):
    """
    Die at the system call with this number, counted from 0, among those that change something; of a write, ``cut``
    bytes are still written. Whether that happened is in the object this gives.
    """
    fate = Fate(step, cut)
    originals = {name: getattr(os, name) for name in CALLS}
    for name, original in originals.items():
        setattr(os, name, fate.watch(name, original))
    try:
        yield fate
    except Killed:
        fate.killed = True
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


class Fate:
    def __init__(self, step, cut):
        self.left, self.cut, self.killed = step, cut, False

    def watch(self, name, original):
        def call(*arguments, **named):
            self.left -= 1
            if self.left != -1:
                return original(*arguments, **named)
            if name in ("write", "writev", "pwrite"):
                fd, data, *where = arguments
                data = b"".join(data) if name == "writev" else bytes(data)
                os.pwrite(fd, data[: self.cut], *where) if where else append(fd, data[: self.cut])
            raise Killed

        return call


def append(fd, data):
    with open(os.dup(fd), "ab", buffering=0) as file:
        file.write(data)


def abandon(*ends):
    """What the death of a process does: descriptors are closed, and nothing else happens."""
    for end in ends:
        for holder in (end, getattr(end, "_kept", None)):
            for name in ("_fd", "_lock"):
                fd = getattr(holder, name, -1)
                if fd >= 0:
                    with contextlib.suppress(OSError):
                        os.close(fd)


def segments_in(folder):
    return sorted(path for path in folder.iterdir() if path.suffix == ".v1")


def read_all(reader, limit=1 << 20):
    found = []
    while got := reader.read(limit):
        found += got
    return found


def everything(reader, limit=1 << 20):
    return [payload for _, payload in read_all(reader, limit)]
