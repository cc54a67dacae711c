import pytest
from unit.protocol.framing.feeding import as_list, feed

from collector.protocol.framing import Truncated
from collector.protocol.framing.octet_counting import LARGEST_COUNT, OctetCountingFramer


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"", []),
        (b"7 <13>one7 <14>two", [b"<13>one", b"<14>two"]),
        (b"007 <13>one7 <14>two", [b"<13>one", b"<14>two"]),
        (b"8 <13>one\n9 <14>two\r\n", [b"<13>one", b"<14>two"]),
        (b"7 <13>one\n7 <14>two\r\n7 <15>six\0", [b"<13>one", b"<14>two", b"<15>six"]),
        (b"11 <13>one\ntwo7 <14>six", [b"<13>one\ntwo", b"<14>six"]),
        (b"8 <13>1\x0023", [b"<13>1\x0023"]),
        (b"12 12 <13>hello7 <14>two", [b"12 <13>hello", b"<14>two"]),
    ],
)
def test_a_frame_is_as_long_as_it_says(stream, frames):
    assert feed(OctetCountingFramer, stream) == (frames, [])


def test_regular_frames_are_handed_on_as_one_block():
    assert OctetCountingFramer().feed(b"7 <13>one7 <14>two7 <1") == b"<13>one\n<14>two\n"
    assert OctetCountingFramer().feed(b"8 <13>one\n8 <14>two\n") == b"<13>one\n<14>two\n"


def test_a_frame_with_lf_inside_is_handed_on_in_a_list():
    assert OctetCountingFramer().feed(b"11 <13>one\ntwo") == [b"<13>one\ntwo"]


def test_a_frame_of_nothing_but_line_ends_is_counted_as_empty():
    framer = OctetCountingFramer()

    assert framer.feed(b"2 \r\n7 <13>one") == b"<13>one\n"
    assert framer.empty == 1


def test_a_frame_above_the_limit_is_cut_and_skipped_in_step():
    stream = b"28 <13>cdefghijklmnopqrstuvwxyz7 <14>two"

    assert feed(OctetCountingFramer, stream, 16) == ([b"<13>cdefghijklmn", b"<14>two"], ["oversize"])


def test_a_cut_frame_says_what_was_lost():
    framer = OctetCountingFramer(16)

    frame, _ = as_list(framer.feed(b"28 <13>cdefghijklmnopqrstuvwxyz7 <14>two"))

    assert isinstance(frame, Truncated)
    assert frame.lost == 12


def test_an_oversize_frame_is_not_held():
    framer = OctetCountingFramer(100)

    framer.feed(b"1000000 ")
    for _ in range(999):
        assert framer.feed(b"x" * 1000) == b""

    assert framer.pending == 100
    (frame,) = as_list(framer.feed(b"x" * 1000))
    assert frame.lost == 1_000_000 - 100


@pytest.mark.parametrize(
    "count", [b"0", b"00", b"2000000010", b"214000000000", b"9" * 30, str(LARGEST_COUNT + 1).encode()]
)
def test_an_impossible_count_is_named_and_its_text_survives(count):
    stream = count + b" <13>one\n7 <14>two"

    assert feed(OctetCountingFramer, stream) == ([b"<13>one", b"<14>two"], ["bad_octet_count"])


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"7 <13>onejunk\n7 <14>two", [b"<13>one", b"junk", b"<14>two"]),
        (b"7 <13>onejunk7 <14>two", [b"<13>one", b"junk", b"<14>two"]),
        (b"7 <13>onejunk", [b"<13>one", b"junk"]),
        (b"16<1>1 - - -\n7 <14>two", [b"16<1>1 - - -", b"<14>two"]),
        (b"-7 <13>one", [b"-", b"<13>one"]),
        (b"+7 <13>one", [b"+", b"<13>one"]),
        (b"1_0 <13>one\n7 <14>two", [b"1_0 <13>one", b"<14>two"]),
        (b"7 <13>one5 <13>six\n7 <14>two", [b"<13>one", b"<13>s", b"ix", b"<14>two"]),
        (b" 7 <13>one", [b" ", b"<13>one"]),
    ],
)
def test_a_stream_out_of_step_is_named_once_and_finds_back(stream, frames):
    assert feed(OctetCountingFramer, stream) == (frames, ["bad_octet_count"])


def test_lines_without_counts_are_frames_named_once():
    stream = b"7 <13>one<14>two\n<15>three\n\n<16>four\n7 <17>six"
    frames = [b"<13>one", b"<14>two", b"<15>three", b"<16>four", b"<17>six"]

    assert feed(OctetCountingFramer, stream) == (frames, ["bad_octet_count"])


def test_stray_text_above_the_limit_is_cut_up_to_the_next_count():
    for size in (17, 30, 33, 34, 35, 80):
        stream = b"7 <13>one" + b"x" * size + b" 7 <14>two"
        assert feed(OctetCountingFramer, stream, 16) == (
            [b"<13>one", b"x" * 16, b"<14>two"],
            ["bad_octet_count", "oversize"],
        )


def test_half_a_frame_at_the_end_is_delivered_and_named():
    assert feed(OctetCountingFramer, b"7 <13>one30 <14>tw") == ([b"<13>one", b"<14>tw"], ["unfinished"])


def test_half_a_count_at_the_end_is_lost_and_named():
    assert feed(OctetCountingFramer, b"7 <13>one30") == ([b"<13>one"], ["unfinished"])


def test_half_an_oversize_frame_at_the_end_is_delivered():
    assert feed(OctetCountingFramer, b"300 " + b"x" * 40, 16) == ([b"x" * 16], ["oversize"])
