r"""
YAML text → a Document: plain data, and the place of each part of it. The only file that speaks PyYAML.

    document, problems = parse_document("udp: 0.0.0.0:514\n", "collector.yaml")
    document.data                          {"udp": "0.0.0.0:514"}
    str(document.location(("udp",)))       "collector.yaml:1:6"

A Document is returned beside problems where the rest of the file can be read, so that one run finds every mistake.
"""

import re
from collections.abc import Collection
from functools import cached_property
from typing import Any

import yaml

from collector.config.nodes import Node, TooBigError, TreeBuilder
from collector.config.problems import Location, Problem
from collector.config.syntax import explain, repair

Path = tuple[str | int, ...]
"""The way to a value: keys and list positions, ``("sources", 0, "udp")``."""

MAX_SIZE = 16 * 1024 * 1024
"""Characters (and bytes, in load.py) of one file."""

TOO_LARGE = f"the file is larger than {MAX_SIZE >> 20} MiB"
TOO_LARGE_HINT = "no configuration is; look whether it is the right file"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_REPAIRS = 50
_NOT_YAML = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.2 §5.1
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # as the parser counts lines


class Document:
    """One configuration file: ``data`` is made of dict, list, str, int, float, bool and None."""

    def __init__(self, file: str, text: str, root: Node, misread: Collection[int] = ()) -> None:
        self.file = file
        self._text = text
        self._root = root
        self._misread = misread

    @property
    def data(self) -> Any:
        return self._root.data

    def location(self, path: Path, *, key: bool = False) -> Location:
        """The place of a value, or of its key; of the nearest part that contains it when there is no such value."""
        node = self._node(path[:-1] if key else path)
        if key and path:
            node = node.keys.get(str(path[-1])) or node.values.get(path[-1]) or node
        return Location(self.file, node.line, node.column)

    def block_start(self, path: Path) -> Location:
        """
        The place of the first character of a text.

        For a block scalar (``|``) that is the line below the indicator, so that line n of the text stands n - 1 lines
        below it; for quoted text the character after the quote.
        """
        node = self._node(path)
        if node.style not in {"|", ">"}:
            return Location(self.file, node.line, node.column + (node.style in {"'", '"'}))
        for line, content in zip(self._lines[node.line :], _LINE_BREAK.split(node.text), strict=False):
            if content.strip():
                return Location(self.file, node.line + 1, max(1, len(line.rstrip()) - len(content.rstrip()) + 1))
        return Location(self.file, node.line + 1)

    def place_in(self, path: Path, offset: int) -> Location:
        """The place of a character of a text, where the file has the text as it stands; else that of its beginning."""
        start, node = self.block_start(path), self._node(path)
        *above, before = node.text[:offset].split("\n")
        if node.style == "|":
            return Location(self.file, start.line + len(above), start.column + len(before))
        line = self._lines[start.line - 1] if not above else ""
        exact = line[start.column - 1 :].startswith(before)
        return Location(self.file, start.line, start.column + len(before)) if exact else start

    def is_block(self, path: Path) -> bool:
        """Whether the text there is written as a block with ``|``, its lines as they stand."""
        return self._node(path).style == "|"

    def is_folded(self, path: Path) -> bool:
        """Whether the text there is written over several lines that YAML joins into one."""
        node = self._node(path)
        return node.style == ">" or (node.style != "|" and node.last_line > node.line)

    def is_misread(self, path: Path) -> bool:
        """Whether it holds text from a line that is no YAML as it stands: its place is right, the text may not be."""
        nodes = [self._node(path)] if self._misread else []
        while nodes:
            node = nodes.pop()
            if node.line in self._misread:
                return True
            nodes += node.values.values()
        return False

    def _node(self, path: Path) -> Node:
        node = self._root
        for step in path:
            child = node.values.get(step)
            if child is None:
                break
            node = child
        return node

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE_BREAK.split(self._text)


