from datetime import datetime, timedelta

import pytest

from collector.sinks.rotated import Kept, Rotated, expired, next_stamp, read_name

NOON = datetime.fromisoformat("2026-11-22T12:00")


@pytest.mark.parametrize(
    ("path", "base", "suffix", "part"),
    [
        ("/var/log/windows-20261122T101500", "/var/log/windows", "", False),
        ("/var/log/a.log-20261122T101500.gz", "/var/log/a.log", ".gz", False),
        ("a-20261122T101500.zst", "a", ".zst", False),
        ("/l/a-20261122T101500.gz.part", "/l/a", ".gz", True),
        ("/l/a-20261121T000000-20261122T101500", "/l/a-20261121T000000", "", False),
    ],
)
def test_the_name_of_a_rotated_file_is_read(path, base, suffix, part):
    assert read_name(path) == Rotated(base, datetime.fromisoformat("2026-11-22T10:15"), suffix, part)


@pytest.mark.parametrize(
    "path",
    [
        "/var/log/windows", "/var/log/windows.1", "/var/log/windows-20261122", "/var/log/windows-20261122.gz",
        "/l/a-20261322T101500", "/l/a-20261122T246000", "/l/a-20261122T101500.bz2", "/l/a-20261122T101500.part",
        "/l/a-20261122T101500.gz.bak", "/l/a-20261122T101500\n", "/l/-20261122T101500", "-20261122T101500",
        "/l/a-２０２６1122T101500", "/l/a20261122T101500", "/l/a-00001122T101500", "/l/a-09991122T101500",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_none(path):
    assert read_name(path) is None


def test_names_sort_by_age():
    names = [Rotated("a", NOON + timedelta(hours=hours)).path for hours in (0, 1, 13, 24 * 9, 24 * 40, 24 * 365)]

    assert names == sorted(names)


@pytest.mark.parametrize(
    ("newest", "stamp"),
    [
        (None, NOON),
        (NOON - timedelta(seconds=1), NOON),
        (NOON, NOON + timedelta(seconds=1)),
        (NOON + timedelta(seconds=5), NOON + timedelta(seconds=6)),
        (NOON + timedelta(minutes=59), NOON + timedelta(minutes=59, seconds=1)),  # the clock was put back
        (NOON + timedelta(days=400), NOON),  # the clock was wrong
    ],
)
def test_a_name_follows_the_newest(newest, stamp):
    assert next_stamp(NOON + timedelta(microseconds=999_999), newest) == stamp


def rotated(hours, base="/l/a", suffix=".gz"):
    return Rotated(base, NOON - timedelta(hours=hours), suffix)


def ages(files):
    return [int((NOON - file.stamp).total_seconds() // 3600) for file in files]


def test_without_limits_everything_is_kept():
    assert expired([(rotated(10_000), 10**15)], Kept(None, None, None), NOON) == []


def test_the_count_is_of_each_path():
    files = [(rotated(hours, base), 1) for hours in (1, 2, 3) for base in ("/l/a", "/l/b")]

    assert ages(expired(files, Kept(2, None, None), NOON)) == [3, 3]


def test_a_file_goes_when_it_is_older_than_the_age():
    files = [(rotated(hours), 1) for hours in (1, 24, 25)]

    assert ages(expired(files, Kept(None, 86400, None), NOON)) == [25]


def test_the_total_is_of_all_paths_and_takes_the_oldest():
    files = [(rotated(1), 40), (rotated(2, "/l/b"), 40), (rotated(3), 30), (rotated(4, "/l/b"), 1)]

    assert ages(expired(files, Kept(None, None, 80), NOON)) == [4, 3]


def test_the_total_leaves_the_newest_however_large_it_is():
    files = [(rotated(2), 1), (rotated(1), 1000)]

    assert ages(expired(files, Kept(None, None, 10), NOON)) == [2]


def test_a_file_that_is_there_plain_and_compressed_counts_once_and_goes_whole():
    files = [(rotated(1), 1), (rotated(2), 1), (rotated(2, suffix=""), 1), (rotated(3), 1), (rotated(3, suffix=""), 1)]

    assert expired(files, Kept(2, None, None), NOON) == [rotated(3), rotated(3, suffix="")]


def test_an_age_from_before_all_time_keeps_everything():
    assert expired([(rotated(10_000), 1)], Kept(None, 1e12, None), NOON) == []
