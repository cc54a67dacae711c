"""How many connections there may be, over all workers together: counts in memory that they share."""

from collector.shared import LINE


class Quota:
    """
    At most ``limit`` connections in all workers together; a word for each, which it alone writes.

    Two workers that take the last one at the same moment may exceed the limit by one.
    """

    def __init__(self, limit: int, words: memoryview, slot: int) -> None:
        """For the worker that fills the slot from now on: what its predecessor held is free."""
        self.limit = limit
        self._held = words[::LINE]
        self._slot = slot
        self._held[slot] = 0

    @staticmethod
    def words(slots: int) -> int:
        return LINE * slots

    def take(self) -> bool:
        """Whether there may be one more, which is counted then."""
        if sum(self._held) >= self.limit:
            return False
        self.hold()
        return True

    def hold(self) -> None:
        """Count one that is there already."""
        self._held[self._slot] += 1

    def give_back(self) -> None:
        self._held[self._slot] -= 1
