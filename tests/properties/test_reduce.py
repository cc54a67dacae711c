"""Repeat reduction takes nothing away but time stamps: who reads "last message repeated" can write it all again."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collector.protocol.reduce import Run

STAMPS = [b"Jul 23 15:54:31", b"Jul  3 05:54:02", b"2026-07-23T15:54:31Z", b"2026-07-23T15:54:31.123456+09:00"]
RESTS = [b" gate su: x", b" gate su: y", b" gate su: a text longer than any header of a message can be", b" h xy",
         b" gate sshd[411]: Failed password", b" gate sshd[412]: Failed password"]  # fmt: skip
STAMPED = st.builds(lambda pri, stamp, rest: b"<%d>%b%b" % (pri, stamp, rest), st.sampled_from([13, 38]),
                    st.sampled_from(STAMPS), st.sampled_from(RESTS))  # fmt: skip
FRAME = STAMPED | st.sampled_from([b"<13>same", b"<13>other", b"hello", b"hallo"]) | st.binary(max_size=20)
STAMP = re.compile(b"|".join(re.escape(stamp) for stamp in STAMPS))
REPEATED = re.compile(rb"last message repeated ([0-9]+) times")


def timeless(frame):
    return STAMP.sub(b"", frame, count=1)


def expanded(frames):
    """Frames without their times, each as often as it is said to have come."""
    whole = []
    for frame in frames:
        told = REPEATED.search(frame)
        whole += [whole[-1]] * int(told[1]) if told else [timeless(frame)]
    return whole


def pieces(frames, cuts):
    edges = sorted({0, len(frames), *(cut % (len(frames) + 1) for cut in cuts)})
    return [frames[start:end] for start, end in pairwise(edges)]


@given(st.lists(FRAME, max_size=30), st.lists(st.integers(0, 30), max_size=4), st.lists(st.integers(0, 60), max_size=5))
def test_the_output_expands_to_the_input(frames, cuts, pauses):
    run, left, folded, own, now = Run(), [], 0, 0, 0.0
    for number, piece in enumerate(pieces(frames, cuts)):
        now += pauses[number] if number < len(pauses) else 0
        told = run.overdue(now)
        reduced = run.take(piece, now)
        left += [*told, *reduced.frames]
        folded, own = folded + reduced.folded, own + len(told) + reduced.own
    told = run.tell()
    left += told

    assert expanded(left) == [timeless(frame) for frame in frames]
    assert len(left) == len(frames) - folded + own + len(told)


@given(st.lists(STAMPED, max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_what_repeats_itself_is_folded_and_nothing_else(frames, cuts):
    run = Run()
    folded = sum(run.take(piece, 0.0).folded for piece in pieces(frames, cuts))

    assert folded == sum(timeless(one) == timeless(other) for one, other in pairwise(frames))


@given(st.lists(STAMPED, max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_blocks_and_lists_give_the_same(frames, cuts):
    block_run, list_run, blocks, lists = Run(), Run(), b"", []
    for piece in pieces(frames, cuts):
        as_block = block_run.take(b"".join(frame + b"\n" for frame in piece), 0.0)
        as_list = list_run.take(piece, 0.0)
        blocks, lists = blocks + as_block.frames, lists + as_list.frames
        assert as_block[1:] == as_list[1:]

    assert blocks.split(b"\n")[:-1] == lists
