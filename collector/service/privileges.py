"""
Becoming an ordinary user after a start by root.

    root: lock, sockets  →  become(user)  →  control socket, workers, files

CAP_NET_BIND_SERVICE is kept, so that a reload may listen on ports below 1024; nothing else is, and no program started
from here can get more (PR_SET_NO_NEW_PRIVS).
"""

import ctypes
import grp
import os
import pickle
import pwd
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from collector.config import accounts
from collector.config.values import BadValueError
from collector.errors import CollectorError

Result = TypeVar("Result")

_PR_SET_KEEPCAPS = 8  # linux/prctl.h
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION = 0x20080522  # linux/capability.h: sets of 64 bits, in two words
_CAP_NET_BIND_SERVICE = 1 << 10

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """A user with the groups it has; ``gid`` owns what it makes."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def identity(uid: int, gid: int | None = None) -> Identity:
    """Of a user this machine knows."""
    entry = pwd.getpwuid(uid)
    own = entry.pw_gid if gid is None else gid
    return Identity(entry.pw_name, uid, own, tuple(os.getgrouplist(entry.pw_name, own)))


def user_called(name: str) -> int:
    """Raises CollectorError."""
    try:
        return accounts.parse_user(name)
    except BadValueError as error:
        raise CollectorError(str(error), hint=error.hint) from error


def to_become(uid: int | None, gid: int | None) -> Identity | None:
    """
    Who this process has to become for the settings ``user`` and ``group``; None when it need not.

    Raises CollectorError when it cannot.
    """
    if uid is None and gid is None:
        return None
    if os.geteuid() == 0:
        if uid is None:
            raise CollectorError(
                "group is set and user is not", hint="set user: a group alone takes no right from root"
            )
        return None if uid == 0 else identity(uid, gid)
    if uid not in {None, os.geteuid()}:
        name = pwd.getpwuid(uid or 0).pw_name
        raise CollectorError(
            f"only root can become the user {name}",
            hint=f"start it as root, or as {name} (in a systemd unit User={name}), or leave user out",
        )
    if gid not in {None, os.getegid()}:
        name = grp.getgrgid(gid or 0).gr_name
        raise CollectorError(
            f"only root can become the group {name}",
            hint=f"start it as root, or with that group (in a systemd unit Group={name}), or leave group out",
        )
    return None


def make_folders(folders: Iterable[str], owner: Identity) -> None:
    """Those that are missing, for a user who may not make them; one that is there stays as it is."""
    for folder in folders:
        with suppress(OSError):  # who uses it tells what is wrong
            for path in reversed([folder, *map(str, Path(folder).parents)]):
                if not os.path.lexists(path):
                    os.mkdir(path, 0o755)
                    _give(path, owner)


def _give(folder: str, owner: Identity) -> None:
    """By descriptor: what the path leads to may change until then, and a link is not followed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    os.fchown(descriptor, owner.uid, owner.gid)
    os.close(descriptor)


def become(who: Identity) -> None:
    """For good. Raises CollectorError when the system does not let us, as in a container without CAP_SETUID."""
    kept = _capabilities()[1] & _CAP_NET_BIND_SERVICE
    try:
        _call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
        _bound()
        _assume(who)
        _set_capabilities(kept)
        _call("prctl", _PR_SET_KEEPCAPS, 0, 0, 0, 0)
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    except OSError as error:
        raise CollectorError(
            f"cannot become the user {who.name}: {error.strerror}",
            hint=f"root needs CAP_SETUID and CAP_SETGID for that; or start it as {who.name}",
        ) from error


def renounce() -> None:
    """In a worker that is not root: give up the right to use low ports, as it binds nothing."""
    permitted = _capabilities()[1]
    if os.geteuid() != 0 and permitted & _CAP_NET_BIND_SERVICE:
        with suppress(PermissionError):  # a filter of system calls may refuse it, as that of our unit does
            _set_capabilities(permitted & ~_CAP_NET_BIND_SERVICE)


def ask_as(who: Identity, question: Callable[[], Result]) -> Result:
    """
    What ``question`` returns in a process of that user, which ends then. Its answer has to be picklable.

    A process of its own, as access(2) asks with the real user, and that one cannot be changed back.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _assume(who)
            with os.fdopen(writer, "wb") as answer:
                pickle.dump(question(), answer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        data = answer.read()
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise CollectorError(f"cannot look at the files as the user {who.name}")
    return pickle.loads(data)  # type: ignore[no-any-return]  # noqa: S301 - our own child wrote it


def _bound() -> None:
    """No program started from here can get another capability than ours, even without PR_SET_NO_NEW_PRIVS."""
    for number in range(64):
        if 1 << number != _CAP_NET_BIND_SERVICE:
            with suppress(OSError):  # past the last one there is, or without CAP_SETPCAP, as in a container
                _call("prctl", _PR_CAPBSET_DROP, number, 0, 0, 0)


def _assume(who: Identity) -> None:
    os.setgroups(who.groups)
    os.setresgid(who.gid, who.gid, who.gid)
    os.setresuid(who.uid, who.uid, who.uid)


def _capabilities() -> tuple[int, int]:
    """The effective and the permitted set of this process (capget(2))."""
    words = (ctypes.c_uint32 * 6)()
    _call("capget", _header(), words)
    return words[0] | words[3] << 32, words[1] | words[4] << 32


def _set_capabilities(allowed: int) -> None:
    """Effective and permitted become ``allowed``; inheritable none, and with it the ambient set (capabilities(7))."""
    low, high = allowed & 0xFFFFFFFF, allowed >> 32
    _call("capset", _header(), (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0))


def _header() -> "ctypes.Array[ctypes.c_uint32]":
    return (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
