"""
What sysklogd and rsyslog read in a syslog.conf and this program does not: each with its name and a cure.

Two shelves of patterns, for lines and for actions; the first that fits says what it is.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from collector.config.problems import quote


class Foreign(NamedTuple):
    """``id`` is the problem's; the hint is None where nothing else can be written."""

    message: str
    id: str
    hint: str | None


_MAPPING = 'write the route as a mapping with "select:", "where:" and "to:"'
_ACTION = "a destination is a file, a named pipe, a terminal, users or another host"

_STATEMENT = Foreign("RainerScript statements are not supported", "unsupported-statement", _MAPPING)
_STATEMENTS = "if|then|foreach|else|set|unset|reset|call|call_indirect|reload_lookup_table"
_OBJECTS = "property|constant|ruleset|lookup_table|parser|timezone|dyn_stats|perctile_stats|ratelimit"

_M4 = Foreign(
    "macros of m4 (ifdef) are not supported",
    "unsupported-statement",
    "write what m4 makes of the file: m4 -D LOGHOST FILE",
)

_LINES = (
    (r"(ifdef|ifelse|define)\(|dnl\b", _M4),
    (
        r"(tls_\w+|sign_\w+|(tls|file|pipe)_queue_\w+)\s*=",
        Foreign(
            "settings of NetBSD's TLS, signatures and queues are not supported",
            "unsupported-statement",
            "remove the line; how much may wait for a host is an option of the destination: queue",
        ),
    ),
    (rf"({_STATEMENTS})\b(?![.,;])|({_OBJECTS})\s*\(|[{{}}()]", _STATEMENT),
)

_ACTIONS = (
    (
        r"\|",
        Foreign(
            "running a program (|program) is not supported",
            "unsupported-action",
            "let the program read a named pipe, which mkfifo makes: |/run/collector/pipe",
        ),
    ),
    (
        r"\^",
        Foreign(
            "running a program (^program) is not supported",
            "unsupported-action",
            "let the program read a named pipe, which mkfifo makes: |/run/collector/pipe",
        ),
    ),
    (r"ifdef\(", _M4),
    (
        r":[0-9]+:",
        Foreign("memory buffers of OpenBSD (:size:name) are not supported", "unsupported-action", _ACTION),
    ),
    (r":", Foreign("output modules of rsyslog (:module:) are not supported", "unsupported-action", _ACTION)),
    (
        r"-?\$",
        Foreign(
            "output channels of rsyslog ($name) are not supported",
            "unsupported-action",
            "name the file, and say when it is rotated: /var/log/file;rotate=10M:5",
        ),
    ),
    (r">", Foreign("writing to a database (>) is not supported", "unsupported-action", _ACTION)),
    (r"call\s|\{(?!\{)", _STATEMENT),
    (r"-(\s|$)", Foreign('"-" stands alone', "action", 'write the path directly behind it: "-/var/log/file"')),
)


def foreign_line(text: str) -> Foreign | None:
    """What a line is that has no ``selector  action``; None for one that may have."""
    return _first(_LINES, text)


def foreign_action(text: str, path: str) -> Foreign | None:
    """What an action is that names no file to append to; ``path`` is its first word without a leading ``-``."""
    if path.startswith(("/", "./", "../")) or path in {"~", "stop"} or "{{" in path.partition("/")[0]:
        return None
    foreign = _first(_ACTIONS, text)
    if foreign:
        return foreign
    if "/" in path or "." in path:
        return Foreign(
            f"{quote(path)} is no path", "action", f'begin it with "/", or a relative one with "./": "./{path}"'
        )
    return Foreign(f"{quote(path)} is no action", "action", _ACTION)


def _first(shelf: Iterable[tuple[str, Foreign]], text: str) -> Foreign | None:
    return next((foreign for pattern, foreign in shelf if re.match(pattern, text, re.IGNORECASE)), None)
