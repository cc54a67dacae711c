import pytest
from unit.protocol.framing.feeding import as_list, feed, frames_of

from collector.protocol.framing import Truncated
from collector.protocol.framing.delimited import LineFramer, NulFramer


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"", []),
        (b"<13>one\n", [b"<13>one"]),
        (b"<13>one\n<14>two\n", [b"<13>one", b"<14>two"]),
        (b"<13>one\r\n<14>two\r\n", [b"<13>one", b"<14>two"]),
        (b"<13>one\n<14>two\r\n<15>three", [b"<13>one", b"<14>two", b"<15>three"]),
        (b"<13>one\r\r\n<14>two\n", [b"<13>one", b"<14>two"]),
        (b"<13>one\0\n<14>two\0\n", [b"<13>one", b"<14>two"]),
        (b"<13>one\n\0<14>two\n\0", [b"<13>one", b"<14>two"]),
        (b"<13>one\r\n\0<14>two", [b"<13>one", b"<14>two"]),
        (b"<13>one\rtwo\n", [b"<13>one\rtwo"]),
        (b"<13>one\0two\n", [b"<13>one\0two"]),
        (b"12 <13>one\n", [b"12 <13>one"]),
    ],
)
def test_lines_end_with_lf_and_what_senders_put_beside_it(stream, frames):
    assert feed(LineFramer, stream) == (frames, [])


def test_empty_lines_are_skipped_and_counted():
    framer = LineFramer()

    frames = frames_of(framer, [b"\n\r\n<13>one\n\n\n\n\r\n<13>two\n\0\n"])

    assert frames == [b"<13>one", b"<13>two"]
    assert framer.empty == 7


def test_regular_lines_are_handed_on_as_one_block():
    assert LineFramer().feed(b"<13>one\n<13>two\n<13>th") == b"<13>one\n<13>two\n"
    assert LineFramer().feed(b"<13>one\r\n\r\n<13>two\r\n") == b"<13>one\n<13>two\n"


def test_a_line_of_the_allowed_length_is_whole_with_either_ending():
    for ending in (b"\n", b"\r\n", b"\0\n"):
        assert feed(LineFramer, b"0123456789" + ending + b"next\n", 10) == ([b"0123456789", b"next"], [])


def test_a_longer_line_is_cut_and_the_next_one_is_whole():
    for size in (11, 12, 13, 25, 100):
        stream = b"<13>begin\n" + b"x" * size + b"\n<13>next\n"
        assert feed(LineFramer, stream, 10) == ([b"<13>begin", b"x" * 10, b"<13>next"], ["oversize"])


def test_a_cut_line_says_what_was_lost():
    framer = LineFramer(10)

    (frame,) = as_list(framer.feed(b"x" * 25 + b"\n"))

    assert isinstance(frame, Truncated)
    assert frame.lost == 15
    assert [(problem.reason, problem.lost, problem.fatal) for problem in framer.problems] == [("oversize", 15, False)]


def test_a_long_line_is_cut_between_utf8_characters():
    assert feed(LineFramer, "一二三四\n".encode(), 10) == (["一二三".encode()], ["oversize"])
    assert feed(LineFramer, "あいう四五\n".encode("cp932"), 5) == ([b"\x82\xa0\x82\xa2\x82"], ["oversize"])


def test_a_line_without_end_is_not_held():
    framer = LineFramer(100)

    for _ in range(1000):
        assert framer.feed(b"x" * 1000) == b""

    assert framer.pending == 101
    assert framer.lost == 1_000_000 - 101
    (frame,) = framer.finish()
    assert frame == b"x" * 100
    assert frame.lost == 1_000_000 - 100


def test_long_lines_are_found_in_a_large_read():
    lines = [b"a" * 60_000, b"b" * 65_536, b"c" * 65_537, b"d" * 10, b"e" * 200_000]

    frames = as_list(LineFramer().feed(b"\n".join(lines) + b"\n"))

    assert frames == [line[:65_536] for line in lines]
    assert [type(frame) is Truncated for frame in frames] == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"<13>one\0<14>two\0", [b"<13>one", b"<14>two"]),
        (b"<13>one\ntwo\0<14>three", [b"<13>one\ntwo", b"<14>three"]),
        (b"<13>one\r\n\0\r\n<14>two\0", [b"<13>one", b"<14>two"]),
        (b"\0\0<13>one\0", [b"<13>one"]),
    ],
)
def test_nul_ends_a_frame_in_which_lf_is_content(stream, frames):
    assert feed(NulFramer, stream) == (frames, [])
