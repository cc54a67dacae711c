"""
Users: lines on the terminals of those who are logged in, as ``write`` and ``wall`` show them.

    routes:
      - select: "*.alert"
        to: {users: [root, operator]}
      - select: "*.emerg"
        to: {users: "*"}                            # everybody, with a line that says who speaks

Nobody is disturbed who said ``mesg n``, and nobody is flooded: a worker shows at most 20 lines a second, and then how
many there were more. A terminal that is stopped misses what it cannot take. A message counts as written when it was
seen by anybody; when nobody is logged in, or nobody wants it, it is dropped (``nobody``).
"""

import errno
import os
import re
import socket
import time
from typing import Annotated, Any, ClassVar

from collector.config.options import Options, Written
from collector.config.problems import quote
from collector.config.values import BadValueError
from collector.errors import CollectorError
from collector.sinks import Surroundings
from collector.sinks.console import open_terminal
from collector.sinks.terminals import EVERYBODY, Terminals

_LINES_PER_SECOND = 20
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")
_HINT = 'a list of names, or "*" for everybody'


def _users(value: Any) -> tuple[str, ...]:
    """``"*"``, ``root``, ``"root,operator"`` or a list of names."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise BadValueError(f"{quote(value)} names no users", hint=_HINT)
    names = [name.strip() if isinstance(name, str) else name for name in names]
    wrong = [name for name in names if not isinstance(name, str) or not _NAME.fullmatch(name)]
    if tuple(names) == EVERYBODY:
        return EVERYBODY
    if wrong:
        raise BadValueError(f"{quote(wrong[0])} is no name of a user", hint=_HINT)
    return tuple(dict.fromkeys(names))


UserNames = Annotated[
    tuple[str, ...],
    Written(
        _users,
        ",".join,
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
            "description": "Names of users, or * for everybody.",
            "examples": ["*", "root", ["root", "operator"]],
        },
    ),
]


class UsersOptions(Options):
    kind: ClassVar[str] = "users"
    target_field = "users"

    users: UserNames
    """Who is to see the messages; "*" is everybody who is logged in."""

    format: str = "traditional"
    """traditional, rfc5424, json, raw, or the name of one of your templates."""

    @property
    def label(self) -> str:
        return f"users {','.join(self.users)}"


class UsersSink:
    Options = UsersOptions
    waits = False

    def __init__(self, options: UsersOptions, around: Surroundings, terminals: Terminals | None = None) -> None:
        self._users = options.users
        self._label = options.label
        self._meter = around.meter
        self._notice = around.notice
        self._terminals = terminals or Terminals()
        self._found: list[str] | None = None  # since the last tick
        self._shown = 0
        self._held = 0
        self._told = False

    def offer(self, data: bytes, rows: int) -> None:
        self._meter.count("sink_offered", rows)
        if not self._present():
            self._meter.count("sink_dropped", rows, "nobody")
            return
        lines = data.split(b"\n", _LINES_PER_SECOND - self._shown)[:-1]
        self._shown += len(lines)
        self._held += rows - len(lines)
        self._meter.count("sink_dropped", rows - len(lines), "rate")
        if lines:
            self._show(lines)

    def tick(self, _now: float) -> None:
        self._found = None
        held, self._held, self._shown = self._held, 0, 0
        if held:
            more = f"{held:,} more {'message' if held == 1 else 'messages'} not shown"
            self._write_all(self._text([f"... {more}".encode()]))

    def drain(self, _deadline: float) -> bool:
        """Nothing waits here."""
        return False

    def close(self) -> None:
        """Nothing is open."""

    def _show(self, lines: list[bytes]) -> None:
        missed = self._write_all(self._text(lines))
        if missed:
            self._meter.count("sink_dropped", len(lines), missed)
            return
        self._meter.count("sink_written", len(lines))
        self._meter.count("sink_written_bytes", sum(map(len, lines)) + len(lines))

    def _text(self, lines: list[bytes]) -> bytes:
        text = b"".join([line + b"\r\n" for line in lines])
        if self._users != EVERYBODY:
            return text
        host = socket.gethostname().partition(".")[0]
        return f"\r\n\aMessage from syslogd@{host} at {time.asctime()} ...\r\n".encode() + text

    def _present(self) -> list[str]:
        if self._found is None:
            self._found = self._terminals.of(self._users)
        return self._found

    def _write_all(self, text: bytes) -> str:
        """Why nobody saw it; empty when somebody did."""
        seen, missed = False, "nobody"
        for path in self._present():
            why = self._write(path, text)
            seen = seen or not why
            missed = why or missed
        return "" if seen else missed

    def _write(self, path: str, text: bytes) -> str:
        try:
            fd = open_terminal(path)
            try:
                return "" if os.write(fd, text) == len(text) else "full"
            finally:
                os.close(fd)
        except BlockingIOError:
            return "full"
        except OSError as error:
            self._meter.count("sink_errors", reason=errno.errorcode.get(error.errno or 0, "unknown"))
            self._say(path, error)
        except CollectorError:  # no terminal any more
            return "nobody"
        return "cannot_open"

    def _say(self, path: str, error: OSError) -> None:
        if self._told:
            return
        self._told = True
        cure = "; give the service the group of the terminal, tty" if error.errno == errno.EACCES else ""
        self._notice(f"cannot_open {self._label}", f"{self._label}: {path}: {error.strerror}{cure}.")