def parse_document(text: str, file: str) -> tuple[Document | None, list[Problem]]:
    """The document, None when nothing can be made of the text, and everything that is wrong with it as YAML."""
    text, problems = _check_characters(text, file)
    if any(problem.level == "error" for problem in problems):
        return None, problems
    for _ in range(_MAX_REPAIRS):
        builder = TreeBuilder(file)
        problem, repaired = _build(text, builder)
        if problem is None:
            break
        problems.append(problem)
        if repaired is None:
            return None, problems + builder.problems
        text = repaired
    else:
        return None, problems
    misread = {problem.location.line for problem in problems if problem.id == "yaml-syntax"}
    problems += builder.problems
    if builder.root is None or builder.root.data is None:
        problems.append(Problem(Location(file), "the file is empty", "empty", "see docs/configuration.md"))
        return None, problems
    return Document(file, text, builder.root, misread), problems


def _check_characters(text: str, file: str) -> tuple[str, list[Problem]]:
    problems = []
    if text.startswith("\ufeff"):
        text = text[1:]
        hint = "save the file as UTF-8 without BOM"
        problems.append(Problem(Location(file), "the file begins with a byte order mark", "encoding", hint, "warning"))
    if len(text) > MAX_SIZE:
        return text, [Problem(Location(file), TOO_LARGE, "too-large", TOO_LARGE_HINT)]
    found = _NOT_YAML.search(text)
    if found:
        before = _LINE_BREAK.split(text[: found.start()])
        place = Location(file, len(before), len(before[-1]) + 1)
        message = f"the character U+{ord(found[0]):04X} cannot stand in a configuration file"
        problems.append(Problem(place, message, "encoding", "delete it; save the file as UTF-8 text"))
    return text, problems


def _build(text: str, builder: TreeBuilder) -> tuple[Problem | None, str | None]:
    """
    Feeds one document to the builder: (None, None) when it was read to its end, else what is wrong.

    The second part is the text repaired so that its rest can be read, where that is possible; ``Document.is_misread``
    tells of it.
    """
    lines = _LINE_BREAK.split(text)
    documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                place = _place(event.start_mark, builder.file)
                return Problem(place, "a second document begins here", "yaml-syntax", 'delete the line "---"'), None
            _feed(event, builder)
    except TooBigError:
        return builder.problems.pop(), None
    except yaml.MarkedYAMLError as error:
        return _syntax_problem(error, text, lines, builder.file)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the pure Python parser on \UFFFFFFFF
        message, hint = explain(f"escape {error}", "", 0)
        return Problem(Location(builder.file), message, "yaml-syntax", hint), None
    return None, None


def _feed(event: yaml.Event, builder: TreeBuilder) -> None:
    """Raises MarkedYAMLError for a tag, and for an alias without an anchor: text whose first sign YAML took away."""
    start: Any = event.start_mark
    end: Any = event.end_mark
    node = Node(None, start.line + 1, start.column + 1, last_line=end.line + 1)
    match event:
        case yaml.AliasEvent():
            if not builder.alias(str(event.anchor), node):
                raise yaml.MarkedYAMLError(problem="unknown alias", problem_mark=start)
        case yaml.ScalarEvent(tag=None):
            node.text, node.style = event.value, event.style or ""
            builder.scalar(node, event.anchor, plain=not node.style)
        case yaml.CollectionStartEvent(tag=None):
            node.data = {} if isinstance(event, yaml.MappingStartEvent) else []
            builder.open(node, event.anchor)
        case yaml.CollectionEndEvent():
            builder.close()
        case yaml.NodeEvent():
            raise yaml.MarkedYAMLError(problem="tag", problem_mark=start)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, lines: list[str], file: str) -> tuple[Problem, str | None]:
    words = f"{error.context} {error.problem}"
    mark: Any = error.problem_mark or error.context_mark
    if error.context_mark and re.search("alias|anchor|tag|quoted", words):  # where the sign stands, not where it ends
        mark = error.context_mark
    line = lines[mark.line] if mark.line < len(lines) else ""
    message, hint = explain(words, line, mark.column)
    problem = Problem(_place(mark, file), message, "yaml-syntax", hint)
    repaired = repair(words, line, mark.column)
    if repaired is None:
        return problem, None
    start = mark.index - mark.column
    return problem, text[:start] + repaired + text[start + len(line) :]


def _place(mark: Any, file: str) -> Location:
    return Location(file, mark.line + 1, mark.column + 1)
