import os

import pytest
from observing import open_descriptors

from collector.sinks.files import OpenFiles


def opener(path):
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


@pytest.fixture
def files():
    before = open_descriptors()
    made = OpenFiles(3)
    yield made
    made.close()
    assert open_descriptors() - before == set()


@pytest.fixture
def paths(tmp_path):
    return [str(tmp_path / name) for name in "abcd"]


def test_a_file_is_opened_once(files, paths):
    fds = {files.fd(paths[0], opener, "sink") for _ in range(3)}

    assert len(fds) == len(files) == 1


def test_the_least_recently_used_file_makes_room(files, paths):
    opened = []

    def noting(path):
        opened.append(path)
        return opener(path)

    for number in (0, 1, 2, 0, 3, 0, 1):
        files.fd(paths[number], noting, "sink")

    assert opened == [paths[number] for number in (0, 1, 2, 3, 1)]
    assert len(files) == 3


def test_no_more_descriptors_are_open_than_allowed(files, paths):
    before = open_descriptors()
    for path in paths * 3:
        files.fd(path, opener, "sink")
        assert len(open_descriptors() - before) <= 3


def test_a_file_that_cannot_be_opened_leaves_nothing_behind(files, tmp_path):
    with pytest.raises(FileNotFoundError):
        files.fd(str(tmp_path / "missing" / "x"), opener, "sink")

    assert len(files) == 0
    assert files.count_of("sink") == 0


def test_files_are_counted_for_each_owner(files, paths):
    for path, owner in zip(paths, ("one", "two", "two", "two"), strict=True):
        files.fd(path, opener, owner)

    assert (files.count_of("one"), files.count_of("two")) == (0, 3)
    files.forget(paths[3])
    assert files.count_of("two") == 2


def test_what_was_forgotten_may_be_forgotten_again(files, paths):
    files.fd(paths[0], opener, "sink")
    files.forget(paths[0])
    files.forget(paths[0])

    assert len(files) == 0


@pytest.mark.parametrize("move", [os.unlink, lambda path: os.rename(path, path + ".1")], ids=["deleted", "moved"])
def test_a_file_whose_name_leads_nowhere_is_opened_anew(files, paths, move):
    os.write(files.fd(paths[0], opener, "sink"), b"old\n")
    files.fd(paths[1], opener, "sink")
    move(paths[0])
    files.forget_moved()
    assert len(files) == 1

    os.write(files.fd(paths[0], opener, "sink"), b"new\n")
    with open(paths[0], "rb") as file:
        assert file.read() == b"new\n"


def test_a_file_that_was_replaced_is_opened_anew(files, paths):
    files.fd(paths[0], opener, "sink")
    with open(paths[1], "wb"):
        os.rename(paths[1], paths[0])
    files.forget_moved()

    assert len(files) == 0


def test_a_file_that_is_where_it_was_stays_open(files, paths):
    fd = files.fd(paths[0], opener, "sink")
    files.forget_moved()

    assert files.fd(paths[0], opener, "sink") == fd


def test_closed_files_are_opened_again_when_they_are_needed(files, paths):
    files.fd(paths[0], opener, "sink")
    files.close()
    assert len(files) == 0

    os.write(files.fd(paths[0], opener, "sink"), b"x")
    assert os.path.getsize(paths[0]) == 1


def test_announcements_are_told_by_destination_in_their_order(files):
    for label, path in (("x", "/x/1"), ("x", "/x/2"), ("y", "/y/1"), ("x", "/x/3")):
        files.announce(label, path)
    told = []
    while (portion := files.announced())[1]:
        told.append(portion)
        files.forget_announced(len(portion[1]))

    assert told == [("x", ["/x/1", "/x/2"]), ("y", ["/y/1"]), ("x", ["/x/3"])]


def test_no_more_is_announced_at_once_than_a_datagram_takes(files):
    for number in range(100):
        files.announce("x", f"/{number:04000}")
    _, paths = files.announced()

    assert 1 <= len(paths) < 10
    assert files.announced() == ("x", paths), "until it has been told"


def test_an_announcement_that_is_longer_than_that_goes_alone(files):
    files.announce("x", "/" + "x" * 30_000)
    files.announce("x", "/y")

    assert len(files.announced()[1]) == 1
