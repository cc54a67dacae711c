"""The worker's only wait: which descriptors are readable, and who reads them."""

import select
from collections.abc import Callable

Handler = Callable[[], object]


class Poller:
    """epoll(7), level-triggered: what a handler leaves unread is reported again in the next turn."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}

    def add(self, fd: int, handler: Handler) -> None:
        self._handlers[fd] = handler
        self._epoll.register(fd, select.EPOLLIN)

    def remove(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def turn(self, timeout: float) -> int:
        """Wait up to ``timeout`` seconds, let every ready descriptor's handler run once; returns how many ran."""
        ready = self._epoll.poll(timeout)
        for fd, _ in ready:
            handler = self._handlers.get(fd)
            if handler is not None:
                handler()
        return len(ready)

    def close(self) -> None:
        self._epoll.close()
