import errno
import os

import pytest
from journal_rig import everything, read_all, segments_in

from collector.sinks.journal import Place

KIBIBYTE = b"x" * 1000


class Notices(list):
    def __call__(self, _event, sentence):
        self.append(sentence)


@pytest.fixture
def notices():
    return Notices()


def damage(path, offset, data=b"?"):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def test_entries_come_with_the_position_after_each(journal):
    writer, reader = journal.writer(), journal.reader()
    positions = [writer.append(payload) for payload in (b"one", b"", b"three")]

    assert reader.read() == list(zip(positions, [b"one", b"", b"three"], strict=True))
    assert reader.read() == []


def test_a_journal_that_is_not_there_yet_is_empty_and_then_read(journal):
    reader = journal.reader()
    assert reader.read() == []
    assert reader.lag_bytes() == 0
    journal.writer().append(b"one")

    assert everything(reader) == [b"one"]


@pytest.mark.parametrize("limit", [1, 100, 1024, 3000, 1 << 30])
def test_a_limit_is_kept_but_for_one_entry_and_nothing_is_left_out(journal, limit):
    writer, reader = journal.writer(segment_bytes=5000), journal.reader()
    payloads = [bytes([number]) * (number * 37 % 2000) for number in range(40)]
    for payload in payloads:
        writer.append(payload)
    got = []
    while entries := reader.read(limit):
        sizes = [len(payload) for _, payload in entries]
        assert len(entries) == 1 or sum(sizes) <= limit
        got += [payload for _, payload in entries]

    assert got == payloads


def test_a_consumer_goes_on_where_it_committed(journal):
    writer, reader = journal.writer(segment_bytes=60), journal.reader("mail")
    for payload in (b"one", b"two", b"three", b"four"):
        writer.append(payload)
    reader.commit(read_all(reader)[1][0])
    journal.close(reader)
    reader = journal.reader("mail")

    assert everything(reader) == [b"three", b"four"]
    assert reader.losses.entries == 0


def test_consumers_do_not_disturb_each_other(journal):
    writer, mail, exec_ = journal.writer(), journal.reader("mail"), journal.reader("exec")
    writer.append(b"one")
    mail.commit(mail.read()[0][0])
    writer.append(b"two")

    assert everything(mail) == [b"two"]
    assert everything(exec_) == [b"one", b"two"]


def test_a_position_that_was_not_read_is_not_committed(journal):
    writer, reader = journal.writer(), journal.reader("mail")
    writer.append(b"one")
    reader.read()
    for position in (0, 26, 28):
        with pytest.raises(ValueError, match="not the end of an entry"):
            reader.commit(position)


def test_a_place_can_be_kept_elsewhere_and_come_back_to(journal):
    writer, reader = journal.writer(), journal.reader("correlator")
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    place = tuple(reader.entries()[0].place)
    journal.close(reader)
    reader = journal.reader("correlator")
    reader.seek(Place(*place))
    assert everything(reader) == [b"two", b"three"]
    reader.commit_place(Place(*place))
    journal.close(reader)

    assert everything(journal.reader("correlator")) == [b"two", b"three"]


def test_what_is_not_read_yet_is_told_in_bytes(journal):
    writer, reader = journal.writer(segment_bytes=60), journal.reader()
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    assert reader.lag_bytes() == 27 + 27 + 29
    reader.read(1)
    assert reader.lag_bytes() == 27 + 29
    everything(reader)

    assert reader.lag_bytes() == 0


def test_an_entry_that_is_being_written_is_waited_for(journal, folder):
    writer, reader = journal.writer(), journal.reader()
    writer.append(b"one")
    writer.append(KIBIBYTE)
    (path,) = segments_in(folder)
    whole = path.read_bytes()
    assert len(whole) == 27 + 1024
    for size in (28, 50, 52, 500, 1050):
        path.write_bytes(whole[:size])
        assert everything(reader) == ([b"one"] if size == 28 else [])
    path.write_bytes(whole)

    assert everything(reader) == [KIBIBYTE]
    assert reader.losses.damaged_bytes == 0


