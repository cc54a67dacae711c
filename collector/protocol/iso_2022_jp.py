"""
ISO-2022-JP: seven-bit Japanese between escape sequences (RFC 1468), as Windows and mail programs write it.

    ESC $ B  (or $ @)   JIS X 0208, two bytes a character, with Windows' additions
    ESC $ ( D           JIS X 0212
    ESC ( I             half-width katakana, one byte
    ESC ( B, J or H     ASCII and its Japanese variants, all read as ASCII: a backslash stays a backslash

A relay may have made ESC visible: ``#033$B`` (rsyslog), ``^[$B`` (sysklogd). That is believed only where the text
returns to ASCII by another such sequence, since a log may well quote ``^[$B``.
"""

import re

from collector.protocol.japanese import mark_cp932, mark_euc_jp
from collector.protocol.visible import count_undecoded, mark

_SEQUENCE = rb"(\$[@B]|\$\(D|\([BHIJ])"
_ESCAPED = re.compile(rb"\x1b" + _SEQUENCE)
_RELAYED = (re.compile(rb"#033" + _SEQUENCE), re.compile(rb"\^\[" + _SEQUENCE))
_ASCII_SETS = (b"(B", b"(H", b"(J")
_ASCII_SETS_ONLY = frozenset((b"(B", b"(H"))
_PAIR = re.compile(rb"[\xa1-\xfe]{2}")
# Sequences. Nonsense costs 3 µs for each, so a frame of very many is judged by the first ones.
_SAMPLE = 256
_NOT_ASCII = re.compile("[^\0-\x7f]")
_MARK = re.compile("[\udc80-\udcff]")

_TO_HIGH = bytes(byte | 0x80 if 0x21 <= byte <= 0x7E else byte for byte in range(256))
_TO_KANA = bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in range(256))


def decode_iso_2022_jp(frame: bytes) -> str | None:
    """Text of an ASCII frame with escape sequences of ISO-2022-JP; None when it has none that make sense."""
    if b"\x1b" in frame:
        return _decode(_ESCAPED.split(frame))
    for relayed in _RELAYED:
        parts = relayed.split(frame)
        if len(parts) > 3 and parts[-2] in _ASCII_SETS:
            return _decode(parts)
    return None


def _decode(parts: list[bytes]) -> str | None:
    """``parts`` are text, then by turns the name of a character set and the bytes written in it."""
    names = parts[1::2]
    if _ASCII_SETS_ONLY.issuperset(names):  # terminals get ESC ( B with every return to normal letters
        return None
    if len(names) > _SAMPLE and not _makes_sense("".join(map(_segment, names[:_SAMPLE], parts[2::2])), names):
        return None
    text = parts[0].decode("ascii") + "".join(map(_segment, names, parts[2::2]))
    return text if _makes_sense(text, names) else None


def _makes_sense(text: str, names: list[bytes]) -> bool:
    if text.isprintable():  # nothing is marked: the usual case
        return b"(J" in names or not text.isascii()
    undecoded = count_undecoded(text)
    decoded = len(_NOT_ASCII.findall(text)) - undecoded
    return decoded > undecoded or (undecoded == 0 and b"(J" in names)


def _segment(name: bytes, body: bytes) -> str:
    if not body:
        return ""
    if name.startswith(b"("):
        return body.decode("ascii") if name != b"(I" else mark_cp932(body.translate(_TO_KANA))
    high = body.translate(_TO_HIGH)
    if name == b"$(D":
        high = _PAIR.sub(lambda match: b"\x8f" + match[0], high)
    text = mark_euc_jp(high)
    return text if text.isprintable() else _MARK.sub(_seven_bits, text)


def _seven_bits(match: re.Match[str]) -> str:
    return mark(bytes((ord(match[0]) & 0x7F,)))
