r"""
Lines of a syslog.conf file: a selector, blanks or tabs, an action.

    # Windows machines                            a comment; "#" after a blank begins one too
    local0.debug        /var/log/windows
    *.info;\
      mail.none         -/var/log/messages;RSYSLOG_TraditionalFileFormat
    *.*                 /var/log/hosts/{{ hostname }}.log;json

As in rsyslog: ``\`` at the end of a line continues it, also a comment, and the blanks that begin the next line do not
count; ``-`` before a path is accepted (it turns off a sync that is never done); a path ends at a blank; ``;name``
behind it names the format of the line.

Everything else that sysklogd and rsyslog read is recognised and reported as one problem per line or statement, so an
old file tells in one go what has to be written differently.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collector.config.problems import Location, Problem, quote
from collector.routing.foreign import Foreign, foreign_action, foreign_line, open_brackets
from collector.routing.selector import Selector, SelectorError, compile_selector

FORMATS = {
    "rsyslog_traditionalfileformat": "traditional",
    "rsyslog_syslogprotocol23format": "rfc5424",
    "rfc3164": "traditional",
    "rfc5424": "rfc5424",
    "traditional": "traditional",
    "json": "json",
    "raw": "raw",
}
"""Format names of rsyslog and sysklogd, in lower case, and ours; any other name is a template of the configuration."""

_SELECTOR = re.compile(r"[^\s/|@]+")
_TAG = r"\{\{(?:\"[^\"]*\"|'[^']*'|[^\"'}]|\}(?!\}))*\}\}|\{%.*?%\}"
_PATH = re.compile(rf"(?P<sync>-?)(?P<path>(?:{_TAG}|[^\s;])+)[ \t]*(?:;[ \t]*(?P<format>[^\s#]*))?[ \t]*(?P<rest>.*)")
_ACTION = re.compile(r"-?(/|\.{1,2}/|\{\{)|[@|^?~:$>]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Action:
    """Append to a file. ``path`` may hold ``{{ }}``; the location is that of its first character."""

    path: str
    location: Location


@dataclass(frozen=True, slots=True)
class ConfLine:
    """
    One route. ``format`` is None where the line names none; ``location`` is that of the selector, ``text`` the line
    with its continuations joined. ``selector`` is None where it cannot be read: the rest can still be judged.
    """

    selector: Selector | None
    action: Action
    location: Location
    text: str
    format: str | None = None
    format_location: Location | None = None


class _Line:
    """A line with its continuations joined; knows where each character came from."""

    def __init__(self, file: str) -> None:
        self.text = ""
        self._file = file
        self._pieces: list[tuple[int, int, int]] = []  # offset in text, line, column of its first character

    def add(self, text: str, line: int, column: int) -> None:
        self._pieces.append((len(self.text), line, column))
        self.text += text

    def at(self, offset: int) -> Location:
        start, line, column = next(piece for piece in reversed(self._pieces) if piece[0] <= offset)
        return Location(self._file, line, column + offset - start)


def parse_lines(text: str, file: str, first_line: int = 1, column: int = 1) -> tuple[list[ConfLine], list[Problem]]:
    """
    Read the lines of ``text``, which begins at ``first_line`` of ``file``; ``column`` is where each of its lines begins
    there (a block in YAML is indented). Nothing is raised: what cannot be used is a problem with its place and cure.
    """
    lines: list[ConfLine] = []
    problems: list[Problem] = []
    depth = 0
    for line in _logical_lines(text, file, first_line, column):
        if depth > 0:  # still inside the brackets of a statement that has been reported
            depth += open_brackets(line.text)
            continue
        for result in _parse(line):
            if isinstance(result, ConfLine):
                lines.append(result)
            else:
                problems.append(result)
                depth = open_brackets(line.text) if result.id == "unsupported-statement" else 0
    return lines, problems


def _logical_lines(text: str, file: str, first_line: int, column: int) -> Iterator[_Line]:
    line = _Line(file)
    for number, physical in enumerate(re.split(r"\r?\n", text.removeprefix("\ufeff")), first_line):
        stripped = physical.rstrip()
        continued = stripped.endswith("\\")
        stripped = stripped.removesuffix("\\")
        bare = stripped.lstrip(" \t")
        line.add(bare, number, column + len(stripped) - len(bare))
        if not continued:
            yield line
            line = _Line(file)
    if line.text:
        yield line


def _parse(line: _Line) -> Iterator[ConfLine | Problem]:
    text = line.text
    if not text or text.startswith("#"):
        return
    unusable = _unusable(line)
    word = _SELECTOR.match(text)
    if unusable or not word:
        hint = f'to store everything: "*.* {text}"'
        yield unusable or Problem(line.at(0), "a selector is missing before the action", "selector", hint)
        return
    try:
        yield _with_action(line, compile_selector(word[0]), word.end())
    except SelectorError as first:
        for error in (first, *first.others):
            yield Problem(line.at(error.column), str(error), "selector", error.hint)
        action = text[word.end() :].lstrip(" \t")
        if _ACTION.match(action):  # another word may belong to a selector with a blank in it
            yield _with_action(line, None, word.end())


def _unusable(line: _Line) -> Problem | None:
    control = _CONTROL.search(line.text)
    if control:
        return Problem(line.at(control.start()), f"control character {control[0]!r} in the line", "action")
    foreign = foreign_line(line.text)
    return _problem(line, 0, foreign) if foreign else None


def _with_action(line: _Line, selector: Selector | None, end: int) -> ConfLine | Problem:
    action = line.text[end:].lstrip(" \t")
    start = len(line.text) - len(action)
    if not action or action.startswith("#"):
        hint = f'add where the messages go: "{line.text[:end]}  /var/log/file"'
        return Problem(line.at(end), "the line has no action", "action", hint)
    found = _PATH.match(line.text, start)
    foreign = foreign_action(action, found["path"] if found else "")
    if action[0] in ",;" or (foreign and line.text[end - 1] in ",;"):
        hint = 'write its parts without blanks: "*.info;mail.none"'
        return Problem(line.at(end), "a blank ends a selector", "selector", hint)
    if not found or foreign:
        return _problem(line, start, foreign or Foreign(f"{quote(action)} is no action", "action", None))
    return _wrong_path(line, found) or _route(line, selector, found)


def _wrong_path(line: _Line, found: re.Match[str]) -> Problem | None:
    brace = found["path"].rfind("{{")
    if brace >= 0 and "}}" not in found["path"][brace:]:
        hint = "write a field as {{ hostname }}"
        return Problem(line.at(found.start("path") + brace), 'no "}}" closes this "{{"', "action", hint)
    if found["rest"] and not found["rest"].startswith("#"):
        hint = 'a path ends at a blank; after it only ";format" or a comment may follow'
        return Problem(line.at(found.start("rest")), f"{quote(found['rest'])} after the path", "action", hint)
    return None


def _route(line: _Line, selector: Selector | None, found: re.Match[str]) -> ConfLine | Problem:
    action = Action(found["path"], line.at(found.start("path")))
    if not found["format"]:
        return ConfLine(selector, action, line.at(0), line.text)
    names = found["format"].split(",")
    place = line.at(found.start("format"))
    options = [name for name in names if "=" in name]
    if options or len(names) > 1:
        return Problem(
            place,
            f"{quote((options or names[1:])[0])}: options after the format are not supported",
            "unsupported-action",
            "one format name may follow the path; write the route as a mapping for more",
        )
    name = FORMATS.get(names[0].lower(), names[0])
    return ConfLine(selector, action, line.at(0), line.text, name, place)


def _problem(line: _Line, offset: int, foreign: Foreign) -> Problem:
    return Problem(line.at(offset), foreign.message, foreign.id, foreign.hint)
