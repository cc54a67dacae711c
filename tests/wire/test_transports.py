import os
import socket
import stat

import pytest
from observing import until
from service_under_test import HAS_IPV6

from collector.sources.listen import peer_name

NETWORK = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
routes:
  - local0.debug  ./windows
  - "*.*  ./all"
  - select: "*.*"
    where: {facility: user}
    to: {file: "./{{ hostname }}", format: from}
templates: {from: "{{ peer }} {{ message }}"}
workers: 2
"""
IPV6 = '  - udp: "[::1]:0"\n  - tcp: "[::1]:0"\n'
FAMILIES = [
    pytest.param(socket.AF_INET, id="IPv4"),
    pytest.param(socket.AF_INET6, id="IPv6", marks=pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")),
]
UNIX = """
sources:
  - unix: ./log
    type: {type}
    mode: "0620"
routes:
  - "*.*  ./all"
  - select: "*.*"
    to: {{file: ./all.json, format: json}}
workers: 2
"""
CLASSIC = (
    "<135>Jul 23 15:54:31 atropos security[failure] 861 NT AUTHORITY\\SYSTEM 着信トラフィックを待ち受けている"
    "アプリケーションが Windows ファイアウォールに検知されました。 パス C:\\表\\ntsyslog.exe ①髙㈱"
)
PLAIN = CLASSIC.replace("①髙㈱", "ソ能十")  # EUC-JP and ISO-2022-JP proper have no vendor characters


@pytest.fixture(scope="module")
def service(serve_all):
    """Each test has a host name, and so a file, of its own."""
    return serve_all(NETWORK.replace("sources:\n", f"sources:\n{IPV6}" if HAS_IPV6 else "sources:\n"))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("message", "charset"),
    [(CLASSIC, "utf-8"), (CLASSIC, "cp932"), (PLAIN, "euc-jp"), (PLAIN, "iso-2022-jp")],
)
def test_a_windows_event_in_japanese_is_the_same_readable_line_in_every_charset(service, transport, message, charset):
    before = service.lines("windows"), service.count("charset_messages"), service.count("received_bytes")
    wire = message.encode(charset)
    getattr(service, transport)(wire if transport == "udp" else wire + b"\n")

    service.writes(*before[0], message.removeprefix("<135>").encode(), name="windows")
    service.counts(before[1] + (charset != "utf-8"), "charset_messages")
    service.counts(before[2] + len(wire) + (transport == "tcp"), "received_bytes")


@pytest.mark.parametrize("family", FAMILIES)
def test_udp_takes_a_message_per_datagram_and_keeps_its_sender_beside_its_host_name(service, family):
    name = f"udp{family:d}"
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.connect(service.address("udp", family))
        sender.send(f"<13>Jul 23 15:54:31 {name} one".encode())
        sender.send(f"<13>Jul 23 15:54:31 {name} two\n".encode())
        peer = peer_name(sender.getsockname()).encode()

    service.writes(peer + b" one", peer + b" two", name=name)


FRAMED = {
    "LF": "<13>Jul 23 15:54:31 {} one\n<13>Jul 23 15:54:31 {} two\n",
    "CRLF": "<13>Jul 23 15:54:31 {} one\r\n<13>Jul 23 15:54:31 {} two\r\n",
    "NUL": "<13>Jul 23 15:54:31 {} one\0<13>Jul 23 15:54:31 {} two\0",
    "counts": "{length} <13>Jul 23 15:54:31 {} one{length} <13>Jul 23 15:54:31 {} two",
    "counts-and-LF": "{length} <13>Jul 23 15:54:31 {} one\n{length} <13>Jul 23 15:54:31 {} two\n",
    "last-without-LF": "<13>Jul 23 15:54:31 {} one\n<13>Jul 23 15:54:31 {} two",
}


@pytest.mark.parametrize("framing", FRAMED)
@pytest.mark.parametrize("family", FAMILIES)
def test_tcp_takes_every_framing(service, framing, family):
    name = f"{framing}-{family:d}"
    stream = FRAMED[framing].replace("{length}", str(24 + len(name))).replace("{}", name).encode()
    before = service.count("received_bytes")
    with service.connect(family) as connection:
        connection.sendall(stream)
        peer = peer_name(connection.getsockname()).encode()

    service.writes(peer + b" one", peer + b" two", name=name)
    # At least: a worker shows its numbers after it has written, so those of an earlier test may come meanwhile.
    until(lambda: service.count("received_bytes") >= before + len(stream))
    assert service.count("framing_problems") == 0


def test_a_line_feed_inside_an_octet_counted_frame_is_content(service):
    before = service.lines("windows")
    service.tcp(b"33 <135>Jul 23 15:54:31 host one\ntwo31 <135>Jul 23 15:54:31 host three")

    service.writes(*before, b"Jul 23 15:54:31 host one#012two", b"Jul 23 15:54:31 host three", name="windows")


def test_a_frame_that_comes_byte_by_byte_is_one_message(service):
    before = service.lines("windows")
    with service.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"<135>Jul 23 15:54:31 host slow\n":
            read = service.count("received_bytes")
            connection.send(bytes((byte,)))
            until(lambda read=read: service.count("received_bytes") == read + 1)

        service.writes(*before, b"Jul 23 15:54:31 host slow", name="windows")


@pytest.mark.parametrize("kind", ["dgram", "stream"])
def test_a_unix_socket_fills_in_the_name_of_this_machine(serve, kind):
    service = serve(UNIX.format(type=kind))
    with socket.socket(socket.AF_UNIX, getattr(socket, f"SOCK_{kind.upper()}")) as sender:
        sender.connect(str(service.folder / "log"))
        sender.sendall(b"<13>Jul 23 15:54:31 su: one" + b"\n" * (kind == "stream"))

    service.writes(f"Jul 23 15:54:31 {socket.gethostname()} su: one".encode())
    assert stat.S_IMODE(os.stat(service.folder / "log").st_mode) == 0o620


@pytest.mark.parametrize("kind", ["dgram", "stream"])
def test_a_socket_file_that_was_left_behind_is_replaced(serve, tmp_path, kind):
    with socket.socket(socket.AF_UNIX, getattr(socket, f"SOCK_{kind.upper()}")) as left:
        left.bind(str(tmp_path / "log"))
    service = serve(UNIX.format(type=kind))
    with socket.socket(socket.AF_UNIX, getattr(socket, f"SOCK_{kind.upper()}")) as sender:
        sender.connect(str(service.folder / "log"))
        sender.sendall(b"<13>Jul 23 15:54:31 su: one\n")

    service.writes(f"Jul 23 15:54:31 {socket.gethostname()} su: one".encode())


def test_descriptors_sent_over_a_unix_socket_are_not_kept(serve):
    service = serve(UNIX.format(type="dgram"))
    before = [len(os.listdir(f"/proc/{pid}/fd")) for pid in service.workers()]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, open(os.devnull) as extra:
        sender.connect(str(service.folder / "log"))
        for _ in range(3):
            socket.send_fds(sender, [b"<13>Jul 23 15:54:31 su: one"], [extra.fileno()] * 4)
    service.counts(3)

    files = 2
    assert sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in service.workers()) == sum(before) + files
