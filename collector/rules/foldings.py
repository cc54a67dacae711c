r"""
Letters beyond ASCII that are ASCII ones when case does not count: "ſ" is an "s", "ß" two, the Kelvin sign a "k".

Conditions compare as ``str.casefold`` does, scanners know the case of ASCII letters alone. So scanners also look for
these few letters, in each way a sender or relay may write them, and a line that has one is looked at once more, as
``folded``.
"""

import re

LETTERS = (
    "\u00df\u0130\u0149\u017f\u01f0\u1e96\u1e97\u1e98\u1e99\u1e9a\u1e9e\u212a\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
)
"""All of them, up to Unicode 16."""

STEADY = "\u3000-\ua48f\uac00-\ud7a3"
"""A character class: Japanese, Chinese and Korean writing, in which no letter has a case or is another's."""


def spellings(text: str) -> tuple[str, ...]:
    r"""
    Non-ASCII text of the Basic Multilingual Plane as it may stand in a line: as it is, as JSON escapes it (``\u00df``),
    as XML does (``&#223;``, ``&#xdf;``), and byte by byte, as syslog daemons do (``#303#237``).
    """
    return (
        text,
        "".join(f"\\u{ord(char):04x}" for char in text),
        "".join(f"&#{ord(char)};" for char in text),
        "".join(f"&#x{ord(char):x};" for char in text),
        "".join(f"#{byte:03o}" for byte in text.encode()),
    )


_FOLDED = {spelling: letter.casefold() for letter in LETTERS for spelling in spellings(letter)[1:]}
_SPELLED = re.compile("|".join(map(re.escape, _FOLDED)), re.ASCII | re.IGNORECASE)


PATTERN = "|".join(
    "".join(f"\\x{byte:02x}" for byte in way.encode()) for letter in LETTERS for way in spellings(letter)
)
"""Finds them all in bytes, when case does not count."""


def folded(line: bytes) -> bytes:
    """The line as it is compared when case does not count."""
    plain = _SPELLED.sub(lambda found: _FOLDED[found[0].lower()], line.decode(errors="replace"))
    return plain.casefold().encode()
