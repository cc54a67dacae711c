"""How many connections there may be, over all workers: counts in memory that they share."""

import mmap


class Quota:
    """
    At most ``limit`` connections in ``slots`` workers together. Made before the fork; ``share`` is a worker's part.

    Two workers that take the last one at the same moment may exceed the limit by one.
    """

    def __init__(self, limit: int, slots: int) -> None:
        self.limit = limit
        self._held = memoryview(mmap.mmap(-1, 8 * slots)).cast("Q")

    def share(self, slot: int) -> "Share":
        """For the worker that fills the slot from now on: what its predecessor held is free."""
        return Share(self.limit, self._held, slot)


class Share:
    def __init__(self, limit: int, held: memoryview, slot: int) -> None:
        self.limit = limit
        self._held = held
        self._slot = slot
        held[slot] = 0

    def take(self) -> bool:
        """Whether there may be one more, which is counted then."""
        if sum(self._held) >= self.limit:
            return False
        self._held[self._slot] += 1
        return True

    def give_back(self) -> None:
        self._held[self._slot] -= 1
