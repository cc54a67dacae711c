"""
Terminals: alerts as lines on a screen, or as its bell.

    do:
      - terminal: echo
      - {terminal: bell, path: /dev/console}

Without ``path`` it is the terminal on which the collector was started; where there is none, the own log, which shows
one alert of each rule in ten seconds and how many more there were. The line has the colour of the alert's severity,
unless NO_COLOR is set. A terminal that is stopped, slow or gone never holds anything up: what it does not take at once
is not shown, and counted as dead.
"""

import os
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from collector.actions import DeliveryError, Surroundings
from collector.actions.message import Message, one_line
from collector.actions.options import ActionOptions, TemplateText
from collector.config.options import FilePath
from collector.errors import CollectorError
from collector.rules.fields import TemplateNames
from collector.sinks.console import open_terminal
from collector.templates import compile_template

_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36"}
_LOOKED_AFTER = frozenset(("critical", "high", "medium"))
"""Alerts that are warnings in the own log; nothing is wrong with the program, so they are no errors."""

_LINE = "{{ fired_at }} [{{ severity }}] {{ rule }}: {{ title }}"
_LOG_LINE = "[{{ severity }}] {{ rule }}: {{ title }}"
_STDERR = 2
_LONGEST = 4000


class TerminalOptions(ActionOptions):
    kind: ClassVar[str] = "terminal"
    target_field = "terminal"

    terminal: Literal["echo", "bell"]
    """A line, or a line and the bell."""

    path: FilePath | None = None
    """The terminal; without it the one on which the collector was started, or else the own log."""

    line: str = _LINE
    """Template of the line; in the own log, which tells the time itself, it begins with the severity."""

    @property
    def label(self) -> str:
        return f"{self.terminal} on {self.path or 'the terminal'}"

    def templates(self) -> Iterator[TemplateText]:
        yield TemplateText(("line",), self.line, finish=_one)


class TerminalAction:
    Options = TerminalOptions

    def __init__(self, options: TerminalOptions, names: TemplateNames, around: Surroundings) -> None:
        self._options = options
        self._around = around
        self._line = compile_template(options.line, allowed=names)
        self._log_line = self._line if options.line != _LINE else compile_template(_LOG_LINE, allowed=names)

    def deliver(self, message: Message, _left: Any) -> None:
        path = self._options.path or _own_terminal()
        if path is None:
            level = "warning" if message.severity in _LOOKED_AFTER else "info"
            self._around.say(level, f"alert {message.rule}", _one(message.fill_or_say(self._log_line)))
            return
        data = self._dressed(self._text(message), message.severity).encode()
        try:
            if _write(path, data) < len(data):
                raise DeliveryError(f"{path} does not take the whole line", reason="full", again=False)
        except BlockingIOError as error:
            raise DeliveryError(f"{path} takes no more", reason="full", again=False) from error
        except (OSError, CollectorError) as error:
            text = f"{path} cannot be written to: {getattr(error, 'strerror', None) or error}"
            raise DeliveryError(text, reason="gone", again=False) from error

    def preview(self, message: Message) -> str:
        return f"{self._options.label}: {self._text(message)}"

    def close(self) -> None:
        """Nothing is open between two alerts."""

    def _text(self, message: Message) -> str:
        return _one(message.fill_or_say(self._line))

    def _dressed(self, line: str, severity: str) -> str:
        colour = None if os.environ.get("NO_COLOR") else _COLOURS.get(severity)
        bell = "\a" if self._options.terminal == "bell" else ""
        return f"\033[{colour}m{line}\033[0m{bell}\r\n" if colour else f"{line}{bell}\r\n"


def _one(text: str) -> str:
    return one_line(text, _LONGEST)


def _own_terminal() -> str | None:
    return os.ttyname(_STDERR) if os.isatty(_STDERR) else None


def _write(path: str, data: bytes) -> int:
    fd = open_terminal(path)
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)
