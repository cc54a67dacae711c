"""Signals as readable bytes: the handlers do nothing, the loop finds the numbers when it is between two tasks."""

import signal
import socket
from types import FrameType, TracebackType
from typing import Self

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)


class SignalQueue:
    """Collects the handled signals while the ``with`` block runs; ``fileno`` becomes readable when there are any."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def __enter__(self) -> Self:
        self._old_handlers = {number: signal.signal(number, _no_operation) for number in HANDLED}
        self._old_handlers[signal.SIGPIPE] = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        self._old_descriptor = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.set_wakeup_fd(self._old_descriptor)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self.close()

    def fileno(self) -> int:
        return self._reader.fileno()

    def take(self) -> list[int]:
        """The numbers of the signals that came since the last call, oldest first."""
        try:
            return list(self._reader.recv(4096))
        except BlockingIOError:
            return []

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def ignore_in_worker() -> None:
    """
    Signals are the supervisor's business; a worker is told over its link.

    Ctrl-C and systemd's ``KillMode=control-group`` reach every process of the group: a worker that died of them would
    lose the batch it works on.
    """
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)


def _no_operation(number: int, frame: FrameType | None) -> None:
    """Needed because only a signal with a Python handler is written to the wakeup descriptor."""
