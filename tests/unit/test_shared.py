import mmap
import os

import pytest

from collector.errors import CollectorError
from collector.shared import Arena, Region

PAGE_WORDS = mmap.PAGESIZE // 8


def resident():
    """Pages of shared memory that this process has (proc_pid_statm(5))."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[2])


def test_a_region_is_zero_and_apart_from_others():
    arena = Arena(4 * mmap.PAGESIZE)
    one, other = arena.view(arena.take(10)), arena.view(arena.take(10))
    one[:] = memoryview(bytes(range(80))).cast("Q")

    assert len(one) == len(other) == 10
    assert set(other) == {0}


def test_a_region_taken_after_the_fork_is_the_same_memory_in_all_processes():
    arena = Arena(2 * mmap.PAGESIZE)
    into, out = os.pipe()
    pid = os.fork()
    if pid == 0:
        page, words = map(int, os.read(into, 100).split())
        arena.view(Region(page, words))[3] = 2**64 - 1
        os._exit(0)
    region = arena.take(8)
    os.write(out, b"%d %d" % region)
    os.waitpid(pid, 0)
    os.close(into)
    os.close(out)

    assert arena.view(region).tolist() == [0, 0, 0, 2**64 - 1, 0, 0, 0, 0]


def test_what_is_given_back_can_be_taken_again_and_is_zero():
    arena = Arena(3 * mmap.PAGESIZE)
    regions = [arena.take(PAGE_WORDS) for _ in range(3)]
    for region in regions:
        arena.view(region)[0] = 7
    for region in (regions[0], regions[2], regions[1]):
        arena.give_back(region)

    assert set(arena.view(arena.take(3 * PAGE_WORDS))) == {0}


def test_a_gap_is_used_and_its_neighbours_keep_what_they_have():
    arena = Arena(3 * mmap.PAGESIZE)
    first, middle, last = (arena.take(1) for _ in range(3))
    for region in (first, last):
        arena.view(region)[0] = 5
    arena.give_back(middle)

    assert arena.take(PAGE_WORDS).page == middle.page
    assert [arena.view(region)[0] for region in (first, last)] == [5, 5]


def test_a_full_arena_says_so_and_goes_on():
    arena = Arena(2 * mmap.PAGESIZE)
    region = arena.take(1)
    with pytest.raises(CollectorError, match="no room for 8192 bytes more"):
        arena.take(2 * PAGE_WORDS)

    arena.give_back(region)
    assert len(arena.view(arena.take(2 * PAGE_WORDS))) == 2 * PAGE_WORDS


def test_memory_comes_with_the_first_use_and_goes_back():
    arena = Arena()
    region = arena.take(4096 * PAGE_WORDS)
    before = resident()
    arena.view(region)[::PAGE_WORDS] = memoryview(bytes(8 * 4096)).cast("Q")
    used = resident()
    arena.give_back(region)

    assert used - before >= 4096
    assert resident() - before < 100


def test_an_empty_region_takes_no_memory():
    arena = Arena(mmap.PAGESIZE)
    regions = [arena.take(0) for _ in range(10)]

    assert len(arena.view(regions[0])) == 0
    for region in regions:
        arena.give_back(region)
    assert len(arena.view(arena.take(PAGE_WORDS))) == PAGE_WORDS
