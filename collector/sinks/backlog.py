r"""
Messages that wait for a reader who is slow or away: so many bytes at most, and then no further ones.

They are one block of bytes. Who writes takes a piece of it and tells how much went (``advance``), be it in the middle
of a message: that message stays until the rest of it went, and after ``rewind`` begins anew.

    backlog = Backlog(8 << 20, meter, full="queue_full")
    backlog.fill(b"one\ntwo\n", 2, flush)    # flush: backlog.advance(os.write(fd, backlog.piece(65536)))

There are two shapes: messages ended by LF, and octet-counted ones (RFC 6587 §3.4.1), which are a number, a blank and
so many bytes.
"""

from collections.abc import Callable

from collector.sinks import SinkMeter

Cut = Callable[[bytearray | bytes, int], tuple[int, int]]
"""Where the last whole message within so many bytes ends, and how many messages there are until then."""


def cut_lines(data: bytearray | bytes, end: int) -> tuple[int, int]:
    cut = data.rfind(b"\n", 0, end) + 1
    return cut, data.count(b"\n", 0, cut)


def cut_counted(data: bytearray | bytes, end: int) -> tuple[int, int]:
    cut = messages = 0
    while cut < end:
        blank = data.find(b" ", cut, end)
        if blank < 0 or (after := blank + 1 + int(data[cut:blank])) > end:
            break
        cut, messages = after, messages + 1
    return cut, messages


def counted(lines: bytes) -> bytes:
    """Lines → octet-counted messages, without their LF."""
    return b"".join([b"%d %b" % (len(line), line) for line in lines[:-1].split(b"\n")])


class Backlog:
    """
    Room for ``limit`` bytes; what finds none is dropped for the reason ``full``. It counts all that comes and goes:
    offered = written + dropped + pending.
    """

    def __init__(self, limit: int, meter: SinkMeter, *, full: str, cut: Cut = cut_lines) -> None:
        self._limit = limit
        self._meter = meter
        self._full = full
        self._cut = cut
        self._data = bytearray()
        self._begun = 0  # bytes of the first message that went already
        self._messages = 0

    def __len__(self) -> int:
        """Messages."""
        return self._messages

    @property
    def begun(self) -> bool:
        """The first message is half written."""
        return self._begun > 0

    def fill(self, data: bytes, messages: int, flush: Callable[[], object]) -> int:
        """Take in whole ``messages`` while ``flush`` makes room; returns how many were dropped as there was none."""
        self._meter.count("sink_offered", messages)
        while messages:
            taken = self._take(data, messages)
            if taken == (0, 0):
                self._meter.count("sink_dropped", messages, self._full)
                return messages
            flush()
            data, messages = data[taken[0] :], messages - taken[1]
        return 0

    def piece(self, size: int) -> bytearray:
        """What to write next: at most ``size`` bytes."""
        return self._data[self._begun : self._begun + size]

    def whole(self, size: int) -> bytearray:
        """What to write next: lines of together at most ``size`` bytes; or one that is longer, or the rest of it."""
        cut = 0 if self._begun else self._cut(self._data, size)[0]
        return self._data[self._begun : cut or self._data.find(b"\n", self._begun) + 1]

    def advance(self, size: int, dropped: str = "") -> None:
        """So many bytes more are written, or ``dropped`` for a reason."""
        end = self._begun + size
        cut, messages = (end, self._messages) if end == len(self._data) else self._cut(self._data, end)
        del self._data[:cut]
        self._begun = end - cut
        self._leave(messages, dropped)
        if not dropped:
            self._meter.count("sink_written_bytes", size)

    def rewind(self) -> None:
        """Whoever read the beginning of a message is gone: it will be written again whole."""
        self._begun = 0

    def drop(self, reason: str) -> int:
        """Give up all; returns how many messages that were."""
        lost = self._messages
        self._data.clear()
        self._begun = 0
        self._leave(lost, reason)
        return lost

    def _take(self, data: bytes, messages: int) -> tuple[int, int]:
        """As much of it as there is room for; returns how many bytes and messages that is."""
        size, room = len(data), self._limit - len(self._data)
        if size > room:
            size, messages = self._cut(data, max(room, 0))
        self._data += data[:size]
        self._messages += messages
        self._meter.count("sink_pending", messages)
        return size, messages

    def _leave(self, messages: int, dropped: str) -> None:
        if not messages:
            return
        self._messages -= messages
        self._meter.count("sink_pending", -messages)
        if dropped:
            self._meter.count("sink_dropped", messages, dropped)
        else:
            self._meter.count("sink_written", messages)
