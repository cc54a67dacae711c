"""A connection that carries a stream of frames, as its worker knows it."""

import socket

from collector.protocol.framing import Framer, FramingProblem, Truncated
from collector.protocol.hosts import address_of
from collector.protocol.reduce import Run


class Connection:
    """
    ``sender`` is the address of ``peer``; ``limited`` the name under which it is limited, ``waits`` until when it is
    not read for that. ``active``: when it was last read. ``empty``: frames without content that have been counted.
    ``run``: what it repeats, where that is reduced.
    """

    __slots__ = ("active", "empty", "framer", "limited", "peer", "run", "sender", "sock", "waits")

    def __init__(self, sock: socket.socket, peer: str, limited: str, framer: Framer, now: float) -> None:
        self.sock = sock
        self.peer = peer
        self.sender = address_of(peer)
        self.limited = limited
        self.framer = framer
        self.run: Run | None = None
        self.active = now
        self.waits = 0.0
        self.empty = 0

    def last_frames(self, reason: str) -> list[bytes]:
        """
        What came without its end. A peer that closes (RFC 6587 §3.4.2), or says nothing for long, has ended its line;
        a line that was cut short by anything else is marked, and so is a frame whose length says that more was meant.
        """
        framer = self.framer
        begun = framer.pending > 0
        frames = list(framer.finish())
        if not frames:
            return frames
        short = any(problem.reason == "unfinished" for problem in framer.problems)
        if begun and not short and reason not in {"peer", "idle"}:
            framer.problems.append(FramingProblem("unfinished", frames[-1][:80]))
            short = True
        if short:
            frames[-1] = Truncated(frames[-1], getattr(frames[-1], "lost", 0))
        return frames
