"""More files than may be open: what the sink does with lines for all of them at once."""

import errno
import os
import resource

import pytest
from file_sink_rig import room_for
from observing import open_descriptors

LIMIT = 8
FOLDERS = 8


def lines_for(paths, text=b"text"):
    return [(str(path), text + b"\n", 1) for path in paths]


def offer_each(one, lines, *, can_wait=True):
    return one.sink.offer_each(iter(lines), paths=len(lines), can_wait=can_wait)


def hosts(tmp_path, number):
    return [tmp_path / f"host{host}.log" for host in range(number)]


@pytest.fixture
def many(bench, tmp_path):
    """A sink for many files below a folder, of which few may be open."""
    return bench(limit=LIMIT, below=str(tmp_path))


def test_every_line_is_in_its_file_and_counted(many, tmp_path):
    paths = hosts(tmp_path, 300)
    for turn in range(3):
        lines = [(str(path), b"%d\n%d\n" % (turn, number), 2) for number, path in enumerate(paths)]
        assert offer_each(many, lines) >= 300 - LIMIT

    assert [path.read_bytes() for path in paths] == [
        b"".join(b"%d\n%d\n" % (turn, number) for turn in range(3)) for number in range(300)
    ]
    assert many.counts() == (1800, 1800, 0, 0)
    assert many.count("sink_written_bytes") == sum(path.stat().st_size for path in paths)


def test_few_files_stay_open(many, tmp_path):
    lines = lines_for(hosts(tmp_path, LIMIT))
    offer_each(many, lines)

    assert offer_each(many, lines) == 0
    assert len(many.files) == LIMIT


def test_no_more_descriptors_are_open_than_allowed_with_thousands_of_paths(many, tmp_path):
    before = open_descriptors()
    paths = [tmp_path / f"{number % 50}" / f"{number}.log" for number in range(3000)]
    for turn in range(3):
        for start in range(0, len(paths), 700):
            offer_each(many, lines_for(paths[start : start + 700]))
            assert len(open_descriptors() - before) <= LIMIT + FOLDERS
        if turn == 1:
            many.files.forget_moved()
            many.tick()
    many.files.close()

    assert open_descriptors() == before
    assert many.counts() == (9000, 9000, 0, 0)


def test_errors_leave_no_descriptor_behind(many, tmp_path, monkeypatch):
    paths = hosts(tmp_path, 100)
    offer_each(many, lines_for(paths))
    before = open_descriptors()
    real = os.write

    def unless_broken(fd, data):
        if data == b"broken\n":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, data)

    monkeypatch.setattr(os, "write", unless_broken)
    for turn in range(20):
        offer_each(many, [*lines_for(paths[turn::3], b"broken"), *lines_for(paths[turn + 1 :: 3])])
        many.tick()
    written = sum(path.read_bytes().count(b"\n") for path in paths)
    offered, counted, dropped, pending = many.counts()

    assert len(open_descriptors()) <= len(before)
    assert (counted, counted + dropped, pending) == (written, offered, 0)
    assert dropped > 400


def test_when_descriptors_run_out_lines_are_dropped_and_it_goes_on_afterwards(many, tmp_path):
    paths = hosts(tmp_path, 40)
    offer_each(many, lines_for(paths))
    many.files.close()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        offer_each(many, lines_for(paths))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert many.counts() == (80, 40, 40, 0)

    many.tick()
    offer_each(many, lines_for(paths))
    assert many.counts() == (120, 80, 40, 0)


def test_a_file_that_was_moved_meanwhile_is_followed_by_a_new_one(many, tmp_path):
    paths = hosts(tmp_path, 40)
    offer_each(many, lines_for(paths, b"old"))
    many.files.close()
    paths[20].rename(tmp_path / "moved")
    offer_each(many, lines_for(paths, b"new"))

    assert paths[20].read_bytes() == b"new\n"
    assert many.counts() == (80, 80, 0, 0)


def test_one_path_that_is_refused_does_not_hinder_the_others(many, tmp_path):
    paths = hosts(tmp_path, 40)
    offer_each(many, lines_for(paths))
    many.files.close()
    paths[20].unlink()
    paths[20].symlink_to(tmp_path / "outside")
    offer_each(many, lines_for(paths))
    many.tick()

    assert many.counts() == (80, 79, 1, 0)
    assert [sentence for _, sentence in many.told if "a symbolic link" in sentence]
    assert not (tmp_path / "outside").exists()


def test_lines_torn_by_a_full_disk_are_kept_and_written_again_whole(many, tmp_path):
    paths = hosts(tmp_path, 20)
    offer_each(many, lines_for(paths, b"0123456789"))
    lines = [(str(path), b"first line\nsecond line\n", 2) for path in paths]
    with room_for(30):  # 11 bytes are there: the first line fits, the second is torn
        offer_each(many, lines)
        offered, written, dropped, pending = many.counts()
        assert (offered, written + pending, dropped) == (60, 60, 0)
        assert pending >= 20
        assert many.sink.waits
        assert many.sink in many.files.waiting
        offer_each(many, lines_for(paths, b"third"), can_wait=False)  # datagrams cannot wait
        assert many.counts()[2] == 20
    many.tick()

    assert not many.files.waiting
    assert many.counts() == (80, 60, 20, 0)
    for path in paths:
        whole = [line for line in path.read_bytes().splitlines() if line in (b"first line", b"second line")]
        assert whole == [b"first line", b"second line"]
