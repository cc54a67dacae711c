"""
Framing: a stream of bytes cut into messages. No sockets here: bytes in, frames out.

One file for each way (RFC 6587): ``octet_counting``, ``delimited`` (LF, CR LF, NUL), ``auto``, which finds out for each
connection; ``datagram``, where the network has cut already; ``foreign`` for what is no syslog at all. A new way is a
file, a line in ``FRAMERS``, a test and a page.

No input makes a framer raise, and each byte fed is in a frame, a delimiter, counted as lost, or pending:
``fed == handed out + delimiters + lost + pending``. However the bytes are cut into reads, the frames are the same.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, Self

DEFAULT_MAX_MESSAGE = 65536
"""Bytes. RFC 5424 §6.1 asks for 2048, rsyslog takes 8 KiB, syslog-ng 64 KiB."""

FRAMERS = MappingProxyType(
    {
        "auto": "collector.protocol.framing.auto:AutoFramer",
        "octet-counting": "collector.protocol.framing.octet_counting:OctetCountingFramer",
        "lf": "collector.protocol.framing.delimited:LineFramer",
        "nul": "collector.protocol.framing.delimited:NulFramer",
    }
)

Frames = bytes | list[bytes]
"""
What one read brought. ``bytes`` is a block: whole frames, none empty, without NUL, each ended by one LF with no CR
before it; the common case, in which no object is made for a frame. ``list`` holds frames without delimiters: where one
has LF or NUL inside, or was cut.
"""


class Truncated(bytes):
    """A frame that was longer than allowed: what was kept of it. ``lost`` is the number of bytes skipped."""

    lost: int

    def __new__(cls, kept: bytes, lost: int) -> Self:
        self = super().__new__(cls, kept)
        self.lost = lost
        return self


@dataclass(frozen=True, slots=True)
class FramingProblem:
    """
    Something wrong with a stream, to be counted under ``reason`` and logged with its peer.

    ``sample`` shows the first bytes concerned, ``lost`` is how many were lost. After a ``fatal`` one the connection is
    of no more use.
    """

    reason: str
    sample: bytes
    lost: int = 0
    fatal: bool = False


class Framer(Protocol):
    """
    One connection's stream.

    ``problems`` is appended to; the caller takes and clears them. ``delimiters`` and ``lost`` count bytes since the
    beginning, without the LFs that a block still has; ``empty`` counts frames that held nothing; ``pending`` is the
    number of bytes held.
    """

    @property
    def problems(self) -> list[FramingProblem]: ...
    @property
    def delimiters(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def empty(self) -> int: ...
    @property
    def pending(self) -> int: ...

    def feed(self, data: bytes) -> Frames:
        """The frames that are complete with this read; often none."""

    def finish(self) -> list[bytes]:
        """The last frame, when the connection ended without its delimiter."""
