"""
Whether the places that a plan names can be used. They are looked at and left as they are.

One user may check what another will run, so a missing right is a warning; what no right can mend is an error. Asked
for the user of the service, a missing right is an error too, and its hint the cure.
"""

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from collector.config.problems import Location, Problem
from collector.protocol.columns import COLUMNS
from collector.service import lock
from collector.service.delivery_places import delivery_troubles
from collector.service.plan import Plan, build_plan
from collector.service.privileges import Identity, ask_as
from collector.service.sink_places import Trouble, troubles
from collector.sinks.file import FileOptions
from collector.sinks.old_files import real_path
from collector.sinks.paths import PathTemplate

_SOCKET_PATH_MAX = 107
"""Bytes of a unix socket's path, without the NUL at its end (unix(7))."""


def build_and_look(path: str) -> tuple[Plan | None, list[Problem]]:
    """The plan for a reload. What its places lack is said, as at a start, and is no reason to refuse it."""
    plan, problems = build_plan(path)
    return plan, [*problems, *(replace(one, level="warning") for one in (look(plan, starting=True) if plan else ()))]


def look(plan: Plan, *, starting: bool = False) -> list[Problem]:
    """
    What is wrong with the files, the state folder and the control socket of a plan, for the user who asks, or who is
    ``starting`` it: then there is no other user who might do better.
    """
    return list(_Search(plan, for_service=False, starting=starting).problems())


def look_as(plan: Plan, who: Identity) -> list[Problem]:
    """The same for the user who is to run it. Only root can ask for another than itself."""
    search = _Search(plan, for_service=True)
    if who.uid == os.geteuid():
        return list(search.problems())
    return ask_as(who, lambda: list(search.problems()))


@dataclass(frozen=True)
class _Search:
    plan: Plan
    for_service: bool
    starting: bool = False

    def problems(self) -> Iterator[Problem]:
        plan = self.plan
        places = {route.destination: route.location for route in reversed(plan.routes)}
        found = [*self._own_places()]
        for number, options in enumerate(plan.destinations):
            if options.kind != "file":
                found += map(partial(self._trouble, places[number]), troubles(options, plan.sources))
                continue
            template = PathTemplate(options.file, allowed=COLUMNS)
            if template.below is None:
                found.append(self._file(options.file, places[number]))
                found.append(self._renaming(options, places[number]))
            else:
                found.append(self._folder(template.below, places[number]))
            found.append(self._owner(options, places[number]))
        for delivery, place in plan.deliveries:
            found += map(partial(self._trouble, place), delivery_troubles(delivery))
        return (problem for problem in found if problem)

    def _trouble(self, place: Location, trouble: Trouble) -> Problem:
        if trouble.level == "right":
            return self._problem(place, trouble.message, trouble.cure)
        return Problem(place, trouble.message, "place", trouble.cure, trouble.level)

    def _own_places(self) -> Iterator[Problem | None]:
        """
        State and control. A folder for them that is missing is made by the service manager, where the configuration
        does not name it, or by root before it becomes the user.
        """
        settings, document = self.plan.settings, self.plan.settings.document
        if self.for_service:
            yield from map(self._readable, filter(os.path.exists, self.plan.watched))
        if not self._is_made(settings.state_dir, self.plan.state_dir):
            yield self._file(os.path.join(self.plan.state_dir, lock.NAME), document.location(("state_dir",)))
        if not self._is_made(settings.control, os.path.dirname(self.plan.control)):
            yield self._socket(self.plan.control, document.location(("control",)))

    def _is_made(self, configured: str | None, folder: str) -> bool:
        made = self.plan.settings.user is not None or not configured
        return self.for_service and made and not os.path.lexists(folder or ".")

    def _readable(self, path: str) -> Problem | None:
        """A part of the configuration, which is read again at each reload."""
        return None if _allowed(path, os.R_OK) else self._no_right(Location(path), "read", path, "r")

    def _file(self, path: str, place: Location) -> Problem | None:
        if os.path.isdir(path):
            return _error(place, f"{path} is a folder", "give the path of a file")
        if not os.path.exists(path):
            return self._folder(os.path.dirname(path) or ".", place)
        return None if _allowed(path, os.W_OK) else self._no_right(place, "write to", path, "rw")

    def _renaming(self, options: FileOptions, place: Location) -> Problem | None:
        """To rotate a file takes the right to write in its folder, which to write to the file does not."""
        if options.rotate is None or not os.path.isfile(options.file):
            return None
        return self._folder(os.path.dirname(real_path(options.file)), place)

    def _folder(self, path: str, place: Location) -> Problem | None:
        """A folder that is there or can be made."""
        there = path
        while not os.path.lexists(there) and there not in {"/", "."}:
            there = os.path.dirname(there) or "."
        if not os.path.isdir(there):
            if _first_closed(os.path.join(there, "-")):
                return self._no_right(place, "write in the folder", there, "rwx")
            return _error(place, f"{there} is no folder", "files are to be in it: move it away, or name another folder")
        return (
            None if _allowed(there, os.W_OK | os.X_OK) else self._no_right(place, "write in the folder", there, "rwx")
        )

    def _socket(self, path: str, place: Location) -> Problem | None:
        if len(os.fsencode(path)) > _SOCKET_PATH_MAX:
            return _error(
                place, f"the path of the control socket is longer than {_SOCKET_PATH_MAX} bytes: {path}", "set control"
            )
        if os.path.lexists(path) and not Path(path).is_socket():
            return _error(place, f"{path} is there and is no socket", "remove it, or set control to another path")
        return self._folder(os.path.dirname(path) or ".", place)

    def _owner(self, options: FileOptions, place: Location) -> Problem | None:
        user, groups = os.geteuid(), {None, os.getegid(), *os.getgroups()}
        if user == 0 or (options.owner in {None, user} and options.group in groups):
            return None
        what = f"gives {options.file} to another user or group, which takes CAP_CHOWN"
        return self._problem(place, what, "leave out owner and group, or give the service that right")

    def _no_right(self, place: Location, what: str, path: str, rights: str) -> Problem:
        cure = f"setfacl -m u:{_user()}:{rights} {os.path.abspath(path)}"
        passable = _first_closed(path)
        if passable:
            cure = f"setfacl -m u:{_user()}:x {passable}, then look again"
        return self._problem(place, f"may not {what} {path}", cure)

    def _problem(self, place: Location, what: str, cure: str) -> Problem:
        if self.for_service:
            return Problem(place, f"user {_user()} {what}", "no-right", cure)
        elsewhere = "no matter if another user runs the service: check-config --user NAME asks for that one"
        hint = cure if self.starting else elsewhere
        return Problem(place, f"user {_user()} {what}", "no-right", hint, "warning")


def _first_closed(path: str) -> str | None:
    """The outermost folder above ``path`` that this user cannot pass through."""
    above = reversed([str(folder) for folder in Path(path).absolute().parents])
    folders = (folder for folder in above if os.path.isdir(folder) or not os.path.exists(folder))
    return next((folder for folder in folders if not _allowed(folder, os.X_OK)), None)


def _allowed(path: str, how: int) -> bool:
    return os.access(path, how, effective_ids=True)


def _error(place: Location, message: str, hint: str) -> Problem:
    return Problem(place, message, "place", hint)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
