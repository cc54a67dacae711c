import errno
import os
import subprocess
import sys

import pytest
from journal_rig import everything, read_all, segments_in

from collector.sinks.journal import JournalError, JournalReader, JournalWriter
from collector.sinks.journal.positions import forget

KIBIBYTE = b"x" * 1000


class Drops(list):
    def __call__(self, entries, size):
        self.append((entries, size))


@pytest.fixture
def no_room(monkeypatch):
    """Writes take so many bytes, and then there is no room."""

    def fill(taken):
        def writev(fd, buffers):
            if not taken:
                raise OSError(errno.ENOSPC, "No space left on device")
            return os.write(fd, b"".join(buffers)[:taken])

        monkeypatch.setattr(os, "writev", writev)

    return fill


def test_an_append_returns_the_position_after_it(journal):
    writer = journal.writer()

    assert writer.append(b"one") == 27
    assert writer.append(b"") == 51
    assert writer.place.position == 51
    assert writer.place.number == 2


def test_an_append_is_one_system_call(journal, monkeypatch):
    writer = journal.writer()
    writer.append(b"one")
    calls = []
    writev = os.writev
    monkeypatch.setattr(os, "writev", lambda *arguments: calls.append(arguments) or writev(*arguments))
    for name in ("write", "open", "fsync", "listdir", "stat"):
        monkeypatch.setattr(os, name, None)
    writer.append(b"two")
    monkeypatch.undo()

    assert len(calls) == 1


def test_a_segment_that_is_full_is_followed_by_another(journal, folder):
    writer = journal.writer(segment_bytes=2100)
    for _ in range(5):
        writer.append(KIBIBYTE)

    assert [path.name[:20] for path in segments_in(folder)] == [f"{start:020}" for start in (0, 2048, 4096)]
    assert everything(journal.reader()) == [KIBIBYTE] * 5


def test_an_entry_larger_than_a_segment_has_one_of_its_own(journal, folder):
    writer = journal.writer(segment_bytes=100)
    for payload in (b"one", KIBIBYTE, b"three"):
        writer.append(payload)

    assert [path.stat().st_size for path in segments_in(folder)] == [27, 1024, 29]
    assert everything(journal.reader()) == [b"one", KIBIBYTE, b"three"]


def test_nothing_is_written_before_the_first_append(journal, folder):
    journal.writer()

    assert segments_in(folder) == []


def test_positions_and_numbers_go_on_after_a_restart(journal, folder):
    writer = journal.writer()
    writer.append(b"one")
    mark = writer.place.mark
    journal.close(writer)
    writer = journal.writer()
    assert writer.append(b"two") == 54

    assert writer.place.number == 2
    assert writer.place.mark != mark
    assert len(segments_in(folder)) == 2
    assert everything(journal.reader()) == [b"one", b"two"]


def test_what_a_killed_writer_left_half_written_is_cut_off(journal, folder):
    writer = journal.writer()
    writer.append(b"one")
    writer.append(b"two")
    journal.close(writer)
    (path,) = segments_in(folder)
    whole = path.read_bytes()
    for size in range(28, 54):
        path.write_bytes(whole[:size])
        writer = journal.writer()
        assert writer.torn_bytes == size - 27
        assert path.read_bytes() == whole[:27]
        assert writer.place.position == 27
        journal.close(writer)


def test_a_segment_without_a_whole_entry_is_removed_with_its_number_kept(journal, folder):
    writer = journal.writer(segment_bytes=30)
    writer.append(b"one")
    writer.append(b"two")
    journal.close(writer)
    first, second = segments_in(folder)
    second.write_bytes(second.read_bytes()[:-1])
    writer = journal.writer()

    assert segments_in(folder) == [first]
    assert writer.torn_bytes == 26
    assert writer.place[1:] == (27, 1)


def test_damage_before_whole_entries_is_not_cut_off(journal, folder):
    writer = journal.writer()
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    journal.close(writer)
    (path,) = segments_in(folder)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    writer = journal.writer()
    writer.append(b"four")

    assert writer.torn_bytes == 0
    assert everything(journal.reader()) == [b"two", b"three", b"four"]


def test_segments_that_all_consumers_have_passed_are_deleted(journal, folder):
    writer = journal.writer(segment_bytes=1024)
    fast, slow = journal.reader("fast"), journal.reader("slow")
    for _ in range(4):
        writer.append(KIBIBYTE)
    fast.commit(read_all(fast)[-1][0])
    slow.commit(read_all(slow)[1][0])
    writer.tidy()
    assert [path.name[:20] for path in segments_in(folder)] == [f"{start:020}" for start in (2048, 3072)]
    slow.commit(4096)
    writer.tidy()

    assert len(segments_in(folder)) == 1, "the newest one knows where to go on"


def test_a_consumer_that_is_forgotten_holds_nothing_back(journal, folder):
    writer = journal.writer(segment_bytes=1024)
    fast, slow = journal.reader("fast"), journal.reader("slow")
    for _ in range(4):
        writer.append(KIBIBYTE)
    fast.commit(read_all(fast)[-1][0])
    writer.tidy()
    assert len(segments_in(folder)) == 4
    journal.close(slow)
    forget(str(folder), "slow")
    writer.append(KIBIBYTE)

    assert len(segments_in(folder)) == 2


def test_without_a_consumer_everything_is_kept_until_it_is_full(journal, folder):
    drops = Drops()
    writer = journal.writer(segment_bytes=1024, max_bytes=4096, on_drop=drops)
    for _ in range(4):
        writer.append(KIBIBYTE)
    assert drops == []
    writer.append(KIBIBYTE)

    assert drops == [(1, 1024)]
    assert sum(path.stat().st_size for path in segments_in(folder)) == 4096


