"""
What the lines of a syslog.conf declare for those after them: options of files, default formats, templates; and what
they set that is a setting of the configuration here.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from collector.config.problems import Location, Problem, quote
from collector.config.values import BadValueError, format_mode, parse_mode
from collector.errors import CollectorError
from collector.routing.actions import FORMATS, ROTATION, Action, Rotation, rotate_option
from collector.routing.directives import (
    ALIASES,
    FILE_OPTIONS,
    NOTHING_MEANT,
    Setting,
    allowed_senders,
    hint_for,
    listen_address,
    meaning,
    value_of,
)
from collector.routing.legacy_template import RSYSLOG, LegacyTemplate
from collector.routing.lines import Line
from collector.routing.objects import Parameters

SYSKLOGD = re.compile(
    r"(?P<name>secure_mode|rotate_size|rotate_count|notify|listen|udp_size)(?:\s*=\s*|\s+)(?P<value>\S.*)"
)
DIRECTIVE = re.compile(r"\$(?P<name>\w+)\s*(?P<value>.*)", re.DOTALL)

_COMMENT = re.compile(r"\s+#.*$")
_TEMPLATE = re.compile(
    r"(?P<name>[^,\s\"]+)\s*,\s*\"(?P<text>(?:\\.|[^\"\\])*)\"\s*(?:,\s*(?P<options>[\w,\s]*))?$", re.DOTALL
)
_INPUTS = {"imudp": "udp", "imtcp": "tcp", "imptcp": "tcp", "imuxsock": "unix"}
_MODULES_OF_INPUTS = {"imfile": "files are not followed", "imrelp": "RELP is not received"}


class Declared:
    """
    ``settings``, ``templates`` (by name in lower case) and ``problems`` fill as lines are taken, ``formats_used`` with
    the texts of those formats that actions name.
    """

    def __init__(self) -> None:
        self.settings: list[Setting] = []
        self.templates: dict[str, LegacyTemplate] = {}
        self.problems: list[Problem] = []
        self.formats: dict[str, tuple[str, Location]] = {}
        """The default format of a kind of destination, with the place that says so."""
        self.formats_used: dict[str, str] = {}
        self._rotation = Rotation()
        self._files: dict[str, tuple[str, Location]] = {}
        self._umask = 0
        self._udp_address = ""
        self._acting: dict[str, Callable[[str, Location], None]] = {
            "umask": self._set_umask,
            "template": self._set_template,
            "actionfiledefaulttemplate": lambda value, place: self._set_format("file", value, place),
            "actionforwarddefaulttemplate": lambda value, place: self._set_format("forward", value, place),
            "udpserveraddress": self._set_udp_address,
            "udpserverrun": lambda value, place: self._listen("udp", self._udp_address, value, place),
            "inputtcpserverrun": lambda value, place: self._listen("tcp", "", value, place),
            "inputptcpserverrun": lambda value, place: self._listen("tcp", "", value, place),
            "allowedsender": self._allow,
            "resetconfigvariables": self._reset,
        }

    def completed(self, action: Action) -> Action | None:
        """An action with what was declared for its kind, and its template in our words."""
        if action.kind == "dynafile":
            return self._from_template(action)
        if action.kind == "file":
            options = {name: self._masked(name, value) for name, (value, _) in self._files.items()}
            places = {name: place for name, (_, place) in self._files.items()}
            action = replace(action, options={**options, **action.options}, option_places=places)
        if action.format is None and action.kind in self.formats:
            name, place = self.formats[action.kind]
            action = replace(action, format=name, format_location=place)
        return self._with_format(action)

    def rotated(self, action: Action) -> Action:
        """An action with the option ``rotate``; asked when all lines are read, as sysklogd's words hold for all."""
        if action.kind != "file" or not any((*action.rotation, *self._rotation)):
            return action
        options = {**rotate_option(action.rotation, self._rotation), **action.options}
        return replace(action, options=options)

    def _from_template(self, action: Action) -> Action | None:
        template = self._template(action.target)
        if template is None:
            hint = 'define it above: $template Name,"/var/log/%HOSTNAME%.log"'
            self._problem(action.location, f"unknown template {quote(action.target)}", "template", hint)
            return None
        try:
            return self.completed(replace(action, kind="file", target=template.as_path()))
        except CollectorError as error:
            self._refuse(template, error, action.location)
            return None

    def _with_format(self, action: Action) -> Action | None:
        """A format that the files define is put among those used; another one is left for others to know."""
        template = self._template(action.format or "")
        if template is None:
            return action
        try:
            text = template.as_line()
        except CollectorError as error:
            self._refuse(template, error, action.format_location or action.location)
            return None
        name = f"{template.name}_template" if template.name in FORMATS.values() else template.name
        self.formats_used[name] = text
        return replace(action, format=name)

    def _refuse(self, template: LegacyTemplate, first: CollectorError, place: Location) -> None:
        for error in (first, *first.others):
            self._problem(place, f"template {template.name}: {error}", "template", error.hint)

    def _template(self, name: str) -> LegacyTemplate | None:
        found = RSYSLOG.get(name.lower())
        return self.templates.get(name.lower()) or (LegacyTemplate(*found) if found else None)

    def directive(self, line: Line, found: re.Match[str]) -> None:
        """``$Name value``."""
        value = _COMMENT.sub("", found["value"]) if '"' not in found["value"] else found["value"]
        self.set(found["name"], value.strip(), line.at(0), line.at(found.start("value") - (not found["value"])))

    def set(self, written: str, value: str, place: Location, value_place: Location, sign: str = "$") -> None:
        """A directive; ``sign`` stands before its name in sentences."""
        name = ALIASES.get(written.lower(), written.lower())
        if name in FILE_OPTIONS:
            self._set_file_option(FILE_OPTIONS[name], value.strip('"'), value_place)
        elif name in self._acting:
            self._acting[name](value, value_place)
        else:
            self._explain(f"{sign}{written}", name, value, place)

    def _explain(self, shown: str, name: str, value: str, place: Location) -> None:
        found = meaning(name)
        if found is None:
            self._problem(place, f"unknown directive {quote(shown)}", "directive", hint_for(name))
        elif found.no_effect:
            self._problem(place, f"{quote(shown)} has no effect: {found.no_effect}", "no-effect", None, "warning")
        elif found.key and value.lower() not in NOTHING_MEANT:
            self.settings.append(Setting(place, f"{shown} {value}", found.key, value_of(found.key, value)))

    def word(self, line: Line, found: re.Match[str]) -> None:
        """An option of sysklogd."""
        name, value = found["name"], _COMMENT.sub("", found["value"]).strip()
        place = line.at(found.start("value"))
        if name.startswith("rotate_"):
            self._rotate(name, value, place)
        elif name == "listen":
            address, _, port = value.partition("%")[0].rpartition(":")
            self._listen("udp", address if port.isdecimal() else value, port if port.isdecimal() else "514", place)
        elif name == "secure_mode" and value == "0":
            self._listen("udp", "", "514", place)
        elif name == "udp_size":
            self.settings.append(Setting(place, f"{name} {value}", "max_message", value_of("max_message", value)))
        elif name == "notify":
            self._explain(name, name, value, place)

    def parameters(self, kind: str, parameters: Parameters, place: Location) -> None:
        """``module(…)``, ``input(…)``, ``global(…)``, ``main_queue(…)``, ``template(…)``."""
        if kind == "input":
            self._input(parameters, place)
        elif kind == "template":
            self._template_object(parameters, place)
        elif kind == "global":
            self._global(parameters)
        elif kind == "module":
            self._module(parameters, place)

    def _global(self, parameters: Parameters) -> None:
        for parameter in parameters.by_name.values():
            name = ALIASES.get(parameter.name, parameter.name)
            if name in self._acting or name in FILE_OPTIONS or meaning(name):
                self.set(parameter.name, parameter.value, parameter.location, parameter.location, sign="global ")

    def _module(self, parameters: Parameters, place: Location) -> None:
        name = parameters.text("load").removeprefix("builtin:")
        if name == "omfile":
            for option in ("fileowner", "filegroup", "filecreatemode", "dircreatemode", "dirowner", "dirgroup"):
                if option in parameters.by_name:
                    self.set(option, parameters.text(option), place, parameters.place(option, place), sign="")
            if "template" in parameters.by_name:
                self._set_format("file", parameters.text("template"), parameters.place("template", place))
        elif name == "omfwd" and "template" in parameters.by_name:
            self._set_format("forward", parameters.text("template"), parameters.place("template", place))
        elif name in _MODULES_OF_INPUTS:
            message = f"the module {quote(name)} has no effect: {_MODULES_OF_INPUTS[name]}"
            self._problem(place, message, "no-effect", None, "warning")

    def _input(self, parameters: Parameters, place: Location) -> None:
        kind = _INPUTS.get(parameters.text("type").lower())
        if kind is None:
            message = f"an input of type {quote(parameters.text('type'))} has no effect: it is not known here"
            self._problem(place, message, "no-effect", None, "warning")
        elif kind == "unix":
            path = parameters.text("socket")
            self.settings.append(Setting(place, f'input(type="imuxsock" socket="{path}")', "unix", path or None))
        else:
            ports = parameters.by_name["port"].values if "port" in parameters.by_name else ["514"]
            for port in ports:
                self._listen(kind, parameters.text("address"), port, place)
        if "tls" in parameters.text("streamdriver.name") or parameters.text("streamdriver.mode") == "1":
            self.settings.append(Setting(place, 'input(… streamDriver.mode="1")', "tls"))

    def _template_object(self, parameters: Parameters, place: Location) -> None:
        name = parameters.text("name")
        if parameters.text("type").lower() != "string" or not name or "string" not in parameters.by_name:
            message = f"a template of type {quote(parameters.text('type'))} is not supported"
            hint = 'type="string" string="…", or write it under templates:'
            self._problem(place, message, "template", hint)
            return
        self.templates[name.lower()] = LegacyTemplate(name, parameters.text("string"))

    def _set_template(self, value: str, place: Location) -> None:
        found = _TEMPLATE.match(value)
        if not found:
            hint = '$template Name,"text with %properties%\\n"'
            self._problem(place, f"{quote(value)} is no template", "template", hint)
            return
        self.templates[found["name"].lower()] = LegacyTemplate(found["name"], found["text"])

    def _set_format(self, kind: str, value: str, place: Location) -> None:
        name = value.strip('"')
        self.formats[kind] = FORMATS.get(name.lower(), name), place

    def _set_file_option(self, name: str, value: str, place: Location) -> None:
        if name.endswith("mode") and self._mode(value, place) is None:
            return
        self._files[name] = value, place

    def _set_umask(self, value: str, place: Location) -> None:
        mask = self._mode(value.strip('"'), place)
        self._umask = self._umask if mask is None else mask

    def _set_udp_address(self, value: str, _place: Location) -> None:
        self._udp_address = value

    def _reset(self, _value: str, _place: Location) -> None:
        self._files.clear()
        self.formats.clear()
        self._umask = 0

    def _listen(self, kind: str, address: str, port: str, place: Location) -> None:
        port = port.strip('" ')
        if not (port.isdecimal() and 0 < int(port[:6]) < 65536):
            if port != "0":  # rsyslog's way to say no
                self._problem(place, f"{quote(port)} is no port", "directive", "a number from 1 to 65535: 514")
            return
        target = listen_address(address, port)
        self.settings.append(Setting(place, f"listening on {kind.upper()} port {port}", kind, target))

    def _allow(self, value: str, place: Location) -> None:
        kind, networks, names = allowed_senders(value)
        for name in names:
            # Without a network the list would be empty, and let everybody in.
            level = "warning" if networks else "error"
            message = f"{quote(name)} is left out of the allow-list: names are not looked up there"
            self._problem(place, message, "no-effect", "name its address or network", level)
        if networks:
            self.settings.append(Setting(place, f"$AllowedSender {value}", "allow", networks, kind))

    def _rotate(self, name: str, value: str, place: Location) -> None:
        found = ROTATION.fullmatch(value if name == "rotate_size" else f":{value}")
        if not found:
            self._problem(
                place, f"{quote(value)} is no value of {name}", "directive", "rotate_size 10M, rotate_count 5"
            )
        elif name == "rotate_size":
            self._rotation = self._rotation._replace(size=found["size"])
        else:
            self._rotation = self._rotation._replace(files=found["count"])

    def _mode(self, value: str, place: Location) -> int | None:
        try:
            return parse_mode(value)
        except BadValueError as error:
            self._problem(place, str(error), "bad-value", error.hint)
            return None

    def _masked(self, name: str, value: str) -> str:
        return format_mode(parse_mode(value) & ~self._umask) if name.endswith("mode") else value

    def _problem(self, place: Location, message: str, id_: str, hint: str | None, level: Any = "error") -> None:
        self.problems.append(Problem(place, message, id_, hint, level))
