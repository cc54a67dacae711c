import os

import pytest

from collector.sinks.journal.positions import BEGINNING, Place, PositionError, PositionFile, forget, places

ONE, TWO = Place("9f3c52d07ab1e864", 16770310, 171), Place("52be80c6610dfa37", 17004511, 180)


@pytest.fixture
def kept(tmp_path):
    """Opens the position file, and closes the one before: as after a restart."""
    files = []

    def open_it():
        if files:
            files.pop().close()
        files.append(PositionFile(str(tmp_path), "mail"))
        return files[-1]

    yield open_it
    files.pop().close()


def test_a_new_consumer_is_at_the_beginning(kept):
    assert kept().place == BEGINNING
    assert not kept().damaged


def test_what_was_kept_last_is_there_after_a_restart(kept):
    for place in (ONE, TWO, ONE, BEGINNING, TWO):
        kept().keep(place)
        assert kept().place == place


def test_a_place_is_a_line_a_person_can_read(kept, tmp_path):
    kept().keep(ONE)

    assert b"16770310                  171 9f3c52d07ab1e864 " in (tmp_path / "mail.position").read_bytes()


@pytest.mark.parametrize("written", range(94))
def test_when_the_machine_dies_while_a_place_is_written_it_is_the_new_one_or_the_one_before(kept, tmp_path, written):
    path = tmp_path / "mail.position"
    file = kept()
    file.keep(ONE)
    before = path.read_bytes()
    file.keep(TWO)
    after = path.read_bytes()
    changed = [index for index in range(len(after)) if before[index] != after[index]]
    cut = min(changed) + written
    path.write_bytes(after[:cut] + before[cut:])

    assert kept().place in (ONE, TWO)
    assert not kept().damaged


def test_a_place_none_of_whose_lines_can_be_read_is_told_as_damaged(kept, tmp_path):
    kept().keep(ONE)
    (tmp_path / "mail.position").write_bytes(b"x" * 186)

    assert kept().damaged
    assert kept().place == BEGINNING


def test_places_of_all_consumers_can_be_seen_by_the_writer(kept, tmp_path):
    kept().keep(ONE)
    other = PositionFile(str(tmp_path), "correlator")
    assert sorted(places(str(tmp_path))) == sorted([ONE, BEGINNING])
    other.close()
    forget(str(tmp_path), "correlator")
    forget(str(tmp_path), "correlator")

    assert list(places(str(tmp_path))) == [ONE]


@pytest.mark.parametrize("name", ["", "..", "a/b", "-", "a\n", "ü"])
def test_a_name_that_could_be_another_file_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="not a name"):
        PositionFile(str(tmp_path), name)


def test_a_place_that_cannot_be_kept_is_an_error_and_the_one_before_stays(kept, monkeypatch):
    file = kept()
    file.keep(ONE)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(PositionError, match=r"mail\.position: No space left on device"):
        file.keep(TWO)
    monkeypatch.setattr(os, "pwrite", lambda *_: 10)
    with pytest.raises(PositionError, match="no room"):
        file.keep(TWO)
    monkeypatch.undo()

    assert file.place == ONE
    assert kept().place == ONE
    kept().keep(TWO)
    assert kept().place == TWO


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PositionError, match="Not a directory"):
        PositionFile(str(tmp_path / "file" / "journal"), "mail")
