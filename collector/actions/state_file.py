"""A small file of state, replaced whole, so that it is always that of one moment."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

_VERSION = 1


class StateFile:
    """``notice(level, event, sentence)`` is told when it cannot be read or written."""

    def __init__(self, path: str, notice: Callable[[str, str, str], None]) -> None:
        self._path = path
        self._notice = notice

    def load(self) -> dict[str, Any]:
        """What was saved last; nothing when it cannot be read, which is told."""
        try:
            with open(self._path, "rb") as file:
                state = json.load(file)
            if state["version"] == _VERSION:
                return dict(state)
            reason = f"it is of another version, {state['version']}"
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error)
        sentence = f"{self._path} cannot be used: {reason}. Some alerts may be sent once more."
        self._notice("warning", "dispatcher state", sentence)
        return {}

    def save(self, state: Mapping[str, Any]) -> bool:
        """False, and told, when that is not possible now."""
        new = f"{self._path}.new"
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
                file.write(json.dumps({"version": _VERSION, **state}))  # several times as fast as json.dump
            os.replace(new, self._path)
        except OSError as error:
            sentence = f"{self._path} cannot be written: {error.strerror}. After a restart alerts would be sent again."
            self._notice("error", "dispatcher state", sentence)
            return False
        return True
