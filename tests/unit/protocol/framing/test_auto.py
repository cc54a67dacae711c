import time

import pytest
from unit.protocol.framing.feeding import feed

from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.foreign import recognise

_LONG = b"<13>" + b"x" * 2000


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"", []),
        (b"<13>one\n<14>two\n", [b"<13>one", b"<14>two"]),
        (b"<13>one\r\n12 <14>two\r\n", [b"<13>one", b"12 <14>two"]),
        (b"no priority\nnone here", [b"no priority", b"none here"]),
        (b"<", [b"<"]),
        (b"\n\n<13>one\n", [b"<13>one"]),
        (b"7 <13>one7 <14>two", [b"<13>one", b"<14>two"]),
        (b"11 <13>one\ntwo7 <14>two", [b"<13>one\ntwo", b"<14>two"]),
        (b"10 message 0\n10 message 1\n", [b"message 0", b"message 1"]),
        (b"9 message 0", [b"message 0"]),
        (b"861 NT AUTHORITY\\SYSTEM\n4 items\n", [b"861 NT AUTHORITY\\SYSTEM", b"4 items"]),
        (b"4 items\n5 left", [b"4 items", b"5 left"]),
        (b"100 <errors>\n<13>one\n", [b"100 <errors>", b"<13>one"]),
        (b"0\n1\n2\n", [b"0", b"1", b"2"]),
        (b"12", [b"12"]),
        (b"2026-01-02 03:04:05 text\n", [b"2026-01-02 03:04:05 text"]),
        (b"<13>one\0<14>two\0", [b"<13>one", b"<14>two"]),
        (b"<13>a\nb\0<14>two\0", [b"<13>a", b"b\0<14>two"]),
        (b"<13>one\0", [b"<13>one"]),
        (b"<13>one\0two\n<14>three\n", [b"<13>one\0two", b"<14>three"]),
        (b"<13>one\0\n<14>two\0\n", [b"<13>one", b"<14>two"]),
    ],
)
def test_the_first_bytes_tell_the_framing(stream, frames):
    assert feed(AutoFramer, stream) == (frames, [])


@pytest.mark.parametrize("count", [b"0", b"2000000010", b"214000000000", b"9" * 30])
def test_a_broken_count_at_the_beginning_is_named_and_its_text_survives(count):
    assert feed(AutoFramer, count + b" <13>one\n<14>two\n") == ([b"<13>one", b"<14>two"], ["bad_octet_count"])


def test_a_long_first_line_is_cut_as_any_other():
    assert feed(AutoFramer, _LONG + b"\n<13>one\n", 100) == ([_LONG[:100], b"<13>one"], ["oversize"])
    assert feed(AutoFramer, _LONG, 100) == ([_LONG[:100]], ["oversize"])


def test_a_slow_beginning_is_held_and_then_known():
    framer = AutoFramer()

    assert [framer.feed(bytes((byte,))) for byte in b"7 <13>on"] == [b""] * 8
    assert framer.pending == 8
    assert framer.feed(b"e") == b"<13>one\n"


def test_a_first_line_byte_by_byte_is_searched_once():
    framer = AutoFramer()
    line = b"<13>" + b"x<" * 30_000

    started = time.process_time()
    frames = [framer.feed(bytes((byte,))) for byte in line + b"\n"][-1]

    assert frames == line + b"\n"
    assert time.process_time() - started < 3  # 0.2 s; searched from its beginning each time it is 11 s


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and a lot of random bytes"),
        ("tls", b"\x16\x03\x03\x0a\x0a\x01\x0a"),
        ("tls", b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"),
        ("tls", b"\x80\x2e\x01\x00\x02\x00\x15"),
        ("http", b"GET /metrics HTTP/1.1\r\nHost: collector\r\n\r\n"),
        ("http", b"POST /v1/logs?x=1 HTTP/1.0\r\n\r\n"),
        ("http", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("relp", b"1 open 85 relp_version=0\nrelp_software=librelp,1.10.0\ncommands=syslog\n"),
        ("relp", b"1 open 0\n"),
        ("ssh", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
)
def test_another_protocol_is_named_and_fatal(name, stream):
    framer = AutoFramer()

    assert recognise(stream) == name
    assert feed(AutoFramer, stream) == ([], [f"foreign_{name}"])
    assert not framer.feed(stream)
    assert [(problem.fatal, problem.lost) for problem in framer.problems] == [(True, len(stream))]


@pytest.mark.parametrize(
    "stream",
    [
        b"GET nothing\n",
        b"GETTING started HTTP/1.1\n",
        b"1 open file left\n",
        b"\x16\x02 synchronous idle\n",
        "束の間の断線".encode("euc_jp") + b"\n",
        "着信\n".encode("cp932"),
        b"\x80\n\x01",
    ],
)
def test_a_line_that_only_looks_so_is_a_line(stream):
    assert recognise(stream) is None
    _, reasons = feed(AutoFramer, stream)
    assert reasons == []
