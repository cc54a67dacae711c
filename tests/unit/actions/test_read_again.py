import contextlib
import shutil

import pytest

from collector.actions.read_again import JournalAgain
from collector.sinks.journal import JournalReader, JournalWriter


@pytest.fixture
def closing():
    """What is handed to it is closed in the end."""
    with contextlib.ExitStack() as stack:
        yield lambda one: stack.enter_context(contextlib.closing(one))


def all_of(folder, closing):
    reader = closing(JournalReader(folder))
    entries = []
    while found := reader.entries():
        entries += found
    return entries


@pytest.fixture
def folder(tmp_path):
    """A journal of several segments."""
    writer = JournalWriter(str(tmp_path / "alerts"), segment_bytes=1000)
    for number in range(100):
        writer.append(b"%d " % number * (1 + number % 5))
    writer.close()
    return writer.folder


@pytest.mark.parametrize("step", [1, -1, 7])
def test_any_entry_can_be_read_again_in_any_order(folder, closing, step):
    again = closing(JournalAgain(folder))
    entries = all_of(folder, closing)

    assert len(entries) == 100
    for entry in entries[::step]:
        assert again(entry.place, len(entry.payload)) == entry.payload
    for entry in entries[::step]:
        assert again(entry.place, len(entry.payload)) == entry.payload


def test_what_is_gone_is_not_mistaken_for_what_follows(folder, closing, tmp_path):
    entries = all_of(folder, closing)
    again = closing(JournalAgain(folder))
    first, *_ = sorted(tmp_path.glob("alerts/*.v1"))
    first.unlink()
    left = [again(entry.place, len(entry.payload)) for entry in entries]

    gone = left.count(None)
    assert 0 < gone < 50
    assert left[gone:] == [entry.payload for entry in entries[gone:]]
    shutil.rmtree(tmp_path / "alerts")
    assert JournalAgain(folder)(entries[-1].place, len(entries[-1].payload)) is None


def test_entries_of_a_later_run_of_the_writer_are_found(folder, closing):
    writer = closing(JournalWriter(folder, segment_bytes=1000))
    writer.append(b"later")
    entries = all_of(folder, closing)
    again = closing(JournalAgain(folder))

    assert again(entries[-1].place, 5) == b"later"
    assert again(entries[0].place, len(entries[0].payload)) == entries[0].payload
