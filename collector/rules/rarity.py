"""
How rare a text is in logs: a rough measure, as what will come is not known.

English has about two bits of information per letter once it makes words, numbers have more, blanks and colons stand
everywhere. The figures are such that on recorded logs the rarest literal by this measure is nearly always among the
rarest in truth; ``docs/decisions/0017-literals-before-cores.md`` has what was measured.
"""

_POSITIONS = 100
"""Of a line at which a text may begin, roughly."""

RAREST = 1e-5
"""Nothing is taken to be rarer: then the needle that is simpler counts."""


def bits_of(text: bytes) -> float:
    return sum(map(_BITS.__getitem__, text))


def rate(bits: float) -> float:
    """How often a text of so much information stands in a line; more than once when above 1."""
    return float(max(RAREST, _POSITIONS * 2.0**-bits))


def _bits_of_byte(byte: int) -> float:
    char = chr(byte)
    if char in " :":
        return 1.0
    if char.islower() and char.isascii():
        return 2.2
    return 3.0


_BITS = tuple(map(_bits_of_byte, range(256)))
