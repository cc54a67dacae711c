"""
A program run to its end, with an end to it: input given, output looked at but not stored, its process group killed when
it takes too long.

    running ──exits──▶ over
       │                ▲
       └─too long──▶ TERM to the group ──exits, or 2 s──▶ KILL to the group

A child that it leaves behind lives on, and is not waited for: its group is killed only when the program itself is late.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KEPT = 2000
"""Bytes of output that are kept, its beginning; the rest is read and forgotten."""

_GRACE = 2.0
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ending:
    """``status`` is negative for a signal; ``late``: it was killed because its time was over."""

    status: int
    late: bool
    output: str


class Run:
    """One run of a program."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        """Raises OSError, ValueError: it cannot be started."""
        self._process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._end = os.pidfd_open(self._process.pid)
        self._output = bytearray()

    def finish(self, data: bytes, seconds: float) -> Ending:
        """Give it its input and wait for its end: ``seconds``, and the grace of one that is stopped."""
        try:
            late = not self._converse(memoryview(data), time.monotonic() + seconds)
            if late:
                self._stop()
        finally:
            os.close(self._end)
            self._stdin.close()
            self._stdout.close()
        return Ending(self._process.wait(), late, self._output.decode(errors="replace"))

    def kill(self) -> None:
        """From another thread, in which nobody has time to wait."""
        if self._process.returncode is None:
            self._signal(signal.SIGKILL)

    def _stop(self) -> None:
        """Until it is waited for, its number is not another's, and so its group is still its own."""
        self._signal(signal.SIGTERM)
        with selectors.DefaultSelector() as selector:
            selector.register(self._end, selectors.EVENT_READ)
            selector.select(_GRACE)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # all of it is gone
            os.killpg(self._process.pid, number)

    def _converse(self, data: memoryview, deadline: float) -> bool:
        """Move data both ways until the program has ended; False when its time is over first."""
        with selectors.DefaultSelector() as selector:
            for pipe, events in ((self._stdin, selectors.EVENT_WRITE), (self._stdout, selectors.EVENT_READ)):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, events)
            selector.register(self._end, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                ready = {key.fileobj for key, _ in selector.select(left)}
                if self._stdin in ready and not (data := self._write(data)):
                    selector.unregister(self._stdin)
                    self._stdin.close()
                if self._stdout in ready and not self._read():
                    selector.unregister(self._stdout)
                if self._end in ready:
                    return True
        return False

    def _write(self, data: memoryview) -> memoryview:
        """What is left; nothing when the program reads no more."""
        try:
            return data[os.write(self._stdin.fileno(), data[:_PIECE]) :]
        except BlockingIOError:
            return data
        except OSError:
            return data[:0]

    def _read(self) -> bool:
        """Whether there can be more."""
        try:
            piece = os.read(self._stdout.fileno(), _PIECE)
        except BlockingIOError:
            return True
        self._output += piece[: KEPT - len(self._output)]
        return bool(piece)
