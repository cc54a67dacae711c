"""Datagrams: one message each (RFC 5426 §3.1), with what some senders put behind it."""

import codecs

_TERMINATORS = b"\r\n\0"


def trim(frame: bytes) -> bytes:
    """A frame without the CR, LF and NUL at its end; UTF-16 has two bytes for each. One that was cut stays as it is."""
    if type(frame) is not bytes:
        return frame
    if frame.startswith(codecs.BOM_UTF16_LE) and frame[-2:] in {b"\r\0", b"\n\0", b"\0\0"}:
        return trim(frame[:-2])
    if frame.startswith(codecs.BOM_UTF16_BE) and frame[-2:] in {b"\0\r", b"\0\n", b"\0\0"}:
        return trim(frame[:-2])
    return frame if frame.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else frame.rstrip(_TERMINATORS)
