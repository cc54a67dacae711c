"""
Formats on their way to another syslog receiver, which needs the PRI that files leave out: ``<134>`` before the line.

``rfc5424`` and ``raw`` have it, ``json`` says the same in words (``facility``, ``severity``), and a template may begin
with it.
"""

import re
from collections.abc import Mapping, Sequence

from collector.batch import Odd
from collector.protocol.render import Format, Moment, Pair

_HAVE_PRI = ("rfc5424", "raw", "json")
_BEGINS_WITH_PRI = re.compile(r"\s*<\{\{\s*pri\s*\}\}>")


def wants_pri(name: str, templates: Mapping[str, str]) -> bool:
    """Whether the PRI has to be put before the lines of a format; ``templates`` are those of the configuration."""
    if name in templates:
        return not _BEGINS_WITH_PRI.match(templates[name])
    return name not in _HAVE_PRI


def pri_before(form: Format) -> Format:
    def forwarded(pairs: Sequence[Pair], moment: Moment) -> bytes:
        lines = form(pairs, moment).split(b"\n")  # a line for each row, in every format
        pris = [row.record.pri if isinstance(row, Odd) else int(row[0]) for row, _ in pairs]
        return b"".join([b"<%d>%b\n" % pri_line for pri_line in zip(pris, lines[:-1], strict=True)])

    return forwarded
