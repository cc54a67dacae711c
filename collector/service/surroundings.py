"""
Whether the places that a plan names can be used. They are looked at and left as they are.

One user may check what another will run, so a missing right is a warning; what no right can mend is an error.
"""

import os
import pwd
from pathlib import Path

from collector.config.problems import Location, Problem
from collector.protocol.columns import COLUMNS
from collector.service import lock
from collector.service.plan import Plan
from collector.sinks.file import FileOptions
from collector.sinks.paths import PathTemplate

_SOCKET_PATH_MAX = 107
"""Bytes of a unix socket's path, without the NUL at its end (unix(7))."""


def look(plan: Plan) -> list[Problem]:
    """What is wrong with the files, the state folder and the control socket of a plan, for the user who asks."""
    document = plan.settings.document
    places = {route.destination: route.location for route in reversed(plan.routes)}
    found = [_file(os.path.join(plan.state_dir, lock.NAME), document.location(("state_dir",)))]
    found.append(_socket(plan.control, document.location(("control",))))
    for number, options in enumerate(plan.destinations):
        template = PathTemplate(options.file, allowed=COLUMNS)
        found.append(
            _file(options.file, places[number]) if template.below is None else _folder(template.below, places[number])
        )
        found.append(_owner(options, places[number]))
    return [problem for problem in found if problem]


def _file(path: str, place: Location) -> Problem | None:
    if os.path.isdir(path):
        return _error(place, f"{path} is a folder", "give the path of a file")
    if not os.path.exists(path):
        return _folder(os.path.dirname(path) or ".", place)
    return None if _allowed(path, os.W_OK) else _no_right(place, f"may not write to {path}")


def _folder(path: str, place: Location) -> Problem | None:
    """A folder that is there or can be made."""
    there = path
    while not os.path.lexists(there) and there not in {"/", "."}:
        there = os.path.dirname(there) or "."
    if not os.path.isdir(there):
        return _error(place, f"{there} is no folder", "files are to be in it: move it away, or name another folder")
    return None if _allowed(there, os.W_OK | os.X_OK) else _no_right(place, f"may not write in the folder {there}")


def _socket(path: str, place: Location) -> Problem | None:
    if len(os.fsencode(path)) > _SOCKET_PATH_MAX:
        return _error(
            place, f"the path of the control socket is longer than {_SOCKET_PATH_MAX} bytes: {path}", "set control"
        )
    if os.path.lexists(path) and not Path(path).is_socket():
        return _error(place, f"{path} is there and is no socket", "remove it, or set control to another path")
    return _folder(os.path.dirname(path) or ".", place)


def _owner(options: FileOptions, place: Location) -> Problem | None:
    user, groups = os.geteuid(), {None, os.getegid(), *os.getgroups()}
    if user == 0 or (options.owner in {None, user} and options.group in groups):
        return None
    return _no_right(place, f"gives {options.file} to another user or group, which takes CAP_CHOWN")


def _allowed(path: str, how: int) -> bool:
    return os.access(path, how, effective_ids=True)


def _no_right(place: Location, what: str) -> Problem:
    hint = "no matter if another user runs the service; check as that user"
    return Problem(place, f"user {_user()} {what}", "no-right", hint, "warning")


def _error(place: Location, message: str, hint: str) -> Problem:
    return Problem(place, message, "place", hint)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
