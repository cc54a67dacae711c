"""
Which charset a message is in, and its text as UTF-8.

Decided for each message by its own bytes and the configuration; nothing is learned, so every worker and every replay
agree. In this order:

1. UTF-16 with a byte order mark (a whole datagram).
2. ISO-2022-JP by its escape sequences.
3. UTF-8, which hardly any other text is by chance. One character cut at the end is forgiven, and so is some damage.
4. The charset declared for the host or its network.
5. The fallback list in its order; the Japanese ones of it share one place, and evidence decides between them.
6. The same again where bytes are damaged, if at least two thirds of those beyond ASCII can be read.
7. ``unknown``: UTF-8 as far as it goes.

Bytes that the charset does not explain, as those of a character cut at the end, are shown as ``#ooo`` (``visible.py``);
the rest stays readable.
"""

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from collector.protocol.evidence import is_plainly_euc, is_rather_euc, japaneseness
from collector.protocol.iso_2022_jp import decode_iso_2022_jp
from collector.protocol.japanese import decode_cp932, decode_cut, decode_euc_jp, mark_cp932, mark_euc_jp
from collector.protocol.visible import count_undecoded, is_clean, show_controls, show_undecoded, undo

__all__ = ["Charsets", "Text", "is_clean", "undo"]

Decoder = Callable[[bytes], str | None]

_JAPANESE: Mapping[str, Decoder] = MappingProxyType({"cp932": decode_cp932, "euc-jp": decode_euc_jp})
_MARKING: Mapping[str, Callable[[bytes], str]] = MappingProxyType({"cp932": mark_cp932, "euc-jp": mark_euc_jp})

_ASCII = bytes(range(0x80))
# Bytes. A damaged frame costs up to 1 µs for each byte a charset cannot explain, so a long one must earn it.
_SAMPLE = 4096
_THREE_BYTES = re.compile("[\u0800-\ud7ff\ue000-\uffff]")
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Text(NamedTuple):
    """
    The text of one message.

    ``visible`` is one line in which control characters and undecodable bytes are ``#ooo``; ``undo`` reverses it.
    ``exact`` has its control characters as they are. ``charset`` is ``ascii``, ``utf-8``, ``utf-16``, ``iso-2022-jp``,
    ``cp932``, ``euc-jp``, another codec's name, or ``unknown``. ``damaged`` says that some bytes could not be decoded:
    then ``exact`` writes those, and any literal ``#`` before three octal digits, in the same notation.
    """

    visible: str
    exact: str
    charset: str
    damaged: bool = False


class Charsets:
    """
    Turns frames into text.

    ``fallback`` names the charsets for what is not UTF-8: Python's names of codecs that extend ASCII, but ``euc-jp``.
    """

    def __init__(self, fallback: Sequence[str] = ("cp932", "euc-jp")) -> None:
        self._japanese = tuple(name for name in fallback if name in _JAPANESE)
        # The first Japanese name stands for all of them.
        self._steps = tuple(name for name in fallback if name not in self._japanese[1:])

    def normalise(self, frame: bytes, declared: str | None = None) -> Text:
        """The text of a frame of any bytes. ``declared`` is the sender's charset, where the configuration knows it."""
        if frame.isascii():
            return _ascii(frame)
        if frame.startswith(_BYTE_ORDER_MARKS) and (text := decode_cut(frame, "utf-16")):
            return _text(text, "utf-16")
        text = decode_cut(frame, "utf-8")
        if text is not None and not (declared and _is_rather(declared, frame, text)):
            return _text(text, "utf-8")
        text = frame.decode("utf-8", "surrogateescape")
        if declared == "utf-8" or _is_mostly_utf8(frame, text):
            return _text(text, "utf-8")
        return self._legacy(frame, declared) or self._damaged(frame, declared)

    def _legacy(self, frame: bytes, declared: str | None) -> Text | None:
        """The frame in a charset of before UTF-8, in which all of it makes sense."""
        if declared and (text := _decode(declared, frame)) is not None:
            return _text(text, declared)
        for name in self._steps:
            if name in _JAPANESE:
                found = _by_evidence(frame, self._japanese)
                if found:
                    return _text(*found)
            elif (text := _decode(name, frame)) is not None:
                return _text(text, name)
        return None

    def _damaged(self, frame: bytes, declared: str | None) -> Text:
        """The frame in the charset that leaves the fewest bytes unexplained, a third of those beyond ASCII at most."""
        names = (declared, *self._japanese) if declared in _JAPANESE else self._japanese
        sample = frame if len(frame) <= _SAMPLE else _sample(frame)
        readings = [(name, _MARKING[name](sample)) for name in names if name]
        for name, reading in sorted(readings, key=lambda reading: count_undecoded(reading[1])):
            if not _is_readable(sample, reading):
                continue
            text = reading if sample is frame else _MARKING[name](frame)
            if _is_readable(frame, text):
                return _text(text, name)
        return _text(frame.decode("utf-8", "surrogateescape"), "unknown")