def test_of_a_dropped_segment_that_is_counted_which_the_slowest_consumer_had_not_passed(journal):
    drops = Drops()
    writer = journal.writer(segment_bytes=4096, max_bytes=8192, on_drop=drops)
    fast, slow = journal.reader("fast"), journal.reader("slow")
    for _ in range(8):
        writer.append(KIBIBYTE)
    fast.commit(read_all(fast)[5][0])
    slow.commit(read_all(slow)[2][0])
    writer.append(KIBIBYTE)

    assert drops == [(1, 1024)]


def test_what_earlier_runs_left_counts_towards_the_limit(journal, folder):
    for _ in range(6):
        writer = journal.writer(segment_bytes=1024, max_bytes=3072, on_drop=(drops := Drops()))
        writer.append(KIBIBYTE)
        journal.close(writer)

    assert drops == [(1, 1024)]
    assert len(segments_in(folder)) == 3


def test_an_append_that_is_larger_than_all_the_room_drops_everything_else(journal):
    drops = Drops()
    writer = journal.writer(segment_bytes=1024, max_bytes=2048, on_drop=drops)
    writer.append(KIBIBYTE)
    writer.append(b"x" * 5000)

    assert drops == [(1, 1024)]
    assert [len(payload) for payload in everything(journal.reader())] == [5000]


@pytest.mark.parametrize("taken", [0, 1, 23, 24, 26])
def test_an_append_that_finds_no_room_is_told_and_the_next_one_goes_on_where_it_would_have_been(
    journal, folder, no_room, monkeypatch, taken
):
    writer = journal.writer()
    writer.append(b"one")
    no_room(taken)
    for _ in range(3):
        with pytest.raises(JournalError, match="No space left on device"):
            writer.append(b"two")
    assert segments_in(folder)[0].stat().st_size == 27
    monkeypatch.undo()

    assert writer.append(b"two") == 54
    assert everything(journal.reader()) == [b"one", b"two"]


def test_the_first_append_of_all_may_find_no_room(journal, folder, no_room, monkeypatch):
    writer = journal.writer(segment_bytes=10)
    no_room(5)
    for _ in range(3):
        with pytest.raises(JournalError):
            writer.append(b"one")
    monkeypatch.undo()
    writer.append(b"one")

    assert everything(journal.reader()) == [b"one"]
    assert len(segments_in(folder)) == 1


def test_bytes_that_cannot_be_taken_back_are_left_behind_as_damage(journal, folder, no_room, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    writer = journal.writer()
    writer.append(b"one")
    no_room(10)
    monkeypatch.setattr(os, "ftruncate", refuse)
    with pytest.raises(JournalError, match="No space left"):
        writer.append(b"two")
    monkeypatch.undo()
    assert writer.append(b"two") == 54

    reader = journal.reader()
    assert everything(reader) == [b"one", b"two"]
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (0, 10)


def test_a_new_segment_that_cannot_be_made_is_told_and_tried_again(journal, monkeypatch):
    writer = journal.writer(segment_bytes=1024)
    writer.append(KIBIBYTE)
    real = os.open

    def refuse(path, *arguments):
        if str(path).endswith(".v1"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    for _ in range(2):
        with pytest.raises(JournalError, match="No space left"):
            writer.append(KIBIBYTE)
    monkeypatch.undo()
    writer.append(KIBIBYTE)

    assert everything(journal.reader()) == [KIBIBYTE] * 2


def remove(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_a_folder_that_somebody_removed_is_made_again(journal, folder):
    writer = journal.writer()
    reader = journal.reader()
    writer.append(b"one")
    assert everything(reader) == [b"one"]
    remove(folder)
    writer.tidy()
    writer.append(b"two")
    late = journal.reader()

    assert everything(reader) == everything(late) == [b"two"]
    assert writer.place.number == 2
    assert reader.losses.entries == 0


def test_what_was_written_into_a_folder_that_is_no_more_is_counted(journal, folder):
    writer, reader = journal.writer(), journal.reader("mail")
    writer.append(b"one")
    assert everything(reader) == [b"one"]
    place = reader.place
    remove(folder)
    for payload in (b"two", b"three"):
        writer.append(payload)
    writer.tidy()
    writer.append(b"four")
    reader = journal.reader("exec")
    reader.seek(place)

    assert everything(reader) == [b"four"]
    assert (reader.losses.entries, reader.losses.dropped_bytes) == (2, 27 + 29)


def refused_in_another_process(folder):
    program = (
        "import sys; from collector.sinks.journal import JournalError, JournalWriter\n"
        "try: JournalWriter(sys.argv[1])\n"
        "except JournalError as error: print(error)"
    )
    other = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)
    return "Resource temporarily unavailable" in other.stdout


def test_only_one_process_writes(journal, folder):
    writer = journal.writer()
    writer.append(b"one")
    assert refused_in_another_process(folder)
    remove(folder)
    writer.tidy()

    assert refused_in_another_process(folder)


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="Not a directory"):
        JournalWriter(str(tmp_path / "file" / "journal"))


def test_what_one_process_wrote_another_reads(journal, folder):
    writer = journal.writer()
    writer.append(b"one")
    reader = JournalReader(str(folder))
    writer.append(b"two")

    assert everything(reader) == [b"one", b"two"]
    reader.close()
