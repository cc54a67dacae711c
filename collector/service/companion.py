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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collector.service.fork import fork_worker
from collector.service.ownlog import OwnLog
from collector.service.privileges import renounce

_DATAGRAM = 256 * 1024
_AT_ONCE = 100
_BACKOFF = 0.5
_BACKOFF_LIMIT = 60.0
_SETTLED = 30.0


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
    to tell it what it has to know.
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
        self._link: socket.socket | None = None
        self._started = 0.0
        self._delay = 0.0
        self._due = math.inf

    def start(self) -> None:
        self._started, self._due = time.monotonic(), math.inf
        try:
            self.pid, self._link = fork_worker(self._live, self._nest.let_go, self._nest.own_log)
        except OSError as error:
            self._nest.own_log.error(f"The {self.name} cannot be started: {error.strerror}.", event=f"fork {self.name}")
            self._postpone(self._started)
            return
        self._nest.selector.register(self._link, selectors.EVENT_READ, self._listen)
        if self._greet is not None:
            self._greet()

    def tell(self, message: dict[str, Any]) -> bool:
        """False when it cannot be told now: it is not there, or does not keep up."""
        if self._link is None:
            return False
        try:
            self._link.send(json.dumps(message).encode())
        except OSError:
            return False
        return True

    def look(self, now: float) -> None:
        """To be called often: sees its death, and starts it again when it is time."""
        if self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._bury(os.waitstatus_to_exitcode(status), now)
        elif now >= self._due:
            self.start()

    def stop(self) -> None:
        """End it at once, and wait for its end, which is near."""
        self._due = math.inf
        self._hang_up()
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def kill(self) -> None:
        """Its death is seen by ``look``."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def let_go(self) -> None:
        """In another process, after the fork: close this end of the link."""
        if self._link is not None:
            self._link.close()

    def _live(self, link: socket.socket) -> None:
        link.setblocking(True)
        renounce()
        self._work(link)

    def _bury(self, status: int, now: float) -> None:
        self._listen(limit=100 * _AT_ONCE)
        self._hang_up()
        self.pid = 0
        if self._done is None:
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            self._postpone(now)
            self._nest.own_log.error(f"The {self.name} {how}. It is started again in {self._delay:g} s.")
        if self._done is not None:
            self._done(status)

    def _postpone(self, now: float) -> None:
        if self._done is not None:
            return
        settled = now - self._started >= _SETTLED
        self._delay = _BACKOFF if settled else min(_BACKOFF_LIMIT, max(_BACKOFF, self._delay * 2))
        self._due = now + self._delay

    def _listen(self, limit: int = _AT_ONCE) -> None:
        for _ in range(limit):
            if self._link is None:
                return
            try:
                datagram = self._link.recv(_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                datagram = b""
            if not datagram:
                self._hang_up()
                return
            self._hear(json.loads(datagram))

    def _hang_up(self) -> None:
        if self._link is not None:
            self._nest.selector.unregister(self._link)
            self._link.close()
            self._link = None
