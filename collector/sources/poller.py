"""The worker's only wait: which descriptors can be read or written, and who does it."""

import select
import time
from collections import deque
from collections.abc import Callable

Handler = Callable[[], object]

_SECONDS_PER_TURN = 0.05


class Poller:
    """
    epoll(7), level-triggered: what a handler leaves unread is reported again.

    A turn ends after ``_SECONDS_PER_TURN``, and the next one goes on with those who have not had theirs. Before them,
    and in every turn, come the handlers that cannot wait: datagrams would be lost, orders not heard.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._urgent: set[int] = set()
        self._ready: deque[int] = deque()

    def add(self, fd: int, handler: Handler, *, urgent: bool = False, writable: bool = False) -> None:
        """Call ``handler`` when ``fd`` can be read or has an error, and, if ``writable``, when it can be written."""
        self._handlers[fd] = handler
        self._epoll.register(fd, _events(writable=writable))
        if urgent:
            self._urgent.add(fd)

    def change(self, fd: int, *, writable: bool) -> None:
        self._epoll.modify(fd, _events(writable=writable))

    def remove(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)
            self._urgent.discard(fd)

    def turn(self, timeout: float) -> int:
        """Wait up to ``timeout`` seconds, let the handlers of ready descriptors run once; returns how many ran."""
        if self._ready:
            self._ready.extendleft(self._urgent)
        else:
            self._ready.extend(fd for fd, _ in self._epoll.poll(timeout))
        ran = 0
        ends = time.monotonic() + _SECONDS_PER_TURN
        while self._ready:
            handler = self._handlers.get(self._ready.popleft())
            if handler is not None:
                handler()
                ran += 1
            if time.monotonic() > ends:
                break
        return ran

    def close(self) -> None:
        self._epoll.close()


def _events(*, writable: bool) -> int:
    return select.EPOLLIN | select.EPOLLOUT if writable else select.EPOLLIN
