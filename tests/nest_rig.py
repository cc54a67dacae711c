"""What helper processes find around them, without a supervisor: turn the loop until something is so."""

import io
import selectors
import time

from observing import DEADLINE

from collector.service.companion import Nest
from collector.service.ownlog import OwnLog


class Rig:
    """``nest`` for companions and for what has a ``look``, all of which ``until`` looks after."""

    def __init__(self, *looked_after):
        self.stream = io.StringIO()
        self.selector = selectors.DefaultSelector()
        self.nest = Nest(self.selector, OwnLog(self.stream, journal=True), self.selector.close)
        self.looked_after = list(looked_after)

    def until(self, fact):
        """What ``fact`` returns as soon as it is true."""
        end = time.monotonic() + DEADLINE
        while not (found := fact()):
            assert time.monotonic() < end, self.log
            for key, _ in self.selector.select(0.01):
                key.data()
            for one in self.looked_after:
                one.look(time.monotonic())
        return found

    @property
    def log(self):
        return self.stream.getvalue()
