"""
Who is logged in where: from utmp(5) where the system keeps it, else from the owners of the terminals.

Whoever said ``mesg n`` is left in peace: the terminal's group may not write to it then.
"""

import os
import platform
import pwd
import re
import stat
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

# struct utmp of glibc: type, process, line, id, user, and more of which only the size matters. It has 32-bit times on
# most machines, so that programs of 32 bits can read it too.
_ENTRY = struct.Struct("hi32s4s32s")
_SIZE = 400 if platform.machine() in ("aarch64", "s390x") else 384
_USER_PROCESS = 7

_VIRTUAL = re.compile(r"tty[0-9]+")

EVERYBODY = ("*",)


@dataclass(frozen=True, slots=True)
class Terminals:
    """Looks in ``utmp`` and below ``dev``."""

    utmp: str = "/run/utmp"
    dev: str = "/dev"

    def of(self, users: Collection[str]) -> list[str]:
        """The paths of the terminals of these users that take messages; ``EVERYBODY`` is a user too."""
        try:
            found = self._listed(Path(self.utmp).read_bytes(), users)
        except OSError:
            found = self._owned(users)
        return [path for path in dict.fromkeys(found) if _takes_messages(path)]

    def _listed(self, utmp: bytes, users: Collection[str]) -> Iterator[str]:
        for start in range(0, len(utmp) - _SIZE + 1, _SIZE):
            kind, _, line, _, user = _ENTRY.unpack_from(utmp, start)
            name, path = _text(user), os.path.join(self.dev, _text(line).lstrip("/"))
            if kind != _USER_PROCESS or ".." in path:
                continue
            if users == EVERYBODY or (name in users and _owner(path) == _uid(name)):  # it may be another's by now
                yield path

    def _owned(self, users: Collection[str]) -> Iterator[str]:
        """An idle virtual terminal is root's, as one with root at it is: only other users are seen at those."""
        wanted = None if users == EVERYBODY else {uid for user in users if (uid := _uid(user)) is not None}
        for path in self._candidates():
            owner = _owner(path)
            virtual = os.path.dirname(path) == self.dev
            if owner is not None and (wanted is None or owner in wanted) and not (virtual and owner == 0):
                yield path

    def _candidates(self) -> Iterator[str]:
        pseudo = os.path.join(self.dev, "pts")
        for folder, wanted in ((pseudo, str.isdecimal), (self.dev, _VIRTUAL.fullmatch)):
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            yield from (os.path.join(folder, name) for name in sorted(names) if wanted(name))


def _takes_messages(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) and bool(mode & stat.S_IWGRP)


def _owner(path: str) -> int | None:
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode(errors="surrogateescape")


def _uid(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None
