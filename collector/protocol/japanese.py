"""
The Japanese charsets as Windows writes them, and the evidence that tells CP932 from EUC-JP.

Every decoder here takes bytes and gives text, or None when the bytes are not of that charset. One character cut at the
end is forgiven, for a datagram ends where its sender's buffer did; its bytes become marks (``visible.mark``).

- ``cp932``, never ``shift_jis``, which lacks ①㈱髙.
- ``euc-jp`` with what Windows adds: NEC row 13 (① AD A1), the NEC-selected and IBM kanji (髙 FC E2; 8F F4 FA in the
  three-byte form of eucJP-ms; lead bytes 93 to 98 as old converters cut them), half-width kana (8E xx), and
  Windows' choice where two Unicode characters look alike (A1 C1 is U+FF5E, not U+301C).
- ``iso-2022-jp`` with half-width kana, JIS X 0212 and the same additions; also after a relay wrote ESC as ``#033``
  (rsyslog) or ``^[`` (sysklogd).
"""

import codecs
import re
from collections.abc import Mapping, Sequence

from collector.protocol.visible import mark


def _decoded(leads: Sequence[int]) -> dict[bytes, str]:
    """The two-byte characters of CP932 that begin with one of these lead bytes."""
    trails = (*range(0x40, 0x7F), *range(0x80, 0xFD))
    pairs = [bytes((lead, trail)) for lead in leads for trail in trails]
    return {pair: char for pair in pairs if len(char := pair.decode("cp932", "replace")) == 1}


def _euc_pair(pair: bytes) -> bytes:
    """A CP932 pair as EUC (JIS X 0208 annex 1); the rows that EUC has no room for wrap to lead bytes 93 to 98."""
    lead, trail = pair
    row = 2 * (lead - (0x71 if lead <= 0x9F else 0xB1)) + 1 + (trail >= 0x9F)
    cell = trail - (0x7E if trail >= 0x9F else 0x20 if trail > 0x7F else 0x1F)
    return bytes(((row | 0x80) & 0xFF, cell | 0x80))


def _eucjp_ms() -> dict[bytes, str]:
    """8F F3 F3 to 8F F4 FE: the IBM characters that JIS X 0212 lacks, in their own order."""
    lacking = [char for char in _IBM.values() if char == "№" or not char.encode("euc_jp", "ignore")]
    cells = [b"\x8f\xf3%c" % cell for cell in range(0xF3, 0xFF)] + [b"\x8f\xf4%c" % cell for cell in range(0xA1, 0xFF)]
    return dict(zip(cells, [char for char in lacking if char not in "￢￤"], strict=True))


_IBM = _decoded((0xFA, 0xFB, 0xFC))
_NEC = _decoded((0x87, 0xED, 0xEE))
_VENDOR = {_euc_pair(pair): char for pair, char in (_IBM | _NEC).items()} | _eucjp_ms()

# Where Python's table and Windows' name different characters of the same look: wave dash, minus, cent, pound …
_TWINS = {
    "\u301c": "\uff5e",
    "\u2016": "\u2225",
    "\u2212": "\uff0d",
    "\xa2": "\uffe0",
    "\xa3": "\uffe1",
    "\xac": "\uffe2",
}
_TWIN = re.compile(f"[{''.join(_TWINS)}]")
# What Python makes of the single bytes that CP932 leaves undefined.
_UNDEFINED = {
    "\x80": mark(b"\x80"),
    "\uf8f0": mark(b"\xa0"),
    "\uf8f1": mark(b"\xfd"),
    "\uf8f2": mark(b"\xfe"),
    "\uf8f3": mark(b"\xff"),
}
_UNDEFINED_CHAR = re.compile(f"[{''.join(_UNDEFINED)}]")
# The bytes EUC-JP is made of. The lead bytes of hiragana and katakana in CP932, 82 and 83, are not among them.
_EUC_BYTES = bytes((*range(0x80), 0x8E, 0x8F, *range(0x93, 0x99), *range(0xA1, 0xFF)))
_NO_EUC_BYTES = re.compile(rb"[\x80-\x8d\x90-\x92\x99-\xa0\xff]+")


def _vendor_chars(frame: bytes, start: int) -> tuple[str, int]:
    """The characters Windows put here, as many as stand in a row, and where they end; none is ``""``."""
    if (char := _VENDOR.get(frame[start : start + 3])) and frame[start] == 0x8F:
        return char, start + 3
    chars = []
    while char := _VENDOR.get(frame[start : start + 2]):
        chars.append(char)
        start += 2
    return "".join(chars), start


def _vendor_char(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: what Windows put here, or the error again."""
    assert isinstance(error, UnicodeDecodeError)
    chars, end = _vendor_chars(error.object, error.start)
    if chars:
        return chars, end
    try:
        raise error
    finally:
        del error  # its traceback holds this frame: a cycle that only the garbage collector would end


def _vendor_char_or_mark(error: UnicodeError) -> tuple[str, int]:
    """
    Codec error handler: the same, but a byte that stays undecodable becomes a mark.

    It is called again for each error, at 1 µs; a run of bytes that are never EUC-JP is therefore marked at once.
    """
    assert isinstance(error, UnicodeDecodeError)
    chars, end = _vendor_chars(error.object, error.start)
    if chars:
        return chars, end
    run = _NO_EUC_BYTES.match(error.object, error.start)
    end = run.end() if run else error.start + 1
    return mark(error.object[error.start : end]), end


# How Python's codecs say that the input ends inside a character: multibyte, UTF-8, UTF-16.
_CUT = re.compile("incomplete|unexpected end|truncated")

codecs.register_error("collector-vendor", _vendor_char)
codecs.register_error("collector-vendor-or-mark", _vendor_char_or_mark)


def decode_cut(frame: bytes, codec: str, errors: str = "strict") -> str | None:
    """
    Text of a valid frame; the bytes of one character cut at its end are marked.

    None when anything else is wrong, and when the cut character is the only one that is not ASCII: that proves nothing.
    """
    try:
        return frame.decode(codec, errors)
    except UnicodeDecodeError as error:
        tail = frame[error.start :]
        if len(tail) > 3 or not _CUT.search(error.reason):
            return None
        head = frame[: error.start]
        return None if head.isascii() else head.decode(codec, errors) + mark(tail)


def decode_cp932(frame: bytes) -> str | None:
    text = decode_cut(frame, "cp932")
    return None if text is None or _UNDEFINED_CHAR.search(text) else text


def decode_euc_jp(frame: bytes) -> str | None:
    if frame.translate(None, _EUC_BYTES):
        return None
    text = decode_cut(frame, "euc_jp", "collector-vendor")
    return None if text is None else _like_windows(text)


def mark_cp932(frame: bytes) -> str:
    """Text of any bytes whatever: what CP932 does not explain is marked."""
    text = frame.decode("cp932", "surrogateescape")
    return _replaced(text, _UNDEFINED) if _UNDEFINED_CHAR.search(text) else text


def mark_euc_jp(frame: bytes) -> str:
    """Text of any bytes whatever: what EUC-JP does not explain is marked."""
    return _like_windows(frame.decode("euc_jp", "collector-vendor-or-mark"))


def _like_windows(text: str) -> str:
    return _replaced(text, _TWINS) if _TWIN.search(text) else text


def _replaced(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text
