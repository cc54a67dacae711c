import pytest

from collector.protocol.framing import Truncated
from collector.protocol.reduce import INTERVALS, Run

ONE = b"<38>Jul 23 15:54:31 gate sshd[411]: no such user"
SAME = b"<38>Jul 23 15:54:40 gate sshd[411]: no such user"
OTHER = b"<38>Jul 23 15:54:41 gate sshd[411]: good bye"


def summary(frame, times=3):
    """What is told of a message that came so many times more."""
    run = Run()
    assert run.take([frame] * (times + 1), 0.0).frames == [frame]
    return run.tell()


def test_the_first_is_kept_the_others_are_told_before_the_next():
    run = Run()
    reduced = run.take([ONE, ONE, SAME, SAME, OTHER], 0.0)

    assert reduced.frames == [ONE, b"<38>Jul 23 15:54:40 gate sshd[411]: last message repeated 3 times", OTHER]
    assert (reduced.folded, reduced.own) == (3, 1)
    assert not run.waiting


def test_one_repetition_is_written_as_it_came():
    assert Run().take([ONE, SAME, OTHER], 0.0) == ([ONE, SAME, OTHER], 1, 1)


@pytest.mark.parametrize("as_block", [True, False])
def test_a_run_goes_on_over_reads(as_block):
    run, left = Run(), []
    for frames in ([OTHER, ONE], [SAME], [SAME, SAME], [OTHER]):
        given = b"".join(frame + b"\n" for frame in frames) if as_block else frames
        reduced = run.take(given, 0.0)
        left += reduced.frames.split(b"\n")[:-1] if as_block else reduced.frames

    assert left == [OTHER, ONE, b"<38>Jul 23 15:54:40 gate sshd[411]: last message repeated 3 times", OTHER]


def test_a_block_without_repetitions_stays_what_it_is():
    block = b"\n".join([ONE, OTHER, ONE, OTHER]) + b"\n"

    assert Run().take(block, 0.0).frames is block


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b"<13>Jul  3 15:54:31 gate plain text", b"<13>Jul  3 15:54:31 gate last message repeated 3 times"),
        (b"<13>Jul  3 15:54:31 su: text", b"<13>Jul  3 15:54:31 su: last message repeated 3 times"),
        (b"<13>Jul  3 15:54:31 fe80::1 su: x", b"<13>Jul  3 15:54:31 fe80::1 su: last message repeated 3 times"),
        (b"<13>Jul  3 15:54:31.123 gate su: text", b"<13>Jul  3 15:54:31.123 gate su: last message repeated 3 times"),
        (b"Jul  3 15:54:31 gate su: no PRI", b"Jul  3 15:54:31 gate su: last message repeated 3 times"),
        (b"<13>su[7]: no stamp", b"<13>su[7]: last message repeated 3 times"),
        (b"<13>text alone", b"<13>last message repeated 3 times"),
        (b"text alone", b"last message repeated 3 times"),
        (
            b"<13>2026-07-23T15:54:31+09:00 gate su: forwarded",
            b"<13>2026-07-23T15:54:31+09:00 gate su: last message repeated 3 times",
        ),
        (
            b'<13>1 2026-07-23T15:54:31.5Z gate su 7 ID1 [a b="c"] text',
            b"<13>1 2026-07-23T15:54:31.5Z gate su 7 ID1 - last message repeated 3 times",
        ),
        (b"<13>1 - gate su 7 - - no time", b"<13>last message repeated 3 times"),
        (b"<134>1 1770106150.123456 MX84 flows allow", b"<134>1 1770106150.123456 MX84 last message repeated 3 times"),
        (b"<13>Jul  3 15:54:31 gate app: \x83\x5c\xff", b"<13>Jul  3 15:54:31 gate app: last message repeated 3 times"),
    ],
)  # fmt: skip
def test_the_line_has_the_header_of_the_message(frame, told):
    assert summary(frame) == [told]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"<13>Jul 23 15:54:31 gate su: x", b"<13>Jul 23 15:54:31 gate su: y"),
        (b"<13>Jul 23 15:54:31 gate su: x", b"<14>Jul 23 15:54:31 gate su: x"),
        (b"<13>Jul 23 15:54:31 gate su: x", b"<13>Jul 23 15:54:31 wall su: x"),
        (b"<13>Jul 23 15:54:31 gate su[1]: the same long text", b"<13>Jul 23 15:54:31 gate su[2]: the same long text"),
        (b"<13>Jul 23 15:54:31 gate su: x", b"Jul 23 15:54:31 gate su: x"),
        (b'<13>1 2026-07-23T15:54:31Z h a - - [q s="1"] x', b'<13>1 2026-07-23T15:54:31Z h a - - [q s="2"] x'),
    ],
)  # fmt: skip
def test_what_differs_in_more_than_its_time_is_kept(one, other):
    assert Run().take([one, other, one, other], 0.0) == ([one, other, one, other], 0, 0)


def test_stamps_of_any_form_and_length_make_no_difference():
    run = Run()
    forms = [b"15:54:31Z", b"15:54:31.5Z", b"15:54:31.123456+09:00", b"15:54:32-0300"]
    frames = [b"<13>1 2026-07-23T" + form + b" gate su - - - a text that is longer than its header" for form in forms]

    assert run.take(frames, 0.0).folded == 3
    assert run.tell() == [b"<13>1 2026-07-23T15:54:32-0300 gate su - - - last message repeated 3 times"]


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"<13>", b"<13>Jul 23 15:54:31", b"<13>Jul 23 15:54:31 \n", b"<13>x" + b"y" * 2048,
        Truncated(b"<13>Jul 23 15:54:31 gate su: x", 10), b"<13>Jul 23 15:54:31 h last message repeated 3 times",
        b"\xff\xfe<\x001\x003\x00>\x00a\x00", b"\xfe\xff\x00<\x001\x003\x00>\x00a",
    ],
)  # fmt: skip
def test_some_frames_are_never_folded(frame):
    assert Run().take([frame] * 3, 0.0) == ([frame] * 3, 0, 0)


def test_a_cut_message_is_not_taken_for_the_whole_one_before_it():
    cut = Truncated(ONE, 10)
    reduced = Run().take([ONE, ONE, cut, ONE], 0.0)

    assert [type(frame) for frame in reduced.frames] == [bytes, bytes, Truncated, bytes]
    assert reduced.folded == 1


def test_a_run_that_goes_on_is_told_more_and_more_rarely():
    run = Run()
    run.take([ONE], 0.0)
    told, now = [], 0.0
    while now < 1500:
        now += 1
        run.take([ONE], now)
        told += [(now, line.split()[-2]) for line in run.overdue(now)]

    assert [moment for moment, _ in told] == [31, 32 + INTERVALS[1], 153 + INTERVALS[2], 754 + INTERVALS[2]]
    assert [int(count) for _, count in told] == [31, 121, 601, 601]


def test_after_the_line_the_run_goes_on():
    run = Run()
    run.take([ONE, ONE, ONE], 0.0)
    first = run.overdue(INTERVALS[0])
    again = run.take([ONE, ONE], INTERVALS[0])

    assert [len(first), again.frames, run.waiting] == [1, [], True]
    assert run.overdue(INTERVALS[0] + 1) == []


def test_nothing_folded_is_nothing_to_tell():
    run = Run()
    assert [run.tell(), run.overdue(1e9)] == [[], []]
    run.take([ONE], 0.0)
    assert [run.tell(), run.overdue(1e9)] == [[], []]
