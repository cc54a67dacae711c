"""However a stream is cut into reads, its frames are the same, and each byte is accounted for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from unit.protocol.framing.feeding import frames_of, outcome

from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.delimited import LineFramer, NulFramer
from collector.protocol.framing.octet_counting import OctetCountingFramer

_PIECES = [
    b"\n", b"\r\n", b"\r", b"\0", b" ", b"<", b"1", b"<13>one", b"7 <13>one", b"5 ", b"0 ", b"30 <34>", b"99999999 ",
    b"00007 <13>one", b"\xe3\x81\x82", b"a" * 30, b"2000000010 <13>z", b"\x16\x03\x01\x00\x05\x01",
    b"\x80.\x01\x03\x01", b"1 open 85 relp_version=0\n", b"GET / HTTP/1.1\r\n", b"10 message 0\n",
]  # fmt: skip
_STREAMS = st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=4)), max_size=10).map(b"".join)
_CUTS = st.lists(st.integers(0, 200), max_size=6)
_FRAMERS = st.sampled_from([AutoFramer, OctetCountingFramer, LineFramer, NulFramer])
_LIMITS = st.sampled_from([8, 20, 65536])
_MESSAGES = st.lists(st.binary(min_size=1, max_size=300), max_size=10)


def _pieces(stream, cuts):
    places = sorted({0, *(min(cut, len(stream)) for cut in cuts), len(stream)})
    return [stream[start:end] for start, end in pairwise(places)]


@given(_STREAMS, _CUTS, _FRAMERS, _LIMITS)
def test_the_cuts_between_reads_change_nothing(stream, cuts, make, limit):
    whole = outcome(make(limit), [stream])

    assert outcome(make(limit), _pieces(stream, cuts)) == whole
    assert outcome(make(limit), [bytes((byte,)) for byte in stream]) == whole


@given(_MESSAGES, _CUTS)
def test_counted_messages_come_out_as_they_went_in_but_for_line_ends(messages, cuts):
    stream = b"".join(b"%d %b" % (len(message), message) for message in messages)
    expected = [trimmed for message in messages if (trimmed := message.rstrip(b"\r\n\0"))]

    assert frames_of(OctetCountingFramer(), _pieces(stream, cuts)) == expected


@given(_MESSAGES, _CUTS)
def test_lines_come_out_as_they_went_in(messages, cuts):
    lines = [line for message in messages if (line := message.replace(b"\n", b"").strip(b"\r\0"))]

    assert frames_of(LineFramer(), _pieces(b"".join(line + b"\n" for line in lines), cuts)) == lines


@given(st.integers(1, 400), st.integers(8, 64), _CUTS)
def test_a_frame_above_the_limit_keeps_its_beginning_and_says_the_rest(size, limit, cuts):
    for make, stream in ((LineFramer, b"x" * size + b"\n"), (OctetCountingFramer, b"%d " % size + b"x" * size)):
        (frame,) = frames_of(make(limit), _pieces(stream, cuts))
        assert frame == b"x" * min(size, limit)
        assert getattr(frame, "lost", 0) == max(size - limit, 0)
