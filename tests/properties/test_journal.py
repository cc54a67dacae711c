"""Whatever is appended, read, committed, killed and damaged, in whatever order: an obvious list says what must come."""

import errno
import os
import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from journal_rig import abandon, killed_at, segments_in

from collector.sinks.journal import JournalError, JournalReader, JournalWriter
from collector.sinks.journal.entries import HEAD

SIZES = st.integers(0, 300)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), SIZES),
        st.tuples(st.just("append, killed"), SIZES, st.integers(0, 6), st.integers(0, 330)),
        st.tuples(st.just("append, no room"), SIZES, st.integers(0, 330)),
        st.tuples(st.just("read"), st.integers(1, 1500)),
        st.tuples(st.just("commit"), st.integers(0, 20)),
        st.tuples(st.just("reader killed"), st.integers(0, 2), st.integers(0, 100)),
        st.just(("writer killed",)),
        st.just(("tidy",)),
    ),
    max_size=40,
)


class Journal:
    """Both ends, and the list: ``there`` is every entry that may be read, in order; each begins with its number."""

    def __init__(self, *, segment_bytes, max_bytes):
        self.folder = Path(tempfile.mkdtemp())
        self.options = {"segment_bytes": segment_bytes, "max_bytes": max_bytes, "on_drop": self._drop}
        self.there, self.dropped = [], 0
        self.read_until = self.committed = 0  # indices in ``there``
        self.handed_out = []
        self.lost = 0
        self.writer = JournalWriter(str(self.folder), **self.options)
        self.reader = JournalReader(str(self.folder), "mail")

    def _drop(self, entries, _bytes):
        self.dropped += entries

    def do(self, step, *arguments):
        getattr(self, step.replace(", ", "_").replace(" ", "_"))(*arguments)

    def payload(self, size):
        return b"%d %s" % (len(self.there), b"x" * size)

    def append(self, size):
        self.writer.append(self.payload(size))
        self.there.append(self.payload(size))

    def append_killed(self, size, step, cut):
        payload = self.payload(size)
        with killed_at(step, cut) as fate:
            self.writer.append(payload)
        whole = not fate.killed or (cut >= HEAD + len(payload) and self._newest_ends_with(payload))
        if whole:
            self.there.append(payload)
        if fate.killed:
            self.writer_killed()

    def _newest_ends_with(self, payload):
        segments = segments_in(self.folder)
        return bool(segments) and segments[-1].read_bytes().endswith(payload)

    def append_no_room(self, size, taken):
        payload = self.payload(size)
        writev = os.writev

        def full(fd, buffers):
            data = b"".join(buffers)
            if taken >= len(data):
                return writev(fd, buffers)
            if not taken:
                raise OSError(errno.ENOSPC, "No space left on device")
            return os.write(fd, data[:taken])

        os.writev = full
        try:
            self.writer.append(payload)
            self.there.append(payload)
        except JournalError:
            assert taken < HEAD + len(payload)
        finally:
            os.writev = writev

    def read(self, limit):
        for position, payload in self.reader.read(limit):
            index = self.there.index(payload, self.read_until)
            self.lost += index - self.read_until
            self.read_until = index + 1
            self.handed_out.append((position, self.read_until))

    def commit(self, number):
        if number < len(self.handed_out):
            position, self.committed = self.handed_out[number]
            self.reader.commit(position)
            del self.handed_out[: number + 1]

    def reader_killed(self, step, cut):
        if self.handed_out:
            position, index = self.handed_out.pop()
            with killed_at(step, cut) as fate:
                self.reader.commit(position)
            if not fate.killed or cut >= 93:
                self.committed = index
        abandon(self.reader)
        self.reader = JournalReader(str(self.folder), "mail")
        self.handed_out = []
        self.read_until = self.committed

    def writer_killed(self):
        abandon(self.writer)
        self.writer = JournalWriter(str(self.folder), **self.options)

    def tidy(self):
        self.writer.tidy()

    def close(self):
        self.writer.close()
        self.reader.close()
        shutil.rmtree(self.folder)


@given(steps=STEPS)
def test_every_entry_comes_once_in_order_from_the_committed_place_on_whoever_is_killed(steps):
    journal = Journal(segment_bytes=700, max_bytes=1 << 20)
    try:
        for step in steps:
            journal.do(*step)
            assert journal.lost == 0
        while journal.read_until < len(journal.there):
            before = journal.read_until
            journal.read(1000)
            assert journal.read_until > before
        assert journal.reader.read() == []
        assert journal.lost == journal.dropped == journal.reader.losses.entries == 0
        assert journal.reader.losses.damaged_bytes == 0
    finally:
        journal.close()


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), SIZES),
            st.tuples(st.just("append"), SIZES),
            st.tuples(st.just("read"), st.integers(1, 1500)),
            st.tuples(st.just("commit"), st.integers(0, 20)),
            st.just(("writer killed",)),
        ),
        max_size=60,
    )
)
def test_what_is_dropped_is_the_oldest_and_the_reader_counts_each(steps):
    journal = Journal(segment_bytes=400, max_bytes=1600)
    try:
        for step in steps:
            journal.do(*step)
            assert sum(path.stat().st_size for path in segments_in(journal.folder)) <= 1600
        journal.append(0)
        while journal.read_until < len(journal.there):
            journal.read(1000)
        assert journal.lost == journal.reader.losses.entries
        assert journal.lost <= journal.dropped, "it may have read what it had not committed"
    finally:
        journal.close()


@given(
    sizes=st.lists(SIZES, min_size=1, max_size=30),
    holes=st.lists(st.tuples(st.integers(0), st.integers(1, 400), st.integers(0, 255)), max_size=5),
    limit=st.integers(1, 3000),
    seed=st.integers(0),
)
def test_damaged_bytes_cost_the_entries_they_are_in_counted_and_no_others(sizes, holes, limit, seed):
    folder = Path(tempfile.mkdtemp())
    writer, reader = JournalWriter(str(folder), segment_bytes=1000), JournalReader(str(folder))
    payloads = [b"%d %s" % (number, random.Random(seed + number).randbytes(size)) for number, size in enumerate(sizes)]
    ends = [writer.append(payload) for payload in payloads]
    bounds = list(zip([0, *ends[:-1]], ends, strict=True))
    changed = [False] * len(payloads)
    for start, length, value in holes:
        for position in range(start % ends[-1], min(start % ends[-1] + length, ends[-1])):
            changed_here = overwrite(folder, position, value)
            index = next(index for index, (begin, end) in enumerate(bounds) if begin <= position < end)
            changed[index] |= changed_here
    ends.append(writer.append(b"the last"))
    got = []
    while entries := reader.read(limit):
        got += [payload for _, payload in entries]
    writer.close()
    reader.close()
    shutil.rmtree(folder)

    whole = [payload for payload, damaged in zip(payloads, changed, strict=True) if not damaged]
    assert got == [*whole, b"the last"]
    # What is lost before the first entry of all that is read is counted in bytes alone.
    first = changed.index(False) if False in changed else len(changed)
    assert reader.losses.entries == sum(changed[first:])
    assert reader.losses.damaged_bytes == sum(
        end - begin for (begin, end), hit in zip(bounds, changed, strict=True) if hit
    )


def overwrite(folder, position, value):
    """Whether that changed anything."""
    path = max(path for path in segments_in(folder) if int(path.name[:20]) <= position)
    with path.open("r+b") as file:
        file.seek(position - int(path.name[:20]))
        before = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([value]))
    return before != bytes([value])
