r"""
syslog.conf: what sysklogd, rsyslog and the BSDs write into it → rules, in the words of this program.

    # Windows machines                            a comment; "#" after a blank begins one too
    local0.debug        /var/log/windows          selector, blanks or TABs, action
    & stop                                        a further action for the same messages: no later line gets them
    *.info;\
      mail.none         -/var/log/messages;RSYSLOG_TraditionalFileFormat
    *.*                 /var/log/hosts/{{ hostname }}.log;json
    !sshd                                         a block: the lines after it are about sshd only
    :msg, contains, "x" @@central:514             a filter and an action; without an action it is a block as well
    include /etc/syslog.d/*.conf
    $FileCreateMode 0600

Selectors are read by ``selector``, actions by ``actions``, blocks by ``blocks``, filters by ``property_filter``,
settings by ``declared``. RainerScript (``if … then …``) is refused by name, and the rest of the file is judged.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from collector.config.problems import Location, Problem, quote
from collector.priority import PRI_COUNT
from collector.routing.actions import LOOKS_LIKE_ONE, Action, read_action
from collector.routing.blocks import HOSTS, IN_COMMENT, PROGRAMS, Blocks
from collector.routing.declared import DIRECTIVE, SYSKLOGD, Declared
from collector.routing.directives import Setting
from collector.routing.foreign import foreign_line
from collector.routing.lines import Line, after_comments, logical_lines, open_brackets, without_comment
from collector.routing.object_actions import object_action
from collector.routing.objects import OBJECT, read_parameters
from collector.routing.property_filter import SYNTAX, FilterError, both, narrowed, read_filter
from collector.routing.selector import Selector, SelectorError, compile_selector

MAX_DEPTH = 16
MAX_FILES = 2_000
MAX_HEIGHT = 500
"""Lines of one object: more means that its bracket is never closed."""

_SELECTOR = re.compile(r"[^\s/|@]+")
_PART = re.compile(r"[\w*,]+\.")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_INCLUDE = re.compile(r"include\s+(?P<pattern>[^\s(]\S*)\s*(?:#.*)?$", re.IGNORECASE)
_INCLUDE_DIRECTIVE = re.compile(r"\$includeconfig\s+(?P<pattern>\S+)\s*(?:#.*)?$", re.IGNORECASE)
_ALONE = re.compile(r"(?P<word>stop|~|continue)\s*;?\s*(?:#.*)?$", re.IGNORECASE)
_OBJECT_ACTION = re.compile(r"action\s*\(", re.IGNORECASE)
_CALL = re.compile(r"[^#\"]*(?:\"(?:\\.|[^\"\\])*\"[^#\"]*)*[\s&]action\s*\(", re.IGNORECASE)
_EVERYTHING = Selector("*.*", (0xFF,) * (PRI_COUNT >> 3))

Dialect = Literal["bsd", "rsyslog"]


@dataclass(frozen=True, slots=True)
class ConfFile:
    """A file that an include names. It has a text, or ``problems`` say why not; warnings may come with a text."""

    path: str
    text: str | None
    problems: Sequence[Problem] = ()


ReadFiles = Callable[[str, Dialect], Sequence[ConfFile]]
"""The files that a pattern names, in order: a glob, a folder, or a file; none when nothing is there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One way from messages to an action. ``selector`` is None where it cannot be read: the rest can still be judged.
    ``where`` is a further condition, in the words of ``where:``; empty when there is none. ``location`` is that of the
    line, ``first`` that of the line with the selector, ``text`` the line with its continuations joined.
    """

    selector: Selector | None
    where: Mapping[str, Any]
    action: Action
    location: Location
    first: Location
    text: str


class _Selected(NamedTuple):
    """What the last line selected, for those that begin with ``&``."""

    selector: Selector | None
    where: Mapping[str, Any]
    location: Location


class ConfReader:
    """
    Reads lines one text after the other, as if they stood in one file; what it finds collects in ``rules``,
    ``settings`` and ``problems``. Nothing is raised: what cannot be used is a problem with its place and cure.
    ``templates`` are the texts of the formats that rules name and the files define.

    ``read`` gives the files of an include; ``local`` are the names of this machine.
    """

    def __init__(self, read: ReadFiles, local: Sequence[str] = ()) -> None:
        self.problems: list[Problem] = []
        self._read = read
        self._local = local
        self._rules: list[Rule] = []
        self._declared = Declared()
        self._blocks = Blocks(local)
        self._last: _Selected | None = None
        self._after_refused = False
        self._chain: list[str] = []
        self._files = 0

    @property
    def settings(self) -> Sequence[Setting]:
        return self._declared.settings

    @property
    def templates(self) -> Mapping[str, str]:
        return self._declared.formats_used

    @property
    def count(self) -> int:
        """How many rules there are so far."""
        return len(self._rules)

    @property
    def rules(self) -> list[Rule]:
        """All rules so far, with what holds for all files of the configuration."""
        return [replace(rule, action=self._declared.rotated(rule.action)) for rule in self._rules]

    def action(self, text: str, place: Location) -> tuple[Action | None, list[Problem]]:
        """An action that stands alone, after all lines."""
        line = Line(place.file)
        line.add(text, place.line, place.column)
        action, problems = read_action(line, 0)
        completed = self._declared.completed(action) if action else None
        problems += self._declared.problems
        self._declared.problems.clear()
        return completed, problems

    def read_file(self, text: str, path: str) -> None:
        """A whole file, with blocks of its own."""
        blocks, self._blocks = self._blocks, Blocks(self._local)
        self._chain.append(path)
        self.feed(text, Location(path))
        self._chain.pop()
        self._blocks = blocks

    def feed(self, text: str, start: Location) -> None:
        """Lines that begin at ``start``; its column is where each of them begins."""
        depth = 0
        spread: Line | None = None
        comment: Line | None = None
        for physical in logical_lines(text, start):
            comment, line = after_comments(physical, comment)
            if comment:
                continue
            if depth > 0:  # still inside the brackets of a statement that has been reported
                depth += open_brackets(line.text)
                continue
            spread = _spread(spread, line)
            if spread is None:
                depth = self._line(line)
            elif open_brackets(spread.text) <= 0 or spread.height > MAX_HEIGHT:
                depth, spread = self._line(spread), None
        if spread:
            self._line(spread)
        if comment:
            self._problem(
                Problem(comment.at(0), 'no "*/" ends this comment', "comment", 'add it; "#" begins a short one')
            )
        self.problems += self._declared.problems
        self._declared.problems.clear()

    def _line(self, line: Line) -> int:
        """Take one line; returns how many brackets of a statement it leaves open that is not to be read."""
        text = line.text
        if text.startswith("#") and IN_COMMENT.match(text):
            line = line.tail(1)
        elif not text or text.startswith("#"):
            return 0
        before = len(self.problems)
        control = _CONTROL.search(line.text)
        if control:
            message = f"control character {control[0]!r} in the line"
            self._problem(Problem(line.at(control.start()), message, "action"))
        elif not (self._special(line) or self._statement(line)):
            self._rule(line)
        statement = any(problem.id == "unsupported-statement" for problem in self.problems[before:])
        return open_brackets(line.text) if statement else 0

    def _special(self, line: Line) -> bool:
        """Lines that their first character tells."""
        text = line.text
        if text[0] == "!":
            self._programs(line)
        elif text[0] in "+-" and text[1:2] != "/":
            self._hosts(line)
        elif text[0] == ":":
            self._filter(line)
        elif text[0] == "&":
            self._further(line)
        elif text[0] == "$":
            self._directive(line)
        else:
            return False
        return True

    def _statement(self, line: Line) -> bool:
        """Lines that begin with a word of their own."""
        text = line.text
        if found := OBJECT.match(text):
            self._object(line, found)
        elif found := _INCLUDE.match(text):
            self._include(found["pattern"], line.at(found.start("pattern")), "bsd")
        elif found := SYSKLOGD.match(text):
            self._declared.word(line, found)
        elif found := _ALONE.match(text):
            if found["word"].lower() != "continue":
                self._add(_EVERYTHING, {}, line, 0, shown=found["word"])
        else:
            return False
        return True

    def _programs(self, line: Line) -> None:
        found = PROGRAMS.match(line.text)
        if found:
            self._blocks.set_programs(found)
            if found["last"]:
                hint = f'write "{line.text[1:]}", and "& stop" below each line of the block'
                self._problem(
                    Problem(
                        line.at(0), "blocks of OpenBSD that keep what they take (!!) are not supported", "block", hint
                    )
                )
        else:
            hint = 'as "!sshd", "!-sshd,sudo", or "!*" for all'
            self._problem(Problem(line.at(0), "a program block names programs, separated by commas", "block", hint))

    def _hosts(self, line: Line) -> None:
        found = HOSTS.match(line.text)
        if found:
            self._blocks.set_hosts(found)
        else:
            hint = 'as "+gate", "-gate,192.0.2.7", "+@" for this machine, or "+*" for all'
            self._problem(Problem(line.at(0), "a host block names hosts, separated by commas", "block", hint))

    def _filter(self, line: Line) -> None:
        if re.match(r":\s*\*?\s*(#.*)?$", line.text):
            self._blocks.filter = None
            return
        found = SYNTAX.match(line.text)
        if not found:
            message = "a filter has a property, an operation and a text"
            self._problem(Problem(line.at(0), message, "filter", ':msg, contains, "text"'))
            self._last, self._after_refused = None, True
            return
        action = line.text[found.end() :].strip()
        is_block = not action or action.startswith("#")
        try:
            test = read_filter(found, absent_fits=not is_block)
        except FilterError as error:
            self._problem(Problem(line.at(found.start(error.part)), str(error), "filter", error.hint))
            self._last, self._after_refused = None, True
            return
        if is_block:
            self._blocks.filter = test
        else:
            shown = line.text[: found.end()]
            self._add(narrowed(_EVERYTHING, test, shown), test.where, line, found.end(), shown=shown)

    def _further(self, line: Line) -> None:
        if self._last:
            self._act(self._last, line, 1)
        elif not self._after_refused:
            hint = "put the line below the selector whose messages it is about"
            self._problem(Problem(line.at(0), 'no line stands before this "&"', "action", hint))

    def _directive(self, line: Line) -> None:
        include = _INCLUDE_DIRECTIVE.match(line.text)
        found = DIRECTIVE.match(line.text)
        if include:
            self._include(include["pattern"], line.at(include.start("pattern")), "rsyslog")
        elif found and found["name"].lower() == "includeconfig":
            hint = "$IncludeConfig /etc/rsyslog.d/*.conf"
            self._problem(Problem(line.at(0), "the directive names one file, glob or folder", "include", hint))
        elif found:
            self._declared.directive(line, found)
        else:
            self._problem(Problem(line.at(0), f"{quote(line.text)} is no directive", "directive", "as $Name value"))

    def _object(self, line: Line, found: re.Match[str]) -> None:
        kind = found["name"].lower()
        if kind == "action":
            self._add(_EVERYTHING, {}, line, 0)
            return
        parameters = read_parameters(line, found.end())
        if isinstance(parameters, Problem):
            self._problem(parameters)
        elif kind == "include":
            pattern, place = parameters.text("file"), parameters.place("file", line.at(0))
            self._include(pattern, place, "rsyslog", optional=parameters.text("mode") == "optional")
        else:
            self._declared.parameters(kind, parameters, line.at(0))

    def _include(self, pattern: str, place: Location, dialect: Dialect, *, optional: bool = False) -> None:
        pattern = pattern.strip('"')
        if len(self._chain) >= MAX_DEPTH:
            message = f"includes are nested more than {MAX_DEPTH} files deep: {' → '.join(self._chain)}"
            self._problem(Problem(place, message, "include", "include the files from one"))
            return
        files = self._read(pattern, dialect)
        if not files and not optional and not re.search(r"[*?\[]", pattern):
            # The BSDs and sysklogd say nothing: their files name folders that need not be there.
            level: Literal["error", "warning"] = "warning" if dialect == "bsd" else "error"
            hint = "create it, or remove the line"
            self._problem(Problem(place, f"{quote(pattern)} is not there", "unreadable", hint, level))
        for file in files:
            self._included(file, place)

    def _included(self, file: ConfFile, place: Location) -> None:
        self._files += 1
        self.problems += file.problems
        if file.path in self._chain:
            chain = " → ".join([*self._chain[self._chain.index(file.path) :], file.path])
            self._problem(
                Problem(place, f"{file.path} includes itself: {chain}", "include", "remove one of the includes")
            )
        elif self._files > MAX_FILES:
            if self._files == MAX_FILES + 1:
                self._problem(Problem(place, f"more than {MAX_FILES:,} files are included", "include", "include fewer"))
        elif file.text is not None:
            self.read_file(file.text, file.path)

    def _rule(self, line: Line) -> None:
        text = line.text
        foreign = foreign_line(text)
        if foreign:
            self._problem(Problem(line.at(0), foreign.message, foreign.id, foreign.hint))
            self._last, self._after_refused = None, True
            return
        word = _SELECTOR.match(text)
        if not word:
            hint = f'to store everything: "*.* {text}"'
            self._problem(Problem(line.at(0), "a selector is missing before the action", "selector", hint))
            return
        try:
            self._add(compile_selector(word[0]), {}, line, word.end(), shown=word[0])
        except SelectorError as first:
            for error in (first, *first.others):
                self._problem(Problem(line.at(error.column), str(error), "selector", error.hint))
            if LOOKS_LIKE_ONE.match(text[word.end() :].lstrip(" \t")):
                self._add(None, {}, line, word.end())  # another word may belong to a selector with a blank in it
            self._last, self._after_refused = None, True

    def _add(
        self, selector: Selector | None, where: Mapping[str, Any], line: Line, end: int, *, shown: str = ""
    ) -> None:
        """A rule whose action stands behind ``end`` of the line; ``shown`` is what selects, as written."""
        if selector is not None:
            selector = narrowed(selector, self._blocks.filter, selector.text)
        self._last = _Selected(selector, both(self._blocks.where, where), line.at(0))
        self._after_refused = False
        self._act(self._last, line, end, shown)

    def _act(self, selected: _Selected, line: Line, end: int, shown: str = "") -> None:
        action = self._action(line, end, shown)
        if action is not None:
            self._rules.append(
                Rule(selected.selector, selected.where, action, line.at(0), selected.location, line.text)
            )

    def _action(self, line: Line, end: int, shown: str) -> Action | None:
        text = line.text[end:].lstrip(" \t") or shown * (shown in {"stop", "~"})
        start = len(line.text) - len(text)
        if not text or text.startswith("#"):
            hint = f'add where the messages go: "{line.text[:end]}  /var/log/file"'
            self._problem(Problem(line.at(end), "the line has no action", "action", hint))
            return None
        if text[0] in ",;" or (line.text[end - 1 : end] in {",", ";"} and _PART.match(text)):
            hint = 'write its parts without blanks: "*.info;mail.none"'
            self._problem(Problem(line.at(end), "a blank ends a selector", "selector", hint))
            return None
        called = _OBJECT_ACTION.match(line.text, start)
        action, problems = object_action(line, start, called.end()) if called else read_action(line, start)
        self.problems += problems
        return self._declared.completed(action) if action else None

    def _problem(self, problem: Problem) -> None:
        self.problems.append(problem)


def _spread(before: Line | None, line: Line) -> Line | None:
    """An object with the parameters of one more line; None for a line that is none, and has none for its action."""
    if before is None and not OBJECT.match(line.text) and (foreign_line(line.text) or not _CALL.match(line.text)):
        return None
    line.text = without_comment(line.text)
    return before.joined(line) if before else line
