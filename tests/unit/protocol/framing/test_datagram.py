import pytest

from collector.protocol.framing import Truncated
from collector.protocol.framing.datagram import trim


@pytest.mark.parametrize(
    ("datagram", "frame"),
    [
        (b"<13>one", b"<13>one"),
        (b"<13>one\n", b"<13>one"),
        (b"<13>one\r\n", b"<13>one"),
        (b"<13>one\n\0", b"<13>one"),
        (b"<13>one\0\0\0", b"<13>one"),
        (b"<13>one\ntwo\n", b"<13>one\ntwo"),
        (b"<13>one \t", b"<13>one \t"),
        (b"\n", b""),
        (b"", b""),
        ("\ufeff<13>A\r\n\0".encode("utf-16-le"), "\ufeff<13>A".encode("utf-16-le")),
        ("\ufeff<13>A\r\n\0".encode("utf-16-be"), "\ufeff<13>A".encode("utf-16-be")),
    ],
)
def test_line_ends_and_nul_behind_a_datagram_go(datagram, frame):
    assert trim(datagram) == frame


def test_a_cut_datagram_has_no_end_to_trim():
    cut = Truncated(b"<13>one\n", 7)

    assert trim(cut) is cut
