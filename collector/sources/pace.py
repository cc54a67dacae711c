"""
How much a source takes at once: as much as is worked off in a moment, whatever the lines are like.

A read of 128 KiB of ordinary lines costs a millisecond. The same of two-byte lines, each for the tolerant parser,
costs seconds, in which nobody reads the datagrams and no order of the supervisor is heard: then less is read at once.

128 KiB and the rows made of them fit into a core's own cache. With 512 KiB two workers wait for each other's
memory and gain 1.6 times one worker's lines per second instead of 1.8 (``make bench``, tcp-32).
"""

LARGEST_READ = 128 * 1024
_LARGEST_BATCH = 128 * 1024
_SMALLEST = 2 * 1024
_SECONDS_PER_READ = 0.02
_SECONDS_PER_BATCH = 0.05


class Pace:
    """``read``: bytes to ask a connection for. ``batch``: bytes after which what was gathered is delivered."""

    def __init__(self) -> None:
        self.read = LARGEST_READ
        self.batch = _LARGEST_BATCH
        self._seconds_per_byte = 0.0

    def worked(self, size: int, seconds: float) -> None:
        """``size`` bytes took so long; half of what is believed comes from the last time."""
        self._seconds_per_byte = (self._seconds_per_byte + seconds / max(size, 1)) / 2
        self.read = _within(_SECONDS_PER_READ, self._seconds_per_byte, LARGEST_READ)
        self.batch = _within(_SECONDS_PER_BATCH, self._seconds_per_byte, _LARGEST_BATCH)


def _within(seconds: float, seconds_per_byte: float, largest: int) -> int:
    if seconds >= seconds_per_byte * largest:
        return largest
    return max(_SMALLEST, int(seconds / seconds_per_byte))
