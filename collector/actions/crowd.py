"""
How many alerts may wait for one destination: ``queue`` of them for as long as it takes, more for a minute.

    waiting   ▲          ╭──────╮ share
              │        ╭─╯      ╰──╮      Alerts stay in their journal, so a burst costs little. One that goes on for
    queue ────┼──────╭─╯           ╰──    longer than PATIENCE is more than the destination can take, and what comes
              │  ╭───╯                    then is dropped until there is room in the queue.
              └──────┴── PATIENCE ──┴──▶

Where more come at once than its share, the journal is not read for a while, if the destination is quick: others wait
for seconds then, and nothing is lost. They do not wait for a slow one.
"""

from dataclasses import dataclass

PATIENCE = 60.0
"""Seconds for which a queue may be over full."""

_LOOK = 1.0
"""Seconds after which it is known how quick a destination is."""

_QUICK = 5.0
"""It takes its share of alerts in so many seconds."""


@dataclass(frozen=True, slots=True)
class Share:
    """A lane's part of what all share: ``bytes`` of alerts in memory, and ``alerts`` beyond those of its queue."""

    bytes: int
    alerts: int


class Crowd:
    def __init__(self) -> None:
        self._queue = 0
        self._since: float | None = None
        self._sent = 0

    def look(self, waiting: int, queue: int, now: float, sent: int) -> None:
        """To be told how many wait, and how many were ever sent, before anything is asked."""
        self._queue = queue
        if waiting < queue:
            self._since = None
        elif self._since is None:
            self._since, self._sent = now, sent

    def admits(self, waiting: int, now: float, share: Share) -> bool:
        """Whether one more may wait."""
        if self._since is None:
            return True
        return now < self._since + PATIENCE and waiting < self._queue + share.alerts

    def holds_up(self, waiting: int, now: float, share: Share, sent: int) -> bool:
        """Whether no more should be read, as there would be no room for it here."""
        if self._since is None or now >= self._since + PATIENCE or waiting < self._queue + share.alerts:
            return False
        passed = now - self._since
        return passed < _LOOK or (sent - self._sent) * _QUICK >= share.alerts * passed
