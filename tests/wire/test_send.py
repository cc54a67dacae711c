"""``collector send`` against real sockets on loopback."""

import argparse
import io
import os
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from collector.errors import CollectorError
from collector.service.send import add_arguments, run, send


@pytest.fixture
def datagrams():
    """A bound UDP socket and its address as a target."""
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        yield SimpleNamespace(socket=listener, target=f"udp://127.0.0.1:{listener.getsockname()[1]}")


@pytest.fixture
def stream():
    """A listening TCP socket, its address as a target, and a function that reads one connection to its end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def receive_all():
            connection, _ = listener.accept()
            with connection:
                return b"".join(iter(lambda: connection.recv(65536), b""))

        yield SimpleNamespace(receive_all=receive_all, target=f"tcp://127.0.0.1:{listener.getsockname()[1]}")


def command(*words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(words))


def test_every_message_is_a_datagram_of_its_own(datagrams):
    result = send(datagrams.target, [b"<13>one", b"<13>two\nlines", b""])
    assert [datagrams.socket.recv(100) for _ in range(3)] == [b"<13>one", b"<13>two\nlines", b""]
    assert (result.sent, result.bytes) == (3, 20)


@pytest.mark.parametrize(
    ("framing", "expected"),
    [("lf", b"<13>one\n<13>\xc3\xa9\n"), ("octet", b"7 <13>one6 <13>\xc3\xa9")],
)
def test_streams_are_framed_as_rfc_6587_says(stream, framing, expected):
    result = send(stream.target, [b"<13>one", "<13>é".encode()], framing=framing)
    assert stream.receive_all() == expected
    assert (result.sent, result.bytes) == (2, len(expected))


def test_unix_datagrams_and_streams_take_messages_too(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        log.settimeout(10)
        send(f"unix:{tmp_path}/log", [b"<13>datagram"])
        assert log.recv(100) == b"<13>datagram"
    with socket.socket(socket.AF_UNIX) as log:
        log.bind(str(tmp_path / "stream"))
        log.listen()
        send(f"unix-stream:{tmp_path}/stream", [b"<13>framed"])
        with log.accept()[0] as connection:
            assert connection.recv(100) == b"<13>framed\n"


def test_count_sends_everything_over_again_in_order(stream):
    assert send(stream.target, iter([b"a", b"b"]), count=3).sent == 6
    assert stream.receive_all() == b"a\nb\na\nb\na\nb\n"


def test_a_rate_is_kept(datagrams):
    result = send(datagrams.target, [b"x"] * 101, rate=500)
    assert result.sent == 101
    assert result.seconds >= 0.19  # the 101st is due after 100/500 s, with those of its hundredth of a second


def test_a_stream_held_back_by_its_receiver_loses_nothing(stream):
    messages = [b"%07d" % number for number in range(200_000)]
    received = []
    reader = threading.Thread(target=lambda: received.append(stream.receive_all()))
    reader.start()
    send(stream.target, messages)
    reader.join(30)
    assert received == [b"\n".join(messages) + b"\n"]


def test_words_become_one_message_with_header(datagrams):
    command(datagrams.target, "-p", "local0.debug", "--hostname", "atropos", "--tag", "demo", "hello", "world")
    message = datagrams.socket.recv(1000)
    assert message.startswith(b"<135>")
    assert b" atropos demo[" in message
    assert message.endswith(b"]: hello world")


def test_rfc5424_and_charset_options_are_followed(datagrams):
    command(datagrams.target, "--rfc5424", "--charset", "cp932", "--hostname", "h", "--tag", "", "着信")
    message = datagrams.socket.recv(1000)
    assert message.startswith(b"<13>1 20")
    assert message.endswith(b" h - " + str(os.getpid()).encode() + b" - - " + "着信".encode("cp932"))


def test_a_file_gives_one_message_per_line_and_raw_keeps_its_bytes(datagrams, tmp_path):
    (tmp_path / "messages").write_bytes(b"<34>raw \xff\r\n\n<35>no line feed at the end")
    assert command(datagrams.target, "--raw", "--file", str(tmp_path / "messages")).sent == 3
    expected = [b"<34>raw \xff\r", b"", b"<35>no line feed at the end"]
    assert [datagrams.socket.recv(1000) for _ in range(3)] == expected


def test_standard_input_is_sent_line_by_line(datagrams, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("監査\r\nplain\n".encode())))
    command(datagrams.target, "--file", "-", "--tag", "t")
    assert datagrams.socket.recv(1000).endswith(b"]: " + "監査".encode())
    assert datagrams.socket.recv(1000).endswith(b"]: plain")


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_nobody_listening_is_said_with_a_hint(scheme):
    with socket.socket(type=socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        if scheme == "udp":
            probe.close()  # a bound datagram socket would take the message; a stream socket that only is bound refuses
        with pytest.raises(CollectorError) as caught:
            send(f"{scheme}://127.0.0.1:{port}", [b"<13>hello"])
    assert str(caught.value) == f"{scheme}://127.0.0.1:{port}: Connection refused"
    assert caught.value.hint == "is a collector listening there?"


def test_a_missing_unix_socket_is_said_with_a_hint(tmp_path):
    with pytest.raises(CollectorError) as caught:
        send(f"unix:{tmp_path}/none", [b"<13>hello"])
    assert str(caught.value) == f"unix:{tmp_path}/none: No such file or directory"
    assert caught.value.hint == "is a collector listening there?"


def test_a_message_too_long_for_a_datagram_is_said_with_the_cure(datagrams):
    with pytest.raises(CollectorError) as caught:
        send(datagrams.target, [b"x" * 65508])
    assert str(caught.value) == f"{datagrams.target}: Message too long"
    assert caught.value.hint == "a datagram holds 65,507 bytes, a stream any number"


def test_a_receiver_that_goes_away_ends_the_sending():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            listener.accept()[0].close()

        closer = threading.Thread(target=hang_up)
        closer.start()
        deadline = time.monotonic() + 30

        def endless():
            while time.monotonic() < deadline:
                yield b"x" * 1000

        with pytest.raises(CollectorError, match="the receiver closed the connection"):
            send(f"tcp://127.0.0.1:{listener.getsockname()[1]}", endless())
        closer.join()
