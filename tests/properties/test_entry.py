"""What a worker journals of a batch comes out of the journal as it went in."""

from hypothesis import given
from hypothesis import strategies as st

from collector.batch import Fix
from collector.rules.entry import Entry, row_numbers

WORDS = st.text(max_size=8)
PEERS = st.none() | st.sampled_from(["192.0.2.7:514", "[2001:db8::7]:40001", "gate", "着信", 'a"b\n'])
FIXES = st.builds(Fix, WORDS, WORDS, st.lists(WORDS, max_size=2).map(tuple), st.booleans())
NUMBERS = st.integers(0, 2**32 - 1)


@st.composite
def entries(draw):
    lines = draw(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b" ")), max_size=5))
    rows = range(len(lines))
    return Entry(
        plan=draw(WORDS),
        source=draw(WORDS),
        received_at=draw(st.floats(0, 4e9)),
        seen=draw(NUMBERS),
        text=b"".join(line + b"\n" for line in lines),
        hits=draw(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=6)),
        ends=draw(st.booleans()),
        peers=[draw(PEERS) for _ in rows],
        fixes=draw(st.dictionaries(st.sampled_from(rows), FIXES)) if rows else {},
        names=draw(st.dictionaries(WORDS, WORDS, max_size=3)),
    )


@given(entries())
def test_an_entry_comes_back_from_its_bytes(entry):
    assert Entry.decode(entry.encode()) == entry


@given(st.lists(st.binary(max_size=6).map(lambda line: line.replace(b"\n", b" ")), min_size=1, max_size=6), st.data())
def test_ends_of_hits_say_the_same_as_rows(lines, data):
    text = b"".join(line + b"\n" for line in lines)
    hits = data.draw(st.lists(st.tuples(st.integers(0, len(lines) - 1), st.integers(0, 3)), max_size=8).map(sorted))
    starts = [len(b"".join(lines[:row])) + row for row in range(len(lines))]
    ends = [(starts[row] + data.draw(st.integers(0, len(lines[row]))), rule) for row, rule in hits]
    ends.sort()

    assert sorted(row_numbers(text, ends)) == hits
    by_end = Entry("p", "s", 1.0, 1, text, ends, ends=True)
    by_row = Entry("p", "s", 1.0, 1, text, hits)
    assert sorted(by_end.row_hits()) == list(by_row.row_hits()) == hits
    assert [row for row, _ in by_end.row_hits()] == [row for row, _ in hits]
