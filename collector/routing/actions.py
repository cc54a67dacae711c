r"""
The action of a line: what is to be done with its messages, in the words of a destination.

    /var/log/x   -/var/log/x   |/run/fifo   /dev/console   root,operator   *   :omusrmsg:root
    @host   @host:5514   @[2001:db8::1]   @@host   @@(o)host   ?Template   ~   stop

    action  = ["-"] target [";" option *("," option)] ["#" comment]
    option  = format / "rotate=" [size] [":" count] / "iface=" name / "ttl=" number

``-`` turns off a sync that is never done. A path ends at a blank; ``{{ }}`` in it may hold blanks. Options may stand
behind blanks, as sysklogd has it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from collector.config.problems import Location, Problem, quote
from collector.routing.foreign import Foreign, foreign_action
from collector.routing.lines import Line

FORMATS = {
    "rsyslog_traditionalfileformat": "traditional",
    "rsyslog_traditionalforwardformat": "traditional",
    "rsyslog_syslogprotocol23format": "rfc5424",
    "rsyslog_stdjsonfmt": "json",
    "rfc3164": "traditional",
    "rfc5424": "rfc5424",
    "traditional": "traditional",
    "json": "json",
    "raw": "raw",
}
"""Format names of rsyslog and sysklogd, in lower case, and ours; any other name is a template."""

LOOKS_LIKE_ONE = re.compile(r"-?(/|\.{1,2}/|\{\{)|[@|^?~:$>]")
"""The beginning of an action that nobody can take for a word of a selector."""

_TAG = r"\{\{(?:\"[^\"]*\"|'[^']*'|[^\"'}]|\}(?!\}))*\}\}|\{%.*?%\}"
_USER = r"[A-Za-z_][\w-]*\$?"
_TARGET = rf"{_USER}(?:,[ \t]*{_USER})+(?=[\s;]|$)|(?:{_TAG}|[^\s;])+"
_WORDS = re.compile(
    rf"(?P<sync>-?)(?P<target>{_TARGET})[ \t]*(?:;[ \t]*(?P<options>[^\s#]*))?[ \t]*(?P<rest>.*)", re.DOTALL
)
_PEER = re.compile(
    r"(?P<tcp>@?)@(?:\((?P<flags>[^)]*)\))?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:\[\]()@]+)(?::(?P<port>[0-9]{1,5}))?"
)
_URI = re.compile(r"@(?P<scheme>tcp|udp|tls)[46]?://(?P<peer>.*)", re.IGNORECASE)
_MARKED = re.compile(
    r"\?(?P<template>.+)|\|(?P<pipe>\.{0,2}/.+)"
    rf"|(?!(?:stop|call)$)(?P<users>\*|{_USER}(?:,[ \t]*{_USER})*,?)|:omusrmsg:(?P<named>[^:;/]+)",
    re.IGNORECASE | re.DOTALL,
)
_DISCARD = {"~", "stop"}
_TERMINAL = re.compile(r"/dev/(console|sysmsg|tty\w*|pts/[0-9]+|vc/[0-9]+|hvc[0-9]+)")
_OTHER_NAMES = {"/dev/sysmsg": "/dev/console"}
"""What Solaris calls the console."""
ROTATION = re.compile(r"(?:rotate=)?(?P<size>[0-9]+[kKmMgG]?[bB]?)?(?::(?P<count>[0-9]{1,6}))?", re.IGNORECASE)
_UNITS = {"": "B", "k": "KiB", "m": "MiB", "g": "GiB"}
_DEFAULT_PORT = "514"


class Rotation(NamedTuple):
    """``10M:5`` as sysklogd writes it; None is not said."""

    size: str | None = None
    files: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """
    ``kind`` is that of a destination, or ``discard``, or ``dynafile``, whose target is the name of a template.
    ``target`` and ``options`` are what YAML would hold; the location is that of the target's first character.
    ``format`` is None where the line names none. ``option_places`` says where an option is written, if not here.
    """

    kind: str
    target: str
    location: Location
    format: str | None = None
    format_location: Location | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    option_places: Mapping[str, Location] = field(default_factory=dict)
    rotation: Rotation = field(default_factory=Rotation)


def read_action(line: Line, start: int) -> tuple[Action | None, list[Problem]]:
    """The action that begins at ``start`` of a line, None where it cannot be used; problems may come with one."""
    text = line.text[start:]
    found = _WORDS.match(line.text, start)
    if found is None:
        return None, [_problem(line, start, Foreign(f"{quote(text)} is no action", "action", None))]
    recognised = _target(line, found)
    if isinstance(recognised, Problem):
        return None, [recognised]
    wrong = _wrong_end(line, found)
    options, problems = _options(line, found)
    problems = ([wrong] if wrong else []) + problems
    if any(problem.level == "error" for problem in problems):
        return None, problems
    kind, target, at, more = recognised
    name, place = options.get("format", (None, None))
    rotation = options.get("rotate", Rotation())
    return Action(kind, target, line.at(at), name, place, more, rotation=rotation), problems


def rotate_option(rotation: Rotation, common: Rotation) -> Mapping[str, Any]:
    """
    The option ``rotate`` of a file; ``common`` fills in what is missing. Without a size nothing is ever rotated. The
    count of sysklogd includes the file that is written.
    """
    size, count = rotation.size or common.size, int(rotation.files or common.files or 0)
    digits, unit = re.sub(r"\D", "", size or ""), re.sub(r"[0-9bB]", "", size or "").lower()
    if not int(digits or 0):
        return {}
    return {"rotate": {"size": f"{int(digits)}{_UNITS[unit]}", **({"keep": max(count - 1, 1)} if count else {})}}


def _target(line: Line, found: re.Match[str]) -> Problem | tuple[str, str, int, Mapping[str, Any]]:
    """Kind, target, its offset in the line, and options; or why it is none."""
    start, text = found.start("target"), found["target"]
    marked = _MARKED.fullmatch(text)
    if marked and marked["template"]:
        return "dynafile", marked["template"], start + 1, {}
    if marked and marked["pipe"]:
        return "pipe", marked["pipe"], start + 1, {}
    if marked:
        part = "users" if marked["users"] else "named"
        return "users", re.sub(r",[ \t]*", ",", marked[part]).rstrip(","), start + marked.start(part), {}
    if text.startswith("@"):
        return _forward(line, found)
    foreign = foreign_action(line.text[found.start() :], text)
    if foreign:
        return _problem(line, found.start(), foreign)
    kind = "discard" if text in _DISCARD else "console" if _TERMINAL.fullmatch(text) else "file"
    return kind, _OTHER_NAMES.get(text, text), start, {}


def _forward(line: Line, found: re.Match[str]) -> Problem | tuple[str, str, int, Mapping[str, Any]]:
    peer = _PEER.fullmatch(found["target"])
    other = _URI.match(found["target"])
    if other:
        return _problem(line, found.start("target"), _of_openbsd(other))
    if not peer or int(peer["port"] or 1) not in range(1, 65536):
        hint = "as @loghost, @loghost:514, @192.0.2.7, @[2001:db8::7]:514, and @@ for TCP"
        return Problem(line.at(found.start("target")), f"{quote(found['target'])} is no host", "action", hint)
    scheme = "tcp" if peer["tcp"] else "udp"
    flags = {flag.strip().lower() for flag in (peer["flags"] or "").split(",")}
    framing = {"framing": "octet_counting"} if "o" in flags and scheme == "tcp" else {}
    return "forward", f"{scheme}://{peer['host']}:{peer['port'] or _DEFAULT_PORT}", found.start("target"), framing


def _of_openbsd(uri: re.Match[str]) -> Foreign:
    signs = {"tcp": "@@", "udp": "@"}.get(uri["scheme"].lower())
    hint = f"write {signs}{uri['peer']}" if signs else "put a TLS relay on this machine, and send to that"
    return Foreign(f"{quote(uri[0])} is a way of OpenBSD to name a host", "action", hint)


def _wrong_end(line: Line, found: re.Match[str]) -> Problem | None:
    brace = found["target"].rfind("{{")
    if brace >= 0 and "}}" not in found["target"][brace:]:
        hint = "write a field as {{ hostname }}"
        return Problem(line.at(found.start("target") + brace), 'no "}}" closes this "{{"', "action", hint)
    if found["rest"] and not found["rest"].startswith("#"):
        hint = 'a path ends at a blank; after it only ";format" or a comment may follow'
        return Problem(line.at(found.start("rest")), f"{quote(found['rest'])} after the path", "action", hint)
    return None


def _options(line: Line, found: re.Match[str]) -> tuple[dict[str, Any], list[Problem]]:
    options: dict[str, Any] = {}
    problems: list[Problem] = []
    for word in re.finditer(r"[^,;]+", found["options"] or ""):
        place = line.at(found.start("options") + word.start())
        name, equals, _ = word[0].lower().partition("=")
        turned = ROTATION.fullmatch(word[0])
        if turned and (turned["size"] or turned["count"]):
            options["rotate"] = Rotation(turned["size"], turned["count"])
        elif equals and name in {"iface", "ttl"}:
            message = f"{quote(word[0])} has no effect: the system chooses the interface and the hops of what is sent"
            problems.append(Problem(place, message, "no-effect", None, "warning"))
        elif equals or "format" in options:
            hint = "what may follow: the name of a format, rotate=10M:5"
            message = f"{quote(word[0])} is no option of an action"
            problems.append(Problem(place, message, "unsupported-action", hint))
        else:
            options["format"] = (FORMATS.get(name, word[0]), place)
    return options, problems


def _problem(line: Line, offset: int, foreign: Foreign) -> Problem:
    return Problem(line.at(offset), foreign.message, foreign.id, foreign.hint)
