import pytest

from collector.sinks.backlog import Backlog, counted, cut_counted, cut_lines


class Counts(dict):
    """A meter that keeps sums."""

    def count(self, name, amount=1, reason=""):
        key = f"{name} {reason}".strip()
        self[key] = self.get(key, 0) + amount

    def set(self, name, value):
        self[name] = value


@pytest.fixture
def counts():
    return Counts()


def waiting(counts, *lines, limit=1000):
    backlog = Backlog(limit, counts, full="full")
    backlog.fill(b"".join(line + b"\n" for line in lines), len(lines), lambda: None)
    return backlog


def test_what_is_written_in_the_middle_of_a_message_leaves_it_waiting(counts):
    backlog = waiting(counts, b"one", b"two", b"three")
    backlog.advance(6)

    assert backlog.begun
    assert len(backlog) == 2
    assert backlog.piece(100) == b"o\nthree\n"
    assert counts["sink_written"] == 1
    assert counts["sink_pending"] == 2


def test_a_message_that_was_begun_begins_anew(counts):
    backlog = waiting(counts, b"one", b"two")
    backlog.advance(6)
    backlog.rewind()

    assert backlog.piece(100) == b"two\n"


def test_a_piece_is_no_longer_than_asked_for(counts):
    assert waiting(counts, b"one", b"two").piece(5) == b"one\nt"


@pytest.mark.parametrize(("size", "lines"), [(8, b"one\ntwo\n"), (7, b"one\n"), (4, b"one\n"), (2, b"one\n")])
def test_whole_lines_fit_into_a_size_or_are_a_single_one(counts, size, lines):
    assert waiting(counts, b"one", b"two", b"three").whole(size) == lines


def test_the_rest_of_a_line_comes_alone(counts):
    backlog = waiting(counts, b"a long line", b"b")
    backlog.advance(2)

    assert backlog.whole(1000) == b"long line\n"


def test_what_finds_no_room_is_dropped_whole_and_counted(counts):
    backlog = waiting(counts, b"one", b"two", b"three", limit=9)

    assert backlog.piece(100) == b"one\ntwo\n"
    assert counts == {"sink_offered": 3, "sink_pending": 2, "sink_dropped full": 1}


def test_more_than_there_is_room_for_goes_through_while_it_is_taken(counts):
    backlog = Backlog(10, counts, full="full")
    got = []

    def flush():
        while backlog:
            got.append(bytes(backlog.piece(100)))
            backlog.advance(len(got[-1]))

    lost = backlog.fill(b"".join(b"%d\n" % number for number in range(100)), 100, flush)

    assert lost == 0
    assert b"".join(got) == b"".join(b"%d\n" % number for number in range(100))
    assert counts["sink_written"] == counts["sink_offered"] == 100
    assert counts["sink_written_bytes"] == 290


def test_a_message_larger_than_the_room_is_dropped(counts):
    backlog = waiting(counts, b"x" * 100, limit=50)

    assert len(backlog) == 0
    assert counts["sink_dropped full"] == 1


def test_all_can_be_given_up_also_what_was_begun(counts):
    backlog = waiting(counts, b"one", b"two")
    backlog.advance(1)

    assert backlog.drop("gone") == 2
    assert not backlog.begun
    assert counts["sink_pending"] == 0
    assert counts["sink_dropped gone"] == 2


def test_messages_can_be_passed_over(counts):
    backlog = waiting(counts, b"one", b"two")
    backlog.advance(4, dropped="refused")

    assert backlog.piece(100) == b"two\n"
    assert counts["sink_dropped refused"] == 1
    assert "sink_written" not in counts


def test_octet_counted_messages_are_a_count_and_as_many_bytes():
    assert counted("a\nlonger one\nü\n".encode()) == "1 a10 longer one2 ü".encode()


@pytest.mark.parametrize("end", range(30))
def test_both_shapes_are_cut_at_the_end_of_a_message(end):
    messages = [b"one", b"", b"7 digits", b"12"]
    for cut, data, ends in (
        (cut_lines, b"one\n\n7 digits\n12\n", [0, 4, 5, 14, 17]),
        (cut_counted, counted(b"one\n\n7 digits\n12\n"), [0, 5, 7, 17, 21]),
    ):
        whole = [at for at in ends if at <= end]

        assert cut(data, min(end, len(data))) == (whole[-1], len(whole) - 1), messages


def test_octet_counted_messages_wait_and_go_on_as_lines_do(counts):
    backlog = Backlog(1000, counts, full="full", cut=cut_counted)
    backlog.fill(counted(b"one\ntwo\nthree\n"), 3, lambda: None)
    backlog.advance(7)

    assert len(backlog) == 2
    assert backlog.piece(100) == b"two5 three"
    backlog.rewind()
    assert backlog.piece(100) == b"3 two5 three"