def _sample(frame: bytes) -> bytes:
    """What a long frame is judged by: the bytes from the first one beyond ASCII, where a character begins."""
    first = len(frame) - len(frame.lstrip(_ASCII))
    return frame[first : first + _SAMPLE]


def _is_readable(frame: bytes, text: str) -> bool:
    return count_undecoded(text) <= len(frame.translate(None, _ASCII)) // 3 and japaneseness(text) > 0


def _ascii(frame: bytes) -> Text:
    if b"$" in frame or b"(" in frame:
        text = decode_iso_2022_jp(frame)
        if text:  # escape sequences alone are no text, and would make an empty line
            return _text(text, "iso-2022-jp")
    return _text(frame.decode("ascii"), "ascii")


def _text(text: str, charset: str) -> Text:
    if text.isprintable() and "#" not in text:
        return Text(text, text, charset)
    exact = show_undecoded(text)
    damaged = count_undecoded(text) > 0
    return Text(show_controls(exact), exact if damaged else text, charset, damaged)


def _decode(name: str, frame: bytes) -> str | None:
    decoder = _JAPANESE.get(name)
    return decoder(frame) if decoder else decode_cut(frame, name)


def _by_evidence(frame: bytes, names: Sequence[str]) -> tuple[str, str] | None:
    """The charset, of those in which the frame is valid, in which it looks most Japanese, and the text."""
    euc = decode_euc_jp(frame) if "euc-jp" in names else None
    if euc is not None and is_plainly_euc(frame):
        return euc, "euc-jp"
    cp932 = decode_cp932(frame) if "cp932" in names else None
    if euc is None:
        return None if cp932 is None else (cp932, "cp932")
    if cp932 is None or is_rather_euc(euc, cp932):
        return euc, "euc-jp"
    return cp932, "cp932"


def _is_rather(declared: str, frame: bytes, utf8: str) -> bool:
    """
    Whether valid UTF-8 is the declared Japanese charset all the same.

    UTF-8 sequences of two bytes alone are also pairs of EUC-JP (C2 AB is « or 束) and half-width kana of CP932.
    """
    if declared not in _JAPANESE or max(utf8) >= "\u0800":
        return False
    text = _JAPANESE[declared](frame)
    return text is not None and japaneseness(text) > 0


def _is_mostly_utf8(frame: bytes, text: str) -> bool:
    """
    Whether it is UTF-8 with some damage: at least six continuation bytes in place, and four for each byte out of place.

    CP932 and EUC-JP have few such sequences by chance, longer ones hardly ever. A character of n bytes has n-1
    continuation bytes, so all of them together are the bytes of the frame less the characters of the text.
    """
    in_place = len(frame) - len(text)
    beyond_ascii = len(frame.translate(None, _ASCII))
    # Even if every character were of two bytes there would be too many out of place: the usual case, left early.
    if in_place < 6 or in_place < 4 * (beyond_ascii - 2 * in_place):
        return False
    if in_place < 12 and not _THREE_BYTES.search(text):
        return False
    return in_place >= 4 * count_undecoded(text)
