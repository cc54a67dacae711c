"""Lines for a terminal: paragraphs, and tables whose numbers are never cut off."""

import textwrap
import unicodedata
from collections.abc import Sequence

from collector.service.ownlog import printable

BOLD, RED, GREEN, YELLOW = "\033[1m", "\033[31m", "\033[32m", "\033[33m"

_PLAIN = "\033[0m"
_NARROWEST = 60


class Screen:
    """
    ``lines`` are those so far. ``width`` in columns of the terminal, of which at least 60 are used; ``cells`` are the
    widths of the columns of a table, without the first one, which takes what is left.
    """

    def __init__(self, width: int, colour: bool, cells: Sequence[int]) -> None:
        self.lines: list[str] = []
        self._width = max(_NARROWEST, width)
        self._colour = colour
        self._cells = cells

    def say(self, text: str, style: str = "", indent: str = "") -> None:
        """A paragraph; its further lines begin two columns deeper."""
        wrapped = textwrap.wrap(
            printable(text), self._width, initial_indent=indent, subsequent_indent=f"{indent}  ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        self.lines += [self._styled(line, style) for line in wrapped]

    def head(self, name: str, *columns: str) -> None:
        self.lines += ["", self._styled(self._table_line(name, columns).rstrip(), BOLD)]

    def row(self, name: str, *numbers: str, style: str = "") -> None:
        self.lines += [self._styled(line, style) for line in self._row_lines(f"  {printable(name)}", numbers)]

    def _row_lines(self, name: str, numbers: tuple[str, ...]) -> list[str]:
        if _columns(name) < self._name_width(len(numbers)):
            return [self._table_line(name, numbers)]
        return [name, self._table_line("", numbers)]

    def _table_line(self, name: str, numbers: tuple[str, ...]) -> str:
        padding = " " * (self._name_width(len(numbers)) - _columns(name))
        cells = zip(numbers, self._cells, strict=False)
        return name + padding + "".join(f" {number:>{cell - 1}}" for number, cell in cells)

    def _name_width(self, count: int) -> int:
        return self._width - sum(self._cells[:count])

    def _styled(self, line: str, style: str) -> str:
        return f"{style}{line}{_PLAIN}" if style and self._colour else line


def _columns(text: str) -> int:
    """Columns of a terminal: a Japanese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
