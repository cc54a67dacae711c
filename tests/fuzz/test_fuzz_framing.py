"""
No bytes make a framer raise, and each byte fed is in a frame, a delimiter, counted as lost, or pending.

Streams are real forms, cut and joined, in reads of any size; the balance is drawn after each read (``frames_of``), the
memory is looked at as well. Seeds and counts are fixed.
"""

import pytest
from fuzzing import generator, rounds
from unit.protocol.framing.feeding import as_list

from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.delimited import LineFramer, NulFramer
from collector.protocol.framing.octet_counting import OctetCountingFramer

_SEEDS = [
    b"<13>Oct  5 07:08:09 kanri01 app: text\n", b"<13>Oct  5 07:08:09 kanri01 app: text\r\n",
    b"26 <34>1 - - - - - - - text 12", b"26 <34>1 - - - - - - - text\n", b"7 <13>one", b"0 <13>one\n",
    b"2000000010 <13>one\n", b"16777217 <13>x", b"16777216 x", b"<13>one\0<14>two\0", b"\n\0", b"\0\n", b"\r\r\n",
    b"\n\n\n", b"9" * 40, b"<" * 20, b"x" * 700, "起動しました\n".encode(), "起動".encode("cp932"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01", b"\x80\x2e\x01\x03\x01", b"GET / HTTP/1.1\r\n\r\n", b"1 open 0\n",
    b"1 open 85 relp_version=0\n", b"SSH-2.0-x\r\n", b" 7 <13>one", b"+7 <13>", b"000000 <1>", b"300 <13>",
]  # fmt: skip
_LIMITS = (1, 16, 100, 65536)


def _stream(rng):
    pieces = [rng.choice(_SEEDS) for _ in range(rng.randint(1, 12))]
    for at, piece in enumerate(pieces):
        match rng.randrange(6):
            case 0:
                pieces[at] = piece[: rng.randint(0, len(piece))]
            case 1:
                pieces[at] = rng.randbytes(rng.randint(0, 12))
            case 2:
                pieces[at] = piece * rng.randint(1, 30)
    return b"".join(pieces)


def _reads(rng, stream):
    size = rng.choice((1, 3, 20, 400, 1 << 20))
    while stream:
        count = rng.randint(1, size)
        yield stream[:count]
        stream = stream[count:]


@pytest.mark.parametrize("make", [AutoFramer, OctetCountingFramer, LineFramer, NulFramer])
@pytest.mark.parametrize("seed", range(4))
def test_no_bytes_make_a_framer_raise_and_none_is_missing(make, seed):
    rng = generator(seed)
    for _ in rounds(400):
        limit = rng.choice(_LIMITS)
        framer, fed, handed = make(limit), 0, 0
        for read in _reads(rng, _stream(rng)):
            frames = framer.feed(read)
            fed += len(read)
            handed += sum(map(len, frames)) if isinstance(frames, list) else len(frames)
            assert all(len(frame) <= limit for frame in as_list(frames))
            assert fed == handed + framer.delimiters + framer.lost + framer.pending
            assert framer.pending <= max(limit, 1024) + 64
        last = framer.finish()
        assert fed == handed + sum(map(len, last)) + framer.delimiters + framer.lost
        assert framer.pending == 0
