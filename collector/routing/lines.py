r"""
Logical lines: what a ``\`` at the end of a line continues, joined, with the place of every character.

    for line in logical_lines(text, Location("syslog.conf")):
        line.text, line.at(5)

``\`` also continues a comment, and the blanks that begin a continuation do not count, as in rsyslog.
"""

import re
from collections.abc import Iterator

from collector.config.problems import Location

_LINE_END = re.compile(r"\r?\n")

# A bracket outside of quotes and comments.
_BRACKET = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#.*|(?P<open>[({])|(?P<close>[)}])")

_UP_TO_COMMENT = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|[^\"#])*")


class Line:
    """A line with its continuations joined; knows where each character came from."""

    def __init__(self, file: str) -> None:
        self.text = ""
        self._file = file
        self._pieces: list[tuple[int, int, int]] = []  # offset in text, line, column of its first character

    def add(self, text: str, line: int, column: int) -> None:
        self.place(len(self.text), line, column)
        self.text += text

    @property
    def height(self) -> int:
        """Of how many lines it is made."""
        return len(self._pieces)

    def joined(self, other: "Line") -> "Line":
        """This line and the one after it, with a blank between them."""
        whole = self.tail(0)
        whole.text += " "
        other.add_to(whole)
        return whole

    def add_to(self, whole: "Line") -> None:
        start = len(whole.text)
        whole.text += self.text
        for offset, line, column in self._pieces:
            whole.place(start + offset, line, column)

    def place(self, offset: int, line: int, column: int) -> None:
        """The character at ``offset`` stands there in the file, and so on."""
        self._pieces.append((offset, line, column))

    def tail(self, start: int) -> "Line":
        """The line from ``start`` on."""
        rest = Line(self._file)
        rest.text = self.text[start:]
        for offset, line, column in self._pieces:
            rest.place(max(offset - start, 0), line, column + max(start - offset, 0))
        return rest

    def at(self, offset: int) -> Location:
        start, line, column = next(piece for piece in reversed(self._pieces) if piece[0] <= offset)
        return Location(self._file, line, column + offset - start)


def logical_lines(text: str, start: Location) -> Iterator[Line]:
    """
    The lines of ``text``, which begins at ``start``; its column is where each of its lines begins in the file (a block
    in YAML is indented).
    """
    line = Line(start.file)
    for number, physical in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), start.line):
        stripped = physical.rstrip()
        continued = stripped.endswith("\\")
        stripped = stripped.removesuffix("\\")
        bare = stripped.lstrip(" \t")
        line.add(bare, number, start.column + len(stripped) - len(bare))
        if not continued:
            yield line
            line = Line(start.file)
    if line.text:
        yield line


def after_comments(line: Line, opened: Line | None) -> tuple[Line | None, Line]:
    """
    What stands behind the ``/* … */`` of rsyslog that begin a line. ``opened`` is the line with a ``/*`` that is still
    open, before it and, in the answer, after it.
    """
    while opened or line.text.startswith("/*"):
        start = 0 if opened else 2
        end = line.text.find("*/", start)
        if end < 0:
            return opened or line, line
        rest = line.text[end + 2 :]
        opened, line = None, line.tail(len(line.text) - len(rest.lstrip(" \t")))
    return None, line


def open_brackets(text: str) -> int:
    """How many brackets of a statement a line leaves open; negative where it closes more than it opens."""
    return sum(bool(match["open"]) - bool(match["close"]) for match in _BRACKET.finditer(text))


def without_comment(text: str) -> str:
    """A line of an object without the comment that may end it."""
    found = _UP_TO_COMMENT.match(text)
    return found[0].rstrip() if found else text
