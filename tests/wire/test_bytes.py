"""Every byte received is in a file, was a delimiter, or is counted as lost."""

import random
import re
import socket

import pytest

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 8MiB
  - tcp: 127.0.0.1:0
  - unix: ./log
routes:
  - select: "*.*"
    to: {file: ./raw, format: raw}
max_message: 1000
workers: 1
"""
CUT = re.compile(rb"(?s)(.*) \[truncated, ([0-9]+) bytes lost\]")
LETTERS = bytes(range(0x20, 0x7F)).replace(b"#", b"").replace(b"^", b"")


@pytest.fixture
def messages():
    """Of all lengths around the limit of 1000 bytes; the first says how the stream is framed."""
    rng = random.Random(5424)
    lengths = [5, 999, 1000, 1001, 1002, 4000, *(rng.randint(1, rng.choice((999, 9000))) for _ in range(300))]
    return [b"<13>x", *(bytes(rng.choices(LETTERS, k=length)).strip() or b"x" for length in lengths)]


def kept_and_lost(service):
    """Bytes in the file, as they came, and bytes that the cut lines say were lost."""
    kept = lost = 0
    for line in service.lines("raw"):
        cut = CUT.fullmatch(line)
        kept += len(cut[1]) if cut else len(line)
        lost += int(cut[2]) if cut else 0
    return kept, lost


def agree(service, messages, delimiters, *, lost_with_each=0):
    """``lost_with_each``: what of a delimiter was skipped with the end of a long message."""
    total = sum(map(len, messages))
    service.counts(len(messages))
    service.counts(total + delimiters, "received_bytes")
    kept, lost = kept_and_lost(service)
    long = [message for message in messages if len(message) > 1000]
    skipped = sum(len(message) - 1000 for message in long)
    assert (kept, lost) == (total - skipped, skipped + lost_with_each * len(long))
    assert service.count("lost_bytes", reason="oversize") == lost
    assert service.count("framing_problems", reason="oversize") == len(long)
    assert service.count("marked_messages", mark="truncated") == len(long)
    service.hears("a message longer than max_message was cut; it began")


def test_over_udp(serve, messages):
    service = serve(CONFIG)
    service.udp(*messages)

    agree(service, messages, 0)


def test_over_a_unix_datagram_socket(serve, messages):
    service = serve(CONFIG)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(service.folder / "log"))
        for message in messages:
            sender.send(message)

    agree(service, messages, 0)


@pytest.mark.parametrize("delimiter", [b"\n", b"\r\n", b"\0"], ids=["LF", "CRLF", "NUL"])
def test_over_tcp_with_delimiters(serve, messages, delimiter):
    service = serve(CONFIG)
    if delimiter == b"\0":
        messages = [b"<13>" + message[:996] if len(message) <= 1000 else b"<13>" + message for message in messages]
    service.tcp(b"".join(message + delimiter for message in messages))

    agree(service, messages, len(delimiter) * len(messages), lost_with_each=len(delimiter) - 1)


def test_over_tcp_with_octet_counts(serve, messages):
    service = serve(CONFIG)
    frames = [b"%d %s" % (len(message), message) for message in messages]
    service.tcp(b"".join(frames))

    agree(service, messages, sum(map(len, frames)) - sum(map(len, messages)))