def test_an_entry_that_was_half_there_when_it_was_read_and_the_next_one_whole_is_no_damage(
    journal, folder, monkeypatch
):
    writer, reader = journal.writer(), journal.reader()
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    pread, reads = os.pread, []

    def half(fd, size, offset):
        data = pread(fd, size, offset)
        reads.append(data)
        return data if len(reads) > 1 else data[:30] + bytes(24) + data[54:]

    monkeypatch.setattr(os, "pread", half)

    assert everything(reader) == [b"one", b"two", b"three"]
    assert reader.losses.damaged_bytes == 0


def test_damaged_bytes_are_skipped_counted_and_told(journal, folder, notices):
    writer, reader = journal.writer(), journal.reader("mail", notices)
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    damage(segments_in(folder)[0], 30)

    assert everything(reader) == [b"one", b"three"]
    assert (reader.losses.entries, reader.losses.damaged_bytes, reader.losses.dropped_bytes) == (1, 27, 0)
    (sentence,) = notices
    assert sentence == (
        f"The journal {folder}: entries lost to mail so far: 1; 0 bytes went before it read them, 27 bytes are damaged."
    )


def test_a_damaged_last_entry_is_only_known_to_be_so_when_another_follows(journal, folder):
    writer, reader = journal.writer(), journal.reader()
    writer.append(b"one")
    writer.append(b"two")
    damage(segments_in(folder)[0], 53)
    assert everything(reader) == [b"one"]
    assert reader.losses.entries == 0
    writer.append(b"three")

    assert everything(reader) == [b"three"]
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (1, 27)


def test_damage_at_the_end_of_a_segment_is_known_when_there_is_another(journal, folder):
    writer, reader = journal.writer(segment_bytes=60), journal.reader()
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    damage(segments_in(folder)[0], 53)

    assert everything(reader) == [b"one", b"three"]
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (1, 27)
    assert everything(reader) == []
    assert reader.losses.damaged_bytes == 27


def test_a_size_that_is_damaged_does_not_hold_up_what_follows(journal, folder):
    writer, reader = journal.writer(), journal.reader()
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    damage(segments_in(folder)[0], 27 + 8, b"\xff\xff\xff\x7f")

    assert everything(reader) == [b"one", b"three"]


def test_a_segment_that_is_nothing_but_damage_is_passed(journal, folder):
    writer, reader = journal.writer(segment_bytes=1024), journal.reader()
    for _ in range(3):
        writer.append(KIBIBYTE)
    segments_in(folder)[1].write_bytes(b"?" * 1024)

    assert everything(reader) == [KIBIBYTE] * 2
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (1, 1024)


def test_a_page_the_disk_cannot_read_costs_only_what_is_on_it(journal, monkeypatch):
    writer, reader = journal.writer(), journal.reader()
    for number in range(20):
        writer.append(bytes([number]) * 1000)
    pread = os.pread

    def fail(fd, size, offset):
        if offset < 8192 and offset + size > 4096:
            raise OSError(errno.EIO, "Input/output error")
        return pread(fd, size, offset)

    monkeypatch.setattr(os, "pread", fail)

    assert [payload[0] for payload in everything(reader)] == [0, 1, 2, 3, *range(8, 20)]
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (4, 4096)


def test_segments_that_went_before_they_were_read_are_counted_and_told(journal, notices):
    writer, reader = journal.writer(segment_bytes=1024, max_bytes=4096), journal.reader("mail", notices)
    writer.append(KIBIBYTE)
    assert len(everything(reader)) == 1
    for _ in range(9):
        writer.append(KIBIBYTE)

    assert len(everything(reader)) == 4
    assert (reader.losses.entries, reader.losses.dropped_bytes, reader.losses.damaged_bytes) == (5, 5120, 0)
    assert "entries lost to mail so far: 5; 5,120 bytes went" in notices[0]
    assert len(notices) == 1


def test_what_went_while_the_consumer_was_away_is_counted_when_it_comes_back(journal):
    writer, reader = journal.writer(segment_bytes=1024, max_bytes=4096), journal.reader("mail")
    writer.append(KIBIBYTE)
    reader.commit(reader.read()[0][0])
    journal.close(reader)
    for _ in range(9):
        writer.append(KIBIBYTE)
    reader = journal.reader("mail")
    everything(reader)

    assert (reader.losses.entries, reader.losses.dropped_bytes) == (5, 5120)


