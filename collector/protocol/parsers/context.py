"""What a parser knows beside the message: when and from whom it came. And the ends every parser has in common."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from collector.protocol.hosts import address_of

NameOf = Callable[[str | None], str | None]
"""The host name that stands for a peer; None for one that has no address."""


@lru_cache(maxsize=4096)
def sender_of(peer: str | None) -> str | None:
    """The host name of a message that carries none: the address it came from. A local socket has no address."""
    if not peer or peer.startswith(("/", "@")):
        return None
    return address_of(peer)


@dataclass(frozen=True, slots=True)
class Context:
    """
    ``received_at`` is aware; ``zone`` holds for stamps that name none. ``peer`` is ``192.0.2.7:4428``,
    ``[2001:db8::1]:514`` or a socket's path; ``charset`` the one the text was decoded from. ``max_skew`` is in seconds:
    how far a stamp may be from the clock to be used as the time of the message, None for any distance. ``name_of``
    gives the host name of a message that carries none.
    """

    received_at: datetime
    zone: tzinfo
    peer: str | None
    charset: str
    max_skew: float | None
    name_of: NameOf = sender_of

    def judge(self, moment: datetime | None) -> tuple[datetime, str, tuple[str, ...]]:
        """The sender's moment or None → the message's time, whose time that is, and a mark when it is too far off."""
        if moment is None:
            return self.received_at, "arrival", ()
        return judge(moment, self.received_at, self.max_skew)


def judge(moment: datetime, received_at: datetime, max_skew: float | None) -> tuple[datetime, str, tuple[str, ...]]:
    """The sender's moment, whose time counts, and a mark when it is more than ``max_skew`` seconds off."""
    if max_skew is not None and abs((moment - received_at).total_seconds()) > max_skew:
        return moment, "arrival", ("clock_skew",)
    return moment, "sender", ()
