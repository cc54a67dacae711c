"""What the header of a BSD message says, whoever wrote it."""

from datetime import datetime
from typing import NamedTuple

from collector.batch import StructuredData


class Header(NamedTuple):
    """
    ``shown`` are the 15 characters of the stamp in a traditional line, None without one; ``moment`` is None, too, when
    the stamp names a date that does not exist. ``end`` is where the text goes on, and ``lead`` stood before the stamp
    but belongs to the text. ``data`` is what the header says in terms of RFC 5424.
    """

    end: int
    hostname: str | None = None
    moment: datetime | None = None
    shown: str | None = None
    lead: str = ""
    data: StructuredData | None = None
    marks: tuple[str, ...] = ()
