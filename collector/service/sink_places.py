"""Whether pipes, terminals, users and peers of a plan are there. They are looked at and left as they are."""

import grp
import os
import pwd
import socket
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from collector.config.network import Address
from collector.sinks.console import ConsoleOptions
from collector.sinks.forward import ForwardOptions
from collector.sinks.paths import file_name
from collector.sinks.pipe import PipeOptions
from collector.sinks.terminals import EVERYBODY
from collector.sinks.users import UsersOptions


@dataclass(frozen=True, slots=True)
class Trouble:
    """``right`` is missing for the user who asks; a ``warning`` is of what may change; an ``error`` cannot work."""

    level: Literal["error", "warning", "right"]
    message: str
    cure: str


def troubles(options: Any, sources: Iterable[Any]) -> Iterator[Trouble]:
    """What is wrong with a destination that is no file; ``sources`` are those of the plan."""
    match options:
        case PipeOptions():
            return _special(options.pipe, stat.S_ISFIFO, "named pipe", f"create it with `mkfifo {options.pipe}`")
        case ConsoleOptions():
            cure = "lines are dropped and counted until it is"
            return _special(options.console, stat.S_ISCHR, "terminal", cure)
        case UsersOptions():
            return _users(options)
        case ForwardOptions():
            return _loops(options, sources)
        case _:
            return iter(())


def _special(path: str, is_one: Any, what: str, cure: str) -> Iterator[Trouble]:
    try:
        mode = os.stat(file_name(path)).st_mode
    except FileNotFoundError:
        yield Trouble("warning", f"the {what} {path} is not there", cure)
        return
    except OSError as error:
        yield Trouble("right", f"cannot look at {path}: {error.strerror}", f"let it pass the folders above {path}")
        return
    if not is_one(mode):
        yield Trouble("error", f"{path} is no {what}", f"move it away, or name a {what}")
    elif not os.access(file_name(path), os.W_OK, effective_ids=True):
        group = grp.getgrgid(os.stat(file_name(path)).st_gid).gr_name
        yield Trouble("right", f"may not write to {path}", f"let it: by the group {group}, or `setfacl -m`")


def _users(options: UsersOptions) -> Iterator[Trouble]:
    if options.users != EVERYBODY:
        for name in options.users:
            if not _is_known(name):
                yield Trouble("warning", f'there is no user "{name}"', "`getent passwd` lists those there are")
    if os.geteuid() and not _in_tty_group():
        yield Trouble("right", "may not write to the terminals of others", "add it to the group tty")


def _is_known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _in_tty_group() -> bool:
    try:
        return grp.getgrnam("tty").gr_gid in {os.getegid(), *os.getgroups()}
    except KeyError:
        return False


def _loops(options: ForwardOptions, sources: Iterable[Any]) -> Iterator[Trouble]:
    peer = options.forward
    for source in sources:
        if source.kind != peer.transport:
            continue
        if _reaches(peer.address, getattr(source.options, source.options.target_field)):
            yield Trouble(
                "warning",
                f"{options.label} is {source.name} of this very service: its messages go round in a circle",
                "forward to another host",
            )


def _reaches(target: Address, listening: Address) -> bool:
    """Whether what is sent there arrives here. Names are not looked up, but for those of this machine."""
    if target.port != listening.port:
        return False
    own = target.host.lower() in {"localhost", socket.gethostname().lower()}
    if listening.host in {"", "0.0.0.0", "::"}:  # noqa: S104 - it is compared, not bound
        return own or _is_own(target.host)
    return target.host == listening.host or (own and listening.host in {"localhost", "127.0.0.1", "::1"})


def _is_own(address: str) -> bool:
    """An address of this machine is one that can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            socket.inet_pton(family, address)
            probe.bind((address, 0))
    except OSError:
        return False
    return True
