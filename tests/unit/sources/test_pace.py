"""A source takes as much at once as is worked off in a moment."""

from collector.sources.pace import LARGEST_READ, Pace


def test_ordinary_lines_are_read_in_the_largest_pieces():
    pace = Pace()
    for _ in range(10):
        pace.worked(128 * 1024, 0.001)

    assert pace.read == LARGEST_READ
    assert pace.batch >= LARGEST_READ


def test_lines_that_cost_seconds_are_read_in_small_pieces():
    pace = Pace()
    for _ in range(10):
        pace.worked(256 * 1024, 4.7)

    assert pace.read == 2 * 1024
    assert 2 * 1024 < pace.batch < 4 * 1024


def test_after_a_bad_stretch_the_pieces_grow_again():
    pace = Pace()
    pace.worked(256 * 1024, 4.7)
    for _ in range(40):
        pace.worked(pace.read, pace.read * 1e-8)

    assert pace.read == LARGEST_READ
