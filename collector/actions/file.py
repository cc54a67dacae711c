"""
Files: alerts as lines.

    destinations:
      journal: {file: /var/log/collector/alerts.json}
      by-rule: {file: "/var/log/collector/alerts/{{ rule }}.log", line: "{{ fired_at }} {{ title }}"}

A line is the alert as JSON, or a template of one line. A path with fields stays below its fixed part whatever they
hold, as with the files of messages. The file is opened for each alert, so it may be moved away at any time.
"""

import errno
import os
import time
from collections.abc import Iterator
from typing import Any, ClassVar

from collector.actions import DeliveryError, Surroundings
from collector.actions.message import Message, one_line
from collector.actions.options import ActionOptions, TemplateText
from collector.config.options import FilePath, Mode
from collector.errors import CollectorError
from collector.rules.fields import TemplateNames
from collector.sinks.paths import PathTemplate, SafePaths, open_append
from collector.sinks.torn import end_torn_line
from collector.templates import TemplateError, compile_template

MAX_PATHS = 1000
"""Files of one destination whose path has fields."""


class FileOptions(ActionOptions):
    kind: ClassVar[str] = "file"
    target_field = "file"

    file: FilePath
    """Path of the file; may hold fields such as {{ rule }}."""

    line: str | None = None
    """Template of a line; without it the alert is written as JSON."""

    mode: Mode = 0o640
    """Permissions of a new file."""

    dir_mode: Mode = 0o750
    """Permissions of new folders."""

    @property
    def label(self) -> str:
        return f"file {self.file}"

    def templates(self) -> Iterator[TemplateText]:
        yield TemplateText(("file",), self.file, PathTemplate)
        if self.line is not None:
            yield TemplateText(("line",), self.line, finish=_one)


class FileAction:
    Options = FileOptions

    def __init__(self, options: FileOptions, names: TemplateNames, around: Surroundings) -> None:
        self._options = options
        self._around = around
        self._paths = SafePaths(PathTemplate(options.file, allowed=names), max_paths=MAX_PATHS)
        self._line = None if options.line is None else compile_template(options.line, allowed=names)

    def deliver(self, message: Message, _left: Any) -> None:
        try:
            self._append(self._path(message), self._text(message))
        except TemplateError as error:
            raise DeliveryError(str(error), reason="path", again=False) from error
        except CollectorError as error:
            raise DeliveryError(str(error), reason="path", again=True) from error
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "unknown").lower()
            text = f"{self._options.file} cannot be written: {error.strerror}"
            raise DeliveryError(text, reason=name, again=True) from error

    def preview(self, message: Message) -> str:
        return one_line(f"file {self._path(message)}: {self._text(message).decode()}")

    def close(self) -> None:
        """Nothing is open between two alerts."""

    def _path(self, message: Message) -> str:
        values = {name: message.values.get(name) for name in self._paths.template.variables}
        path = self._paths.path_for(values, time.monotonic())
        if path is None:
            raise DeliveryError(f"{self._options.file} has {MAX_PATHS:,} files already", reason="paths", again=False)
        return path

    def _text(self, message: Message) -> bytes:
        text = message.json if self._line is None else _one(message.fill_or_say(self._line))
        return text.encode() + b"\n"

    def _append(self, path: str, data: bytes) -> None:
        below = self._paths.template.below
        mode, dir_mode = self._options.mode, self._options.dir_mode
        fd = open_append(path, refused=self._say_rights, below=below, mode=mode, dir_mode=dir_mode)
        try:
            end_torn_line(path, fd, patient=False)  # by a disk that was full in the middle of one
            written = os.write(fd, data)
        finally:
            os.close(fd)
        if written < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _say_rights(self, error: OSError) -> None:
        sentence = f"{self._options.file} cannot be given its permissions: {error.strerror}."
        self._around.say("warning", f"rights {self._options.file}", sentence)


def _one(text: str) -> str:
    return one_line(text, 65_536)
