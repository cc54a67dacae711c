import pytest

from collector.sinks.journal.positions import BEGINNING, Place
from collector.sinks.journal.segments import Segment, list_segments, segment, whereabouts

A, B, C = "a" * 16, "b" * 16, "c" * 16
SEGMENTS = [Segment(0, A, ""), Segment(100, A, ""), Segment(150, B, ""), Segment(250, B, "")]


def test_segments_are_listed_in_order_and_other_files_are_not(tmp_path):
    folder = str(tmp_path)
    expected = [segment(folder, start, mark) for start, mark in ((0, B), (9, A), (1000, A))]
    for each in reversed(expected):
        open(each.path, "w").close()
    for name in ("correlator.position", "writer.lock", f"{1:020}-{A}.v2", f"{1:020}-{A}.v1.old", f"{1:019}-{A}.v1"):
        (tmp_path / name).touch()

    assert list_segments(folder) == expected


def test_a_folder_that_is_not_there_has_no_segments(tmp_path):
    assert list_segments(str(tmp_path / "missing")) == []


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (BEGINNING, (0, 0)),
        (Place(A, 0, 0), (0, 0)),
        (Place(A, 99, 9), (0, 99)),
        (Place(A, 100, 10), (1, 0)),
        (Place(A, 140, 14), (1, 40)),
        (Place(A, 150, 15), (2, 0)),
        (Place(B, 150, 15), (2, 0)),
        (Place(B, 300, 30), (3, 50)),
    ],
)
def test_a_place_is_in_the_segment_with_what_follows_it(place, found):
    assert whereabouts(place, SEGMENTS) == found


def test_a_place_whose_bytes_never_reached_the_disk_is_at_the_end_of_its_run():
    assert whereabouts(Place(A, 200, 20), SEGMENTS) == (2, 0), "not in the middle of what the next run wrote there"


def test_a_place_whose_segment_was_dropped_is_at_the_oldest_one_that_is_left():
    assert whereabouts(Place(A, 50, 5), SEGMENTS[1:]) == (0, 0)
    assert whereabouts(Place(A, 50, 5), SEGMENTS[2:]) == (0, 0)


def test_a_place_in_a_journal_that_was_removed_is_at_the_beginning_of_the_new_one():
    assert whereabouts(Place(C, 170, 17), SEGMENTS) == (0, 0)
