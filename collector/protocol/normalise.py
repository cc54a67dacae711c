"""
Make a batch's text fit for a log: valid UTF-8, no control characters, one line per message.

Nearly every batch is so already, and is known to be by a few whole-buffer calls. Of any other batch the lines that need
something are mended one by one (``charset.py``), and what they were is kept beside them as ``Fix``.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from collector.batch import Batch, Fix
from collector.protocol.charset import Charsets, is_clean
from collector.protocol.framing import Truncated
from collector.protocol.framing.datagram import trim
from collector.protocol.hosts import HostMap
from collector.protocol.libc import contains
from collector.protocol.visible import is_utf8

Peers = Callable[[], Iterable[str | None]]

# The host name of a message that is not yet decoded: the header is ASCII in every charset we know.
_HOSTNAME = re.compile(
    rb"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{1,3} [0-9][0-9T:.+Z-]+) ([0-9A-Za-z._-]+) "
)


# ``#`` and ``^`` may begin an escape, C2 and E2 the controls that UTF-8 has beyond ASCII.
_HARMLESS = bytes(byte for byte in (*b"\t", *range(0x20, 0x7F)) if byte not in b"#^")
_HARMLESS_UTF8 = _HARMLESS + bytes(byte for byte in range(0x80, 0x100) if byte not in b"\xc2\xe2")


class Normaliser:
    """Holds what the configuration says of charsets; nothing is learned, so every worker and every replay agree."""

    def __init__(self, charsets: Charsets, declared: HostMap[str]) -> None:
        self._charsets = charsets
        self._declared = declared

    def block(self, text: bytes, peers: Peers, received_at: float) -> Batch:
        """Lines in one piece, each ended by LF, none of them empty."""
        if is_clean(text):
            return Batch(received_at, text, peers, {})
        return self._mend(text[:-1].split(b"\n"), peers, received_at)

    def frames(self, frames: Sequence[bytes], peers: Peers, received_at: float) -> Batch:
        """Frames that are no lines yet: datagrams, octet-counted messages. An empty one is counted and left out."""
        text = _joined(frames)
        if text is not None and not (text.startswith(b"\n") or contains(text, b"\n\n")):
            return Batch(received_at, text, peers, {})
        return (self._trimmed if _is_to_trim(frames) else self._mend)(frames, peers, received_at)

    def _trimmed(self, frames: Sequence[bytes], peers: Peers, received_at: float) -> Batch:
        """Without the LF or NUL that some senders put behind a datagram, and without what is empty then."""
        pairs = [(trim(frame), peer) for frame, peer in zip(frames, peers(), strict=False)]
        kept = [frame for frame, _ in pairs if frame]
        senders = [peer for frame, peer in pairs if frame]
        text = _joined(kept)
        if text is None:
            batch = self._mend(kept, lambda: senders, received_at)
        else:
            batch = Batch(received_at, text if kept else b"", lambda: senders, {})
        batch.empty = len(pairs) - len(kept)
        return batch

    def one(self, frame: bytes, peer: str | None) -> tuple[str, Fix]:
        """A single frame, whatever it holds: its visible line and what it was."""
        declared = self._declared.find(_hostname(frame), peer) if self._declared else None
        text = self._charsets.normalise(frame, declared)
        if isinstance(frame, Truncated):
            cut = f" [truncated, {frame.lost} bytes lost]" if frame.lost else " [truncated]"
            return text.visible + cut, Fix(text.exact + cut, text.charset, ("truncated",), text.damaged)
        return text.visible, Fix(text.exact, text.charset, (), text.damaged)

    def _mend(self, frames: Sequence[bytes], peers: Peers, received_at: float) -> Batch:
        lines = list(frames)
        fixes: dict[int, Fix] = {}
        senders = list(islice(peers(), len(lines))) if self._declared else ()
        for row in suspicious(frames):
            frame = frames[row]
            if type(frame) is bytes and is_clean(frame) and b"\n" not in frame:
                continue
            visible, fixes[row] = self.one(frame, senders[row] if senders else None)
            lines[row] = visible.encode()
        return Batch(received_at, b"\n".join(lines) + b"\n", peers, fixes)


def _joined(frames: Sequence[bytes]) -> bytes | None:
    """Frames as lines, when they are fit to be lines as they stand; an empty frame makes an empty line."""
    if b"\n" in b"".join(frames) or Truncated in set(map(type, frames)):
        return None
    # Judged with the LFs between them: two halves of a character, at the end of one frame and the beginning of the
    # next, are no whole.
    text = b"\n".join(frames) + b"\n"
    return text if is_clean(text) else None


def _is_to_trim(frames: Sequence[bytes]) -> bool:
    glued = b"".join(frames)
    return not all(frames) or any(terminator in glued for terminator in (b"\n", b"\r", b"\0"))


def suspicious(frames: Sequence[bytes]) -> list[int]:
    """The rows to look at closely: those of which something is left without the bytes that harm no line."""
    text = b"\n".join(frames)
    if text.count(b"\n") >= len(frames):  # some have LFs of their own, which do harm
        text = b"\n".join([frame.replace(b"\n", b"\0") for frame in frames])
    rests = text.translate(None, _HARMLESS_UTF8 if is_utf8(text) else _HARMLESS).split(b"\n")
    return [row for row, rest in enumerate(rests) if rest or type(frames[row]) is not bytes]


def _hostname(frame: bytes) -> str | None:
    found = _HOSTNAME.match(frame)
    return found[1].decode("ascii") if found else None
