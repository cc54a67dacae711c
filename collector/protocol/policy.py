"""What a source says of its messages' headers: whose name and whose clock count, and how far a clock may be off."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """
    ``zone`` holds for stamps that name none; None is the zone of the whole configuration.

    ``hostname`` tells whether the name in the message counts or that of the peer it came from, ``time`` whether the
    sender's stamp or the moment of arrival. A stamp more than ``max_skew`` seconds off the clock is shown but not used
    as the time of its message; None trusts every stamp.
    """

    zone: tzinfo | None = None
    hostname: Literal["message", "peer"] = "message"
    time: Literal["sender", "arrival"] = "sender"
    max_skew: float | None = DAY


DEFAULT = Policy()
