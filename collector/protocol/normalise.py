"""
Make a batch's text fit for a log: valid UTF-8, no control characters, one line per message.

Nearly every batch is so already, and is known to be by a few whole-buffer calls. Of any other batch the lines that need
something are mended one by one (``charset.py``), and what they were is kept beside them as ``Fix``.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from collector.batch import Fix
from collector.protocol.charset import Charsets, is_clean
from collector.protocol.framing import Truncated
from collector.protocol.hosts import HostMap

Peers = Callable[[], Iterable[str | None]]

# The host name of a message that is not yet decoded: the header is ASCII in every charset we know.
_HOSTNAME = re.compile(
    rb"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}|[0-9]{1,3} [0-9][0-9T:.+Z-]+) ([0-9A-Za-z._-]+) "
)


class Normaliser:
    """Holds what the configuration says of charsets; nothing is learned, so every worker and every replay agree."""

    def __init__(self, charsets: Charsets, declared: HostMap[str]) -> None:
        self._charsets = charsets
        self._declared = declared

    def block(self, text: bytes, peers: Peers) -> tuple[bytes, dict[int, Fix]]:
        """Lines in one piece, each ended by LF, none of them empty → the same as a batch holds them."""
        if is_clean(text):
            return text, {}
        return self._mend(text[:-1].split(b"\n"), peers)

    def frames(self, frames: Sequence[bytes], peers: Peers) -> tuple[bytes, dict[int, Fix]]:
        """Frames that are no lines yet, none of them empty: datagrams, octet-counted messages."""
        glued = b"".join(frames)
        if b"\n" in glued or not is_clean(glued):
            return self._mend(frames, peers)
        return b"\n".join(frames) + b"\n", {}

    def one(self, frame: bytes, peer: str | None) -> tuple[str, Fix]:
        """A single frame, whatever it holds: its visible line and what it was."""
        declared = self._declared.find(_hostname(frame), peer) if self._declared else None
        text = self._charsets.normalise(frame, declared)
        if isinstance(frame, Truncated):
            cut = f" [truncated, {frame.lost} bytes lost]"
            return text.visible + cut, Fix(text.exact + cut, text.charset, ("truncated",))
        return text.visible, Fix(text.exact, text.charset, ())

    def _mend(self, frames: Sequence[bytes], peers: Peers) -> tuple[bytes, dict[int, Fix]]:
        lines: list[bytes] = []
        fixes: dict[int, Fix] = {}
        for row, (frame, peer) in enumerate(zip(frames, peers(), strict=False)):
            if type(frame) is bytes and is_clean(frame) and b"\n" not in frame:
                lines.append(frame)
                continue
            visible, fixes[row] = self.one(frame, peer)
            lines.append(visible.encode())
        return b"\n".join(lines) + b"\n", fixes


def _hostname(frame: bytes) -> str | None:
    found = _HOSTNAME.match(frame)
    return found[1].decode("ascii") if found else None
