"""A terminal that a test looks at."""

import os
import pty
import select
import tty


class Terminal:
    """A pseudo-terminal: ``path`` of the side that programs write to, ``seen()`` what it shows."""

    def __init__(self):
        self._screen, side = pty.openpty()
        tty.setraw(side)  # the line end is ours then, nothing is added
        self.path = os.ttyname(side)
        os.set_blocking(self._screen, False)
        self._sides = [self._screen, side]

    def seen(self):
        found = b""
        try:
            while select.select([self._screen], [], [], 0.02)[0]:
                found += os.read(self._screen, 1 << 20)
        except OSError:  # nobody has it open
            pass
        return found

    def close(self):
        while self._sides:
            os.close(self._sides.pop())
