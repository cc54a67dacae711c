"""
Helper processes of the supervisor: for what may wait or take long, and needs threads or a priority of its own.

    companion = Companion("resolver", work, hear, nest)
    companion.start()              a forked process runs work(link); link is a SOCK_SEQPACKET socket
    companion.tell({"ask": …})     one JSON object per datagram, each way
    hear({…})                      called in the supervisor for each that comes back

One that dies is started again, later each time it dies young. It ends when the link does: with the supervisor, whatever
became of that.
"""

import json
import math
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from collector.service.fork import fork_worker, how_it_ended
from collector.service.link import Link
from collector.service.ownlog import OwnLog
from collector.service.privileges import renounce
from collector.service.process_name import call_this_process

_BACKOFF = 0.5
_BACKOFF_LIMIT = 60.0
_SETTLED = 30.0
_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class Nest:
    """What the supervisor gives to its helper processes; ``let_go`` closes, in the new process, what is not theirs."""

    selector: selectors.BaseSelector
    own_log: OwnLog
    let_go: Callable[[], None]


class Companion:
    """
    ``work(link)`` is the life of the process, called in it. With ``done`` it is for a single job: it is not started
    again, and ``done(status)`` hears how it ended (negative: the signal). ``greet`` is called whenever it was started,
    to tell it what it has to know. One that should give signs of life, and gives none for ``silence`` seconds, is hung
    and is killed.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[socket.socket], None],
        hear: Callable[[dict[str, Any]], None],
        nest: Nest,
        *,
        done: Callable[[int], None] | None = None,
        greet: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.pid = 0
        self._work = work
        self._hear = hear
        self._nest = nest
        self._done = done
        self._greet = greet
        self.silence = math.inf
        self._link = Link(nest.selector, self._heard)
        self._silent = self._looked = 0.0
        self._started = 0.0
        self._delay = 0.0
        self._due = math.inf

    def start(self) -> None:
        self._started, self._due = time.monotonic(), math.inf
        self._silent, self._looked = 0.0, self._started
        try:
            self.pid, link = fork_worker(self._live, self._nest.let_go, self._nest.own_log)
        except OSError as error:
            self._nest.own_log.error(f"The {self.name} cannot be started: {error.strerror}.", event=f"fork {self.name}")
            self._postpone(self._started)
            return
        self._link.connect(link)
        if self._greet is not None:
            self._greet()

    def tell(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> bool:
        """False when it cannot be told now: it is not there, or does not keep up."""
        try:
            self._link.tell(message, descriptors)
        except OSError:
            return False
        return bool(self._link)

    def look(self, now: float) -> None:
        """To be called often: sees its death, and starts it again when it is time."""
        if self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._bury(os.waitstatus_to_exitcode(status), now)
            else:
                self._mind_silence(now)
        elif now >= self._due:
            self.start()

    def stop(self) -> None:
        """End it at once, and wait for its end, which is near."""
        self._due = math.inf
        self._link.hang_up()
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def finish(self, patience: float) -> None:
        """Have it end by itself, and wait for that so many seconds."""
        self._link.hang_up()
        deadline = time.monotonic() + patience
        while self.pid and time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                self.pid = 0
            else:
                time.sleep(0.01)
        self.stop()

    def kill(self) -> None:
        """Its death is seen by ``look``."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def let_go(self) -> None:
        """In another process, after the fork: close this end of the link."""
        self._link.let_go()

    def _heard(self, datagram: bytes) -> None:
        self._silent = 0.0
        self._hear(json.loads(datagram))

    def _mind_silence(self, now: float) -> None:
        """Summed up from one look to the next: when the whole service was stopped for a minute, nobody was silent."""
        self._silent += min(now - self._looked, _BETWEEN_LOOKS)
        self._looked = now
        if self._silent >= self.silence:
            self._nest.own_log.error(f"The {self.name} gave no sign of life for {self._silent:.0f} s and is killed.")
            self._silent = 0.0
            self.kill()

    def _live(self, link: socket.socket) -> None:
        call_this_process(self.name)
        link.setblocking(True)
        renounce()
        self._work(link)

    def _bury(self, status: int, now: float) -> None:
        self._link.last_words()
        self.pid = 0
        if self._done is None:
            self._postpone(now)
            self._nest.own_log.error(
                f"The {self.name} {how_it_ended(status)}. It is started again in {self._delay:g} s."
            )
        if self._done is not None:
            self._done(status)

    def _postpone(self, now: float) -> None:
        if self._done is not None:
            return
        settled = now - self._started >= _SETTLED
        self._delay = _BACKOFF if settled else min(_BACKOFF_LIMIT, max(_BACKOFF, self._delay * 2))
        self._due = now + self._delay