def test_a_segment_that_goes_while_it_is_read_is_read_to_its_end(journal):
    writer, reader = journal.writer(segment_bytes=2048, max_bytes=4096), journal.reader()
    for _ in range(4):
        writer.append(KIBIBYTE)
    assert len(reader.read(1)) == 1
    for _ in range(4):
        writer.append(KIBIBYTE)

    assert len(everything(reader)) == 5
    assert (reader.losses.entries, reader.losses.dropped_bytes) == (2, 2048)


def test_a_new_consumer_does_not_miss_what_went_before_its_time(journal):
    writer = journal.writer(segment_bytes=1024, max_bytes=2048)
    for _ in range(5):
        writer.append(KIBIBYTE)
    reader = journal.reader("mail")

    assert len(everything(reader)) == 2
    assert (reader.losses.entries, reader.losses.dropped_bytes) == (0, 0)


def test_bytes_that_never_reached_the_disk_cost_nothing_that_came_after(journal, folder):
    """The machine went down: the consumer's place is there, the end of the journal is not."""
    writer, reader = journal.writer(), journal.reader("mail")
    for _ in range(5):
        writer.append(KIBIBYTE)
    reader.commit(read_all(reader)[-1][0])
    journal.close(reader)
    journal.close(writer)
    os.truncate(segments_in(folder)[0], 3000)
    writer, reader = journal.writer(), journal.reader("mail")
    assert everything(reader) == []
    for number in range(9):
        writer.append(bytes([number]) * 700)

    assert [payload[0] for payload in everything(reader)] == list(range(9))
    assert reader.losses.entries == 0


def test_an_empty_segment_that_is_replaced_under_a_reader_makes_nothing_come_twice(journal, folder):
    writer, reader = journal.writer(segment_bytes=60), journal.reader("mail")
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    os.truncate(segments_in(folder)[1], 0)
    assert everything(reader) == [b"one", b"two"]
    journal.close(writer)
    writer = journal.writer(segment_bytes=60)
    assert len(segments_in(folder)) == 1
    assert everything(reader) == []
    writer.append(b"four")

    assert everything(reader) == [b"four"]


def test_a_place_that_is_damaged_is_told_and_everything_comes_again(journal, folder, notices):
    writer, reader = journal.writer(), journal.reader("mail")
    writer.append(b"one")
    reader.commit(reader.read()[0][0])
    journal.close(reader)
    (folder / "mail.position").write_bytes(b"?" * 186)
    reader = journal.reader("mail", notices)

    assert everything(reader) == [b"one"]
    assert notices == [f"The journal {folder}: the place of mail is damaged; it begins with the oldest entry there is."]


def test_a_reader_that_is_no_consumer_keeps_nothing_and_holds_nothing_back(journal, folder):
    writer, reader = journal.writer(), journal.reader()
    writer.append(b"one")
    reader.read()
    reader.commit_place(reader.place)

    assert sorted(path.suffix for path in folder.iterdir()) == [".lock", ".v1"]


def test_what_is_appended_while_the_reader_looks_for_another_segment_is_not_left_out(journal, monkeypatch):
    writer, reader = journal.writer(segment_bytes=60), journal.reader()
    writer.append(b"one")
    assert everything(reader) == [b"one"]
    listdir, payloads = os.listdir, [b"three", b"two"]

    def meanwhile(folder):
        monkeypatch.undo()
        while payloads:
            writer.append(payloads.pop())
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", meanwhile)

    assert everything(reader) == [b"two", b"three"]


def test_damage_at_the_end_of_a_segment_is_passed_once_also_when_the_next_one_is_still_empty(journal, folder):
    writer, reader = journal.writer(segment_bytes=60), journal.reader("mail")
    for payload in (b"one", b"two", b"three"):
        writer.append(payload)
    first, second = segments_in(folder)
    damage(first, 53)
    whole = second.read_bytes()
    second.write_bytes(b"")
    assert everything(reader) == [b"one"]
    assert everything(reader) == []
    assert reader.losses.damaged_bytes == 27
    second.write_bytes(whole)

    assert everything(reader) == [b"three"]
    assert (reader.losses.entries, reader.losses.damaged_bytes) == (1, 27)
