"""
No bytes make the charset decision raise; the visible line hides nothing and loses nothing.

Frames are Japanese lines in every charset, cut, mixed and sprinkled. Seeds and counts are fixed.
"""

import re

import pytest
from fuzzing import generator, rounds
from japanese_lines import ENCODERS, LINES

from collector.protocol.charset import Charsets, is_clean, undo

_HIDDEN = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPRINKLES = [
    b"\0", b"\n", b"\x1b", b"\x1b$B", b"\x1b(I", b"\x1b$(D", b"\x1b(B", b"#033$B", b"#033(B", b"^[$B", b"^[(J", b"#",
    b"#101", b"\x80", b"\xa0", b"\xfd", b"\xff", b"\xff\xfe", b"\xfe\xff", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\xc0\x80", b"\x8e", b"\x8f\xf4\xd4", b"\x8f", b"\x96\xfe", b"\xfc\xfc", b"\x81", b"\x85\x40", b"\xe2\x80\xa8",
    b"\xc2\x85", b"\x7f", b"\\",
]  # fmt: skip
_DECLARED = [None, None, "cp932", "euc-jp", "iso-2022-jp", "utf-8", "cp1252", "gb18030", "koi8-r", "hz"]
_FALLBACKS = [("cp932", "euc-jp"), ("euc-jp", "cp932"), ("cp1252",), ("gb18030", "cp932"), ()]


def _frame(rng):
    frame = rng.choice(list(ENCODERS.values()))(rng.choice(LINES))
    for _ in range(rng.randint(0, 4)):
        at, end = sorted(rng.choices(range(len(frame) + 1), k=2))
        match rng.randrange(5):
            case 0:
                frame = frame[:at] + rng.choice(_SPRINKLES) + frame[at:]
            case 1:
                frame = frame[:at] + frame[min(end, at + 5) :]
            case 2:
                frame = frame[:at] + rng.choice(list(ENCODERS.values()))(rng.choice(LINES)) + frame[end:]
            case 3:
                frame = frame[:at] + rng.randbytes(rng.randint(1, 6)) + frame[at:]
            case _:
                frame = frame[:end]
    return frame


@pytest.mark.parametrize("seed", range(6))
def test_no_bytes_raise_and_nothing_is_hidden_or_lost(seed):
    rng = generator(seed)
    charsets = [Charsets(fallback) for fallback in _FALLBACKS]
    for _ in rounds(3000):
        frame = _frame(rng)
        text = rng.choice(charsets).normalise(frame, rng.choice(_DECLARED))
        assert not _HIDDEN.search(text.visible), frame
        if text.charset in ("ascii", "utf-8", "unknown"):
            assert undo(text.visible) == frame
        elif not text.damaged:
            assert undo(text.visible).decode() == text.exact, frame
        if is_clean(frame) and b"\n" not in frame:
            assert text.visible.encode() == frame or text.charset in ("cp932", "euc-jp"), frame
