"""PRI: ``<0>`` to ``<191>``, without leading zeros (RFC 5424 §6.2.1). Everything else in its place is text."""

import re
from typing import NamedTuple

from collector.priority import DEFAULT_PRI, PRI_COUNT

_PRI = re.compile(r"\ufeff?\s*<(0|[1-9][0-9]{0,2})>", re.ASCII)
_BEGUN = re.compile(r"\ufeff?\s*<", re.ASCII)


class Priority(NamedTuple):
    """``end`` is where the text after the PRI begins; 0 when there is none, so that no character is lost."""

    pri: int
    end: int
    marks: tuple[str, ...]


_CANONICAL = {f"<{pri}>": Priority(pri, len(f"<{pri}>"), ()) for pri in range(PRI_COUNT)}


def read_pri(text: str) -> Priority:
    found = _CANONICAL.get(text[: text.find(">", 0, 5) + 1])
    return found or _read_oddly_placed(text)


def _read_oddly_placed(text: str) -> Priority:
    """A PRI after blanks or a BOM, or none."""
    match = _PRI.match(text)
    if match and int(match[1]) < PRI_COUNT:
        return Priority(int(match[1]), match.end(), ("bom",) if text.startswith("\ufeff") else ())
    if _BEGUN.match(text):
        return Priority(DEFAULT_PRI, 0, ("bad_pri",))
    return Priority(DEFAULT_PRI, 0, ("no_pri",))
