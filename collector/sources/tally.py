"""
How many of something each sender has, over all workers: a table in memory that they share.

    tally = Tally(words, slot=0, slots=2)          # words: Tally.words(slots, senders) of them
    tally.add(sender, 3, period)                   # counted for this worker
    tally.total(sender, period)                    # what all workers have counted in this period

A sender has a bucket, and in it each worker a cache line of its own that it alone writes:

    bucket:   | slot 0: 4 keys, 4 counts | slot 1: 4 keys, 4 counts | …         a count: period << 32 | number

so no lock is needed, and one look at a bucket tells the sum. The key is a hash of the sender with a secret of the
service. A place whose count is 0 or of another period is free: nothing has to be tidied up. A bucket without a free
place does not count a further sender, and says so: who is not counted is let through.
"""

from collector.shared import LINE

_WAYS = LINE // 2
_COUNT = 0xFFFF_FFFF
_KEY = 0xFFFF_FFFF_FFFF_FFFF


def key_of(sender: str) -> int:
    """The key of a sender's name. Python's hash has a secret, made when the service starts; workers inherit it."""
    return hash(sender) & _KEY or 1


class Tally:
    def __init__(self, words: memoryview, slot: int, slots: int) -> None:
        self._words = words
        self._stride = LINE * slots
        self._own = LINE * slot
        self._last = len(words) // self._stride - 1

    @staticmethod
    def words(slots: int, senders: int) -> int:
        """What it takes to count so many senders, nearly always all of them."""
        buckets = 1 << (senders - 1).bit_length()
        return buckets * LINE * slots

    def clear(self) -> None:
        """For the successor of a worker: forget what that one has counted."""
        empty = memoryview(bytes(8 * LINE)).cast("Q")
        for start in range(self._own, len(self._words), self._stride):
            self._words[start : start + LINE] = empty

    def total(self, key: int, period: int) -> int:
        start = (key & self._last) * self._stride
        bucket = self._words[start : start + self._stride].tolist()
        if key not in bucket:
            return 0
        return sum(
            bucket[at + _WAYS] & _COUNT
            for at, word in enumerate(bucket)
            if word == key and at % LINE < _WAYS and bucket[at + _WAYS] >> 32 == period
        )

    def add(self, key: int, number: int, period: int) -> bool:
        """Count for this worker; False when there is no place for the sender. ``number`` may be negative."""
        start = (key & self._last) * self._stride + self._own
        line = self._words[start : start + LINE].tolist()
        for at in range(_WAYS):
            if line[at] == key:
                return self._put(start + at, line[at + _WAYS], number, period)
        for at in range(_WAYS):
            count = line[at + _WAYS]
            if count >> 32 != period or not count & _COUNT:
                # Whoever reads in between finds a key without a count, never the count of another key.
                self._words[start + at + _WAYS] = 0
                self._words[start + at] = key
                return self._put(start + at, 0, number, period)
        return False

    def _put(self, place: int, before: int, number: int, period: int) -> bool:
        count = (before & _COUNT if before >> 32 == period else 0) + number
        self._words[place + _WAYS] = period << 32 | max(0, min(count, _COUNT))
        return True
