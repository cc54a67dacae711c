"""Other protocols that end up on a plain syslog port: named, so that the administrator knows which setting to mend."""

import re

from collector.protocol.framing import FramingProblem

_TLS_RECORD = re.compile(rb"\x16\x03[\0-\x04]..\x01", re.DOTALL)  # handshake, version, length, ClientHello
_SSL2_HELLO = re.compile(rb"[\x80-\xff].\x01(?:\0\x02|\x03[\0-\x04])", re.DOTALL)  # length, ClientHello, version
_HELLO_BEGUN = re.compile(rb"\x16|[\x80-\xff](?:.?\Z|.\x01)", re.DOTALL)
_LINES = (
    ("http", re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|TRACE|PATCH|PRI) [!-~]+ HTTP/[0-9]")),
    ("relp", re.compile(rb"[0-9]{1,9} open [0-9]{1,9}(?: relp_version|\n)")),
    ("ssh", re.compile(rb"SSH-[12]\.[0-9]+-")),
)
_LONGEST_HELLO = 6


def may_be_tls(first: bytes | bytearray) -> bool:
    """Whether a stream begins like TLS or SSL, but with too few bytes to be sure."""
    return len(first) < _LONGEST_HELLO and _HELLO_BEGUN.match(first) is not None


def recognise(first: bytes | bytearray) -> str | None:
    """
    What a stream is that is no syslog: ``tls``, ``http``, ``relp`` or ``ssh``; None for anything else.

    More of the same stream never changes a name once given.
    """
    if _TLS_RECORD.match(first) or _SSL2_HELLO.match(first):
        return "tls"
    return next((name for name, pattern in _LINES if pattern.match(first)), None)


class ForeignFramer:
    """A stream that is no syslog: no frames, every byte counted as lost, and one fatal problem that names it."""

    def __init__(self, protocol: str) -> None:
        self.problems: list[FramingProblem] = []
        self.delimiters = self.empty = self.pending = 0
        self.lost = 0
        self._protocol = protocol

    def feed(self, data: bytes) -> list[bytes]:
        if self.lost == 0:
            self.problems.append(FramingProblem(f"foreign_{self._protocol}", data[:80], len(data), fatal=True))
        self.lost += len(data)
        return []

    def finish(self) -> list[bytes]:
        return []
