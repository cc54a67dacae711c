"""
Actions in rsyslog's newer form: ``*.* action(type="omfile" file="/var/log/x" template="…")``.

Of each module the parameters that a destination here has; others that change what is written are told.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from collector.config.problems import Problem, quote
from collector.routing.actions import FORMATS, Action
from collector.routing.lines import Line
from collector.routing.objects import Parameters, read_parameters

_FILE_OPTIONS = {"fileowner": "owner", "filegroup": "group", "filecreatemode": "mode", "dircreatemode": "dir_mode"}
_NO_EFFECT = ("queue.", "action.", "compression.", "streamdriver", "ziplevel", "rebindinterval", "resendlastmsg")
_KNOWN = {
    "type", "template", "file", "dynafile", "target", "port", "protocol", "tcp_framing", "pipe", "users", "name",
    *_FILE_OPTIONS,
}  # fmt: skip


def object_action(line: Line, start: int, inside: int) -> tuple[Action | None, list[Problem]]:
    """An ``action(…)`` that begins at ``start`` of a line; its first parameter stands behind ``inside``."""
    parameters = read_parameters(line, inside)
    if isinstance(parameters, Problem):
        return None, [parameters]
    module = parameters.text("type").lower().removeprefix("builtin:")
    make = _MODULES.get(module)
    if make is None:
        place = parameters.place("type", line.at(start))
        hint = f"known here: {', '.join(_MODULES)}"
        return None, [Problem(place, f"an action of type {quote(module)} is not supported", "unsupported-action", hint)]
    action = make(Action("", "", line.at(start)), parameters)
    if isinstance(action, str):
        return None, [Problem(line.at(start), f"the action has no {action}", "action", f'add {action}="…"')]
    if "template" in parameters.by_name and action.kind != "discard":
        name = parameters.text("template")
        place = parameters.place("template", line.at(start))
        action = replace(action, format=FORMATS.get(name.lower(), name), format_location=place)
    return action, _ignored(parameters)


def _ignored(parameters: Parameters) -> list[Problem]:
    """A warning for each parameter that changes something there and nothing here."""
    return [
        Problem(one.location, f"{quote(one.name)} has no effect here", "no-effect", None, "warning")
        for one in parameters.by_name.values()
        if one.name.startswith(_NO_EFFECT) and one.name not in _KNOWN and one.name != "action.resumeretrycount"
    ]


def _file(action: Action, parameters: Parameters) -> Action | str:
    options = {to: parameters.text(name) for name, to in _FILE_OPTIONS.items() if name in parameters.by_name}
    for name, kind in (("file", "file"), ("dynafile", "dynafile")):
        if name in parameters.by_name:
            place = parameters.place(name, action.location)
            return replace(action, kind=kind, target=parameters.text(name), location=place, options=options)
    return "file"


def _pipe(action: Action, parameters: Parameters) -> Action | str:
    return _named(action, parameters, "pipe", "pipe")


def _users(action: Action, parameters: Parameters) -> Action | str:
    return _named(action, parameters, "users", "users")


def _named(action: Action, parameters: Parameters, name: str, kind: str) -> Action | str:
    if name not in parameters.by_name:
        return name
    target = ",".join(parameters.by_name[name].values)
    return replace(action, kind=kind, target=target, location=parameters.place(name, action.location))


def _forward(action: Action, parameters: Parameters) -> Action | str:
    host = parameters.text("target")
    if not host:
        return "target"
    scheme = "tcp" if parameters.text("protocol").lower() == "tcp" else "udp"
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    counted = scheme == "tcp" and parameters.text("tcp_framing").lower() == "octet-counted"
    options: Mapping[str, Any] = {"framing": "octet_counting"} if counted else {}
    place = parameters.place("target", action.location)
    target = f"{scheme}://{shown}:{parameters.text('port', '514')}"
    return replace(action, kind="forward", target=target, location=place, options=options)


def _discard(action: Action, _parameters: Parameters) -> Action | str:
    return replace(action, kind="discard")


_MODULES: dict[str, Callable[[Action, Parameters], Action | str]] = {
    "omfile": _file, "omfwd": _forward, "ompipe": _pipe, "omusrmsg": _users, "omdiscard": _discard,
}  # fmt: skip
