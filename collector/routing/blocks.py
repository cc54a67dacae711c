"""
The blocks of BSD and sysklogd: lines that narrow all lines after them.

    !sshd,sudo          only what these programs say; "!+sshd" is the same, "!-sshd" all others, "!*" all again;
                        "*" and "?" stand for any characters and one, as on OpenBSD
    +gate,192.0.2.7     only what comes from these hosts; "-gate" all others, "+*" all again, "@" is this machine
    :msg, contains, "x" only what this filter takes; ":*" all again

One of each kind holds at a time, to the next of its kind or to the end of the file; all three must fit. The forms
``#!sshd``, ``#+gate`` and ``#:msg, …``, which daemons that know no blocks take for comments, are read as well.

A program is compared with the app name as a whole, and with what stands before a slash in it: ``postfix`` is also
``postfix/smtpd``. A host is compared with the name in the message, an address also with the one it came from.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from collector.routing.property_filter import PropertyTest, both, either

_NAME = r"[^\s,#*/+-][^\s,]*"
_NAMES = rf"{_NAME}(?:\s?,\s?{_NAME})*,?"
_END = r"\s*(?:\s#.*)?$"

_PROGRAM = r"[^\s,#!\"'][^\s,\"']*"

PROGRAMS = re.compile(rf"!(?P<last>!?)\s*(?P<sign>[+-]?)\s*(?P<names>\*|{_PROGRAM}(?:,[^\s,\"']+)*,?)?{_END}")
HOSTS = re.compile(rf"(?P<sign>[+-])\s*(?P<names>\*|{_NAMES}){_END}")
IN_COMMENT = re.compile(rf"#(?:!\s*[+-]?(?:\*|{_NAMES})|[+-](?:\*|{_NAMES})){_END}|#:\s*\w+\s*,.*\"{_END}")
"""A block in the form of a comment; strict, as most comments that begin with a sign are drawings."""


@dataclass(slots=True)
class Blocks:
    """The blocks that hold at a line. ``local`` are the names of this machine, for ``@``."""

    local: Sequence[str] = ()
    programs: Mapping[str, Any] = field(default_factory=dict)
    hosts: Mapping[str, Any] = field(default_factory=dict)
    filter: PropertyTest | None = None

    @property
    def where(self) -> Mapping[str, Any]:
        """What the blocks ask, in the words of ``where:``; empty where none holds."""
        return both(self.hosts, self.programs, self.filter.where if self.filter else {})

    def set_programs(self, found: re.Match[str]) -> None:
        names = _split(found["names"])
        whole = [name for name in names if "/" in name]
        first = [name for name in names if "/" not in name]
        tests = [{"program|cased": _globs(first)}] if first else []
        tests += [{"app_name|cased": _globs(whole)}] if whole else []
        self.programs = _signed(found["sign"], tests)

    def set_hosts(self, found: re.Match[str]) -> None:
        names = [name for word in _split(found["names"]) for name in (self.local if word == "@" else [word])]
        tests: list[Mapping[str, Any]] = [{"hostname": _globs(names)}] if names else []
        addresses = [name for name in names if _is_address(name)]
        tests += [{"address": _globs(addresses)}] if addresses else []
        self.hosts = _signed(found["sign"], tests)


def _split(names: str | None) -> list[str]:
    words = [name.strip() for name in (names or "").split(",")]
    return list(dict.fromkeys(word for word in words if word and word != "*"))


def _globs(names: Sequence[str]) -> str | list[str]:
    globs = [name.replace("\\", r"\\") for name in names]
    return globs[0] if len(globs) == 1 else globs


def _signed(sign: str, tests: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not tests:
        return {}
    return {"not": either(*tests)} if sign == "-" else either(*tests)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
