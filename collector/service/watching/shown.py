"""A batch as rules search it: traditional lines, each with its PRI before it."""

from collections.abc import Sequence
from typing import NamedTuple


class Shown(NamedTuple):
    """
    ``text`` has a line for each row of the batch, ``<PRI>Mmm dd hh:mm:ss host tag: text``. Those that the fast parser
    did not read stand in it as they came, and in ``read`` once more, by number, as files show them.
    """

    text: bytes
    read: Sequence[tuple[int, bytes]]
