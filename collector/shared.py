"""
Memory that the supervisor and all workers see, for numbers that must be known to all of them.

    arena = Arena()                    # in the supervisor, before the first fork
    region = arena.take(4 * 8)         # at any time: words of 64 bits, all 0; plain numbers, which can be sent around
    words = arena.view(region)         # in any process
    arena.give_back(region)            # in the supervisor, when no process uses it any more

The arena is made once and inherited, so a region taken at a reload is there in workers that have been running for
days. Its size is a reservation: the kernel gives a page of memory when it is first touched, and takes it back with the
region.

There are no locks. Who shares a region gives every word one writer, a process, and lets the others read; a word is
written and read as a whole.
"""

import mmap
from typing import NamedTuple

from collector.errors import CollectorError

LINE = 8
"""Words in a cache line: those of two writers lie apart, so that they do not slow each other down."""

_RESERVED = 512 * 1024 * 1024
_WORD = 8
_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0)  # where it is missing, the size may count against overcommit_memory=2


class Region(NamedTuple):
    """A piece of the arena; ``page`` counts from its beginning."""

    page: int
    words: int

    @property
    def pages(self) -> int:
        return -(-self.words * _WORD // mmap.PAGESIZE)


class Arena:
    def __init__(self, size: int = _RESERVED) -> None:
        self._memory = mmap.mmap(-1, size, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | _NORESERVE)
        self._words = memoryview(self._memory).cast("Q")
        self._free = {0: size // mmap.PAGESIZE}  # first page of each gap → its pages

    def take(self, words: int) -> Region:
        """
        So many words, all 0.

        Raises:
            CollectorError: the arena is full.
        """
        wanted = Region(0, words).pages
        if not wanted:
            return Region(0, 0)
        for page, pages in sorted(self._free.items()):
            if pages >= wanted:
                del self._free[page]
                if pages > wanted:
                    self._free[page + wanted] = pages - wanted
                return Region(page, words)
        raise CollectorError(
            f"the memory that workers share has no room for {words * _WORD} bytes more",
            hint="limit fewer sources, or set fewer workers",
        )

    def view(self, region: Region) -> memoryview:
        """The words of a region, each a number from 0 to 2**64 - 1."""
        start = region.page * mmap.PAGESIZE // _WORD
        return self._words[start : start + region.words]

    def give_back(self, region: Region) -> None:
        """No process may use the region any more. Its memory goes back to the system, to be 0 when taken again."""
        if not region.pages:
            return
        start, length = region.page * mmap.PAGESIZE, region.pages * mmap.PAGESIZE
        self._memory.madvise(mmap.MADV_REMOVE, start, length)
        self._free[region.page] = region.pages
        self._join()

    def _join(self) -> None:
        """Gaps that touch become one."""
        joined: dict[int, int] = {}
        last = -1
        for page, pages in sorted(self._free.items()):
            if last >= 0 and last + joined[last] == page:
                joined[last] += pages
            else:
                joined[page] = pages
                last = page
        self._free = joined
