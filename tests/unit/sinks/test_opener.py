import os
import shutil

import pytest
from observing import open_descriptors

from collector.errors import CollectorError
from collector.sinks.opener import Opener, OpenFolders


@pytest.fixture
def folders():
    before = open_descriptors()
    made = OpenFolders()
    yield made
    made.close()
    assert open_descriptors() - before == set()


@pytest.fixture
def opener(folders, tmp_path):
    made = Opener(
        str(tmp_path), folders, lambda *told: pytest.fail(str(told)), lambda *_: None, modes=(0o640, 0o750), owner=None
    )

    def append(path, data=b"x\n"):
        fd = made.open(str(path))
        try:
            os.write(fd, data)
        finally:
            os.close(fd)

    made.append = append
    return made


@pytest.fixture
def opened(monkeypatch):
    """The names that are opened, with the descriptors they are looked up from."""
    found = []
    real = os.open

    def noting(name, *arguments, dir_fd=None, **options):
        found.append((os.fsdecode(name), dir_fd is not None))
        return real(name, *arguments, dir_fd=dir_fd, **options)

    monkeypatch.setattr(os, "open", noting)
    return found


def test_to_open_a_file_again_takes_one_call(opener, opened, tmp_path):
    for _ in range(3):
        opener.append(tmp_path / "gate" / "all")

    assert opened[-2:] == [("all", True)] * 2
    assert (tmp_path / "gate" / "all").read_bytes() == b"x\n" * 3


def test_files_of_one_folder_share_the_way_to_it(opener, opened, tmp_path):
    (tmp_path / "gate").mkdir()
    for name in "abc":
        opener.append(tmp_path / "gate" / name)

    assert [name for name, _ in opened] == [str(tmp_path), "gate", "a", "b", "c"]


@pytest.mark.parametrize("again", ["at once", "a second later"])
def test_a_file_that_is_gone_is_made_anew(opener, tmp_path, again):
    path = tmp_path / "gate" / "all"
    opener.append(path, b"old\n")
    path.rename(tmp_path / "gate" / "all.1")
    if again == "a second later":
        opener.tick()
    opener.append(path, b"new\n")

    assert path.read_bytes() == b"new\n"


def test_a_folder_that_is_gone_is_made_anew(opener, tmp_path):
    path = tmp_path / "gate" / "2026" / "all"
    opener.append(path)
    shutil.rmtree(tmp_path / "gate")
    opener.append(path, b"new\n")

    assert path.read_bytes() == b"new\n"


@pytest.mark.parametrize("again", ["at once", "a second later"])
def test_a_link_that_took_the_place_of_a_file_is_not_followed(opener, tmp_path, again):
    path = tmp_path / "gate" / "all"
    opener.append(path)
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    path.unlink()
    path.symlink_to(outside)
    if again == "a second later":
        opener.tick()

    with pytest.raises(CollectorError, match="a symbolic link"):
        opener.append(path)
    assert outside.read_bytes() == b""


def test_a_link_that_took_the_place_of_a_folder_is_not_followed(opener, folders, tmp_path):
    opener.append(tmp_path / "log" / "gate" / "all")
    (tmp_path / "outside").mkdir()
    (tmp_path / "log" / "gate").rename(tmp_path / "log" / "gate.old")
    (tmp_path / "log" / "gate").symlink_to(tmp_path / "outside")

    opener.append(tmp_path / "log" / "gate" / "all")  # within the second: into the folder that it was
    folders.close()
    opener.tick()
    with pytest.raises(CollectorError, match="a symbolic link"):
        opener.append(tmp_path / "log" / "gate" / "all")
    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "log" / "gate.old" / "all").read_bytes() == b"x\n" * 2


@pytest.mark.parametrize("is_read", [True, False])
def test_what_took_the_place_of_a_file_is_seen_within_a_second(opener, tmp_path, is_read):
    path = tmp_path / "all"
    opener.append(path)
    path.unlink()
    os.mkfifo(path)
    opener.tick()
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if is_read else None
    try:
        with pytest.raises(CollectorError, match="a named pipe"):
            opener.append(path)
    finally:
        if reader is not None:
            os.close(reader)


def test_two_ways_to_one_folder_have_their_own_rules_for_links(folders, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "gate").symlink_to("data")

    def below(folder):
        return Opener(str(folder), folders, lambda *_: None, lambda *_: None, modes=(0o640, 0o750), owner=None).open(
            str(tmp_path / "gate" / "all")
        )

    os.close(below(tmp_path / "gate"))  # the administrator's link
    with pytest.raises(CollectorError, match="a symbolic link"):
        below(tmp_path)  # the same, where a message could have named it


def test_few_folders_are_kept_however_many_there_are(opener, tmp_path):
    before = open_descriptors()
    for number in range(50):
        opener.append(tmp_path / f"host{number}" / "all")
        assert len(open_descriptors() - before) <= 8


def test_what_cannot_be_opened_leaves_no_descriptor_behind(opener, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    before = open_descriptors()
    for _ in range(20):
        for path in (tmp_path / "file" / "all", tmp_path / "file" / "deeper" / "all"):
            with pytest.raises(CollectorError, match="is no folder"):
                opener.append(path)
    assert open_descriptors() == before


def test_who_asks_is_told_of_each_file_that_was_looked_at(folders, tmp_path):
    looked = []
    opener = Opener(
        str(tmp_path),
        folders,
        lambda *_: None,
        lambda path, fd: looked.append((path, os.fstat(fd).st_size)),
        modes=(0o640, 0o750),
        owner=None,
    )
    path = str(tmp_path / "all")
    for _ in range(3):
        fd = opener.open(path)
        os.write(fd, b"x\n")
        os.close(fd)
        opener.tick()
    assert looked == [(path, 0)]

    os.rename(path, f"{path}.1")
    os.close(opener.open(path))
    assert looked == [(path, 0)] * 2
