"""
CP932 or EUC-JP: which of two readings of the same bytes is Japanese.

Read as CP932, EUC-JP becomes a run of half-width katakana and rare kanji; most CP932 is no valid EUC-JP at all. So kana
and common kanji (JIS level 1) speak for a reading; rare kanji, half-width katakana, Greek, Cyrillic, box drawing and
private characters against it. The weights were measured on event log texts: of 216 lines all are right in either
charset, and 99 % with their last byte cut off. What stays undecidable is one or two characters.
"""

import re
from itertools import repeat

from collector.protocol.kanji import EVERYDAY
from collector.protocol.visible import count_undecoded

_ALL_HALF_WIDTH = re.compile("[\uff61-\uff9f]*")
_ASCII = bytes(range(0x80))
_RARE_KANJI = -3.0
_HALF_WIDTH_IN_EUC = re.compile(rb"(?:\x8e[\xa1-\xdf]){2}\x8e")
_NOT_ASCII = re.compile("[^\0-\x7f]+")
# What only real half-width text has: a voiced mark behind a kana that can be voiced, a long vowel behind any.
_VOICED = re.compile("[\uff73\uff76-\uff84\uff8a-\uff8e]\uff9e|[\uff8a-\uff8e]\uff9f|[\uff71-\uff9d]\uff70")


def _rows(first: int, last: int) -> str:
    """The characters of JIS X 0208 with these EUC lead bytes."""
    pairs = [bytes((row, cell)) for row in range(first, last + 1) for cell in range(0xA1, 0xFF)]
    return b"".join(pairs).decode("euc_jp", "ignore")


def _weights() -> dict[str, float]:
    weights = dict.fromkeys(_rows(0xA1, 0xA3), 0.0)
    weights |= dict.fromkeys(map(chr, range(0xFF01, 0xFFE7)), 0.0)
    weights |= dict.fromkeys(_rows(0xA6, 0xA8), -2.0)
    weights |= dict.fromkeys(_rows(0xB0, 0xCF), 3.0)
    weights |= dict.fromkeys(_rows(0xA4, 0xA5), 4.0) | dict.fromkeys("、。「」\uff08\uff09・ー", 4.0)
    weights |= dict.fromkeys(map(chr, range(0xFF61, 0xFFA0)), -1.0)
    weights |= dict.fromkeys(map(chr, (*range(0x80, 0xA0), *range(0xE000, 0xF900))), -20.0)
    return weights | dict.fromkeys(map(chr, range(0xDC00, 0xDD00)), -3.0)


_weight = _weights().get


def japaneseness(text: str) -> float:
    """How much a reading looks like Japanese; above zero it does. Marked bytes count against it."""
    chars = "".join(_NOT_ASCII.findall(text))
    total = sum(map(_weight, chars, repeat(_RARE_KANJI)))
    if "\uff70" in chars or "\uff9e" in chars or "\uff9f" in chars:
        total += 3.5 * len(_VOICED.findall(chars))
    return total


def is_rather_euc(euc: str, cp932: str) -> bool:
    """Which of two readings of the same bytes is the better one."""
    half_width = "".join(_NOT_ASCII.findall(cp932))
    if _ALL_HALF_WIDTH.fullmatch(half_width):
        return _is_rather_kanji("".join(_NOT_ASCII.findall(euc)), half_width)
    return japaneseness(euc) > japaneseness(cp932)


def _is_rather_kanji(euc: str, half_width: str) -> bool:
    """
    Whether bytes A1 to DF alone are EUC-JP. Log-likelihoods, since common kanji prove little here.

    Half-width text read as EUC-JP has a third of rare kanji, few everyday ones, and may end within one; EUC-JP read as
    half-width kana seldom has a voiced mark where it belongs. Without evidence it is kanji.
    """
    cut = count_undecoded(euc)
    chars = euc[: len(euc) - cut]
    weights = [_weight(char, _RARE_KANJI) for char in chars]
    everyday = sum(map(EVERYDAY.__contains__, chars))
    common, kana = weights.count(3.0), weights.count(4.0)
    likely = 2.0 + everyday - 1.5 * (common - everyday) + 2.0 * kana - 3.0 * (len(weights) - common - kana) - 1.5 * cut
    voiced = "".join(_VOICED.findall(half_width))
    return likely > 2.7 * (voiced.count("\uff9e") + voiced.count("\uff9f")) + 1.4 * voiced.count("\uff70")


def is_plainly_euc(frame: bytes) -> bool:
    """
    Whether valid EUC-JP needs no comparison, which costs 5 µs: it holds many kana.

    A quarter of the bytes beyond ASCII are A4 and A5, the rows of hiragana and katakana, which as CP932 would be a
    half-width comma or middle dot at every second character; or there are three half-width kana in a row (8E xx),
    which would be three rare kanji.
    """
    kana = frame.count(b"\xa4") + frame.count(b"\xa5")
    if kana >= 3 and 4 * kana >= len(frame.translate(None, _ASCII)):
        return True
    return b"\x8e" in frame and _HALF_WIDTH_IN_EUC.search(frame) is not None
