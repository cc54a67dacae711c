"""Frames longer than allowed: what is kept of them."""

from collector.protocol.framing import FramingProblem, Truncated


def kept_part(frame: bytes, size: int) -> bytes:
    """The first ``size`` bytes of a frame, less a UTF-8 character that would be cut in two."""
    kept = frame[:size]
    try:
        kept.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return kept[: error.start]
    return kept


def truncate(head: bytes, length: int, limit: int) -> tuple[Truncated, FramingProblem]:
    """A frame of ``length`` bytes, of which ``head`` holds at least the first ``limit``."""
    kept = kept_part(head, limit)
    lost = length - len(kept)
    return Truncated(kept, lost), FramingProblem("oversize", kept[:80], lost)
