"""
Programs: an alert for whatever can be called.

    do:
      - exec: [/usr/local/bin/page, --to, night, "{{ hostname }}: {{ title }}"]
        timeout: 20s

The list is the program and its arguments; there is no shell. An argument may hold fields, and stays one argument
whatever they contain: where it begins with a field, leading hyphens become ``_``, so that no text can be an option;
NUL becomes U+FFFD; what is longer than 32 KiB is cut. The alert is on standard input, as one line of JSON, whole.

The environment is PATH, LANG, and

    COLLECTOR_ALERT_ID    the same at every try: what has been done for it need not be done again
    COLLECTOR_RULE, COLLECTOR_SEVERITY

with what ``environment`` adds. A status other than 0 is a failure, and tried again. A program that takes longer than
``timeout`` is killed, with everything in its process group. What a failed one has written is in the log, its beginning.
"""

import errno
import os
import re
import shlex
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from pydantic import Field, field_validator

from collector.actions import DeliveryError, Surroundings
from collector.actions.message import Message, one_line
from collector.actions.options import RemoteOptions, TemplateText
from collector.actions.processes import Ending, Run
from collector.config.options import FilePath, Many
from collector.config.secrets import SecretError, Text, refuse_plain
from collector.config.values import BadValueError, format_duration
from collector.rules.fields import TemplateNames
from collector.templates import Template, TemplateError, compile_template

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_ARGUMENT_LONGEST = 32 * 1024
"""Bytes; the kernel takes 128 KiB (MAX_ARG_STRLEN, execve(2))."""

_HYPHENS = re.compile("^-+")


class ExecOptions(RemoteOptions):
    kind: ClassVar[str] = "exec"
    target_field = "exec"

    exec: Many[str] = Field(min_length=1)
    """The program, by its whole path, and its arguments, which may hold fields."""

    environment: dict[str, Text] = Field(default_factory=dict)
    """Variables for the program; their values may be references to secrets."""

    folder: FilePath = "/"
    """The folder it is started in."""

    @field_validator("exec", mode="before")
    @classmethod
    def _no_shell(cls, value: Any) -> Any:
        if isinstance(value, str):
            words = ", ".join(value.split()[:3])
            raise BadValueError("a command is a list, as there is no shell", hint=f"[{words}]")
        return value

    @field_validator("exec")
    @classmethod
    def _program_is_fixed(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        program = value[0]
        if "{{" in program or "{%" in program:
            raise BadValueError("no message may choose the program", hint="its whole path, without fields")
        if not program.startswith("/"):
            raise BadValueError("a program is named by its whole path", hint=f"such as /usr/local/bin/{program}")
        if any("\0" in argument for argument in value):
            raise BadValueError("an argument cannot hold NUL", hint="leave it out")
        return value

    @field_validator("environment")
    @classmethod
    def _variables(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not name or "=" in name or "\0" in name:
                raise BadValueError("this is no name of a variable", hint="letters, digits and _", option=name)
        refuse_plain(value)
        return value

    @property
    def label(self) -> str:
        return f"exec {os.path.basename(self.exec[0])}"

    def templates(self) -> Iterator[TemplateText]:
        for index, text in enumerate(self.exec):
            yield TemplateText(("exec", index), text, finish=_finish_of(text))


class ExecAction:
    Options = ExecOptions

    def __init__(self, options: ExecOptions, names: TemplateNames, _around: Surroundings) -> None:
        self._options = options
        self._arguments = [_Argument(text, names) for text in options.exec]
        self._runs: set[Run] = set()
        self._lock = threading.Lock()

    def deliver(self, message: Message, _left: Any) -> None:
        try:
            argv = [argument.fill(message) for argument in self._arguments]
            environment = self._environment(message)
        except TemplateError as error:
            raise DeliveryError(str(error), reason="template", again=False) from error
        except SecretError as error:
            raise DeliveryError(str(error), reason="secret", again=True, reach="all") from error
        try:
            run = Run(argv, environment, self._options.folder)
        except OSError as error:
            text = f"{self._options.exec[0]} cannot be started: {error.strerror}"
            raise DeliveryError(text, reason="start", again=error.errno != errno.E2BIG, reach="all") from error
        ending = self._finish(run, message)
        if ending.late or ending.status:
            raise self._failed(ending)

    def preview(self, message: Message) -> str:
        try:
            argv = [argument.fill(message) for argument in self._arguments]
        except TemplateError as error:
            return f"exec {self._options.exec[0]}: {error}"
        return one_line(f"exec {shlex.join(argv)}")

    def close(self) -> None:
        with self._lock:
            for run in self._runs:
                run.kill()

    def _finish(self, run: Run, message: Message) -> Ending:
        with self._lock:
            self._runs.add(run)
        try:
            return run.finish(message.json.encode() + b"\n", self._options.timeout)
        finally:
            with self._lock:
                self._runs.discard(run)

    def _environment(self, message: Message) -> dict[str, str]:
        own = {name: text.reveal() for name, text in self._options.environment.items()}
        told = {"ALERT_ID": message.id, "RULE": message.rule, "SEVERITY": message.severity}
        return {
            "PATH": PATH,
            "LANG": "C.UTF-8",
            **{f"COLLECTOR_{name}": one_line(text) for name, text in told.items()},
            **own,
        }

    def _failed(self, ending: Ending) -> DeliveryError:
        if ending.late:
            why, reason = f"did not end within {format_duration(self._options.timeout)}", "timeout"
        elif ending.status < 0:
            why, reason = f"was ended by {_signal(-ending.status)}", "signal"
        else:
            why, reason = f"ended with status {ending.status}", "status"
        said = one_line(ending.output, 300)
        text = f"{self._options.exec[0]} {why}" + (f": {said}" if said else "")
        return DeliveryError(text, reason=reason, again=True)


class _Argument:
    def __init__(self, text: str, names: TemplateNames) -> None:
        self._template: Template = compile_template(text, allowed=names)
        self._finish = _finish_of(text)

    def fill(self, message: Message) -> str:
        """Raises TemplateError: a program is not called with half an argument."""
        if self._template.literal is not None:
            return self._template.literal
        return self._finish(message.fill(self._template))


def _finish_of(template: str) -> Callable[[str], str]:
    return _begun_by_field if template.startswith("{") else _bounded


def _bounded(text: str) -> str:
    """What an argument may be: without NUL, and not too long."""
    return text.replace("\0", "\ufffd").encode()[:_ARGUMENT_LONGEST].decode(errors="ignore")


def _begun_by_field(text: str) -> str:
    """The same for one that a message has begun: it is no option."""
    return _bounded(_HYPHENS.sub(lambda found: "_" * len(found[0]), text))


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
