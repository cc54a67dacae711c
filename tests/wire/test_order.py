"""The lines of a connection, and of a UDP sender, stand in every file in the order in which they were sent."""

import socket
import threading

import pytest
from observing import until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 8MiB
  - tcp: 127.0.0.1:0
  - unix: ./log
    type: stream
routes:
  - "*.*  ./all"
  - select: "*.*"
    to: {file: "./{{ hostname }}.json", format: "json"}
workers: 2
"""
SENDERS, EACH = 12, 500


def message(sender, number):
    """Of several shapes, which take different ways through the parser and the framing."""
    shapes = (
        "<13>Jul 23 15:54:31 {} app: {}",
        "<13>1 2026-07-23T15:54:31.5Z {} app - - - {}",
        "<13>Jul 23 15:54:31 {} app: 着信 {}",
        "<13>{} {}",
        "<13>*Jul 23 15:54:31.123: %SYS-5-CONFIG_I: {} {}",
    )
    return shapes[number % 7 % 5].format(f"s{sender}", f"n{sender}/{number}")


def numbers(lines, sender):
    mark = f"n{sender}/".encode()
    return [int(line.rpartition(mark)[2].partition(b'"')[0]) for line in lines if mark in line]


def frame(text, number):
    data = text.encode("euc-jp" if number % 11 == 0 else "utf-8")
    if number % 13 == 0:
        data += b"\nsecond line"
    return b"%d %s" % (len(data), data)


@pytest.mark.parametrize("transport", ["lines", "counted", "unix"])
def test_every_connection_keeps_its_order(serve, transport):
    service = serve(CONFIG)
    connections = [service.connect() if transport != "unix" else unix(service) for _ in range(SENDERS)]
    for number in range(EACH):
        for sender, connection in enumerate(connections):
            text = message(sender, number)
            connection.sendall(frame(text, number) if transport == "counted" else f"{text}\n".encode())
    for connection in connections:
        connection.close()

    service.counts(SENDERS * EACH)
    lines = [line.partition(b"#012")[0] for line in service.lines()]
    assert [numbers(lines, sender) for sender in range(SENDERS)] == [list(range(EACH))] * SENDERS


def unix(service):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(service.folder / "log"))
    return connection


def test_every_udp_sender_keeps_its_order(serve):
    service = serve(CONFIG)
    senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SENDERS)]
    for sender in senders:
        sender.connect(service.address("udp"))
    for number in range(EACH):
        for who, sender in enumerate(senders):
            sender.send(message(who, number).encode("euc-jp" if number % 11 == 0 else "utf-8"))
    for sender in senders:
        sender.close()

    service.counts(SENDERS * EACH)
    lines = service.lines()
    assert [numbers(lines, sender) for sender in range(SENDERS)] == [list(range(EACH))] * SENDERS
    assert service.count("kernel_drops") == 0


def test_several_workers_never_mix_their_lines_in_a_file(serve):
    service = serve(CONFIG)
    text = b"".join(b"<13>Jul 23 15:54:31 s%%d app: %d %s\n" % (number, b"x" * 150) for number in range(20_000))
    threads = [threading.Thread(target=service.tcp, args=(text.replace(b"%d", b"%d" % who),)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    service.counts(160_000)
    until(lambda: service.count("sink_written", sink="./all") == 160_000)
    lines = service.lines()
    assert len(lines) == 160_000
    for who in range(8):
        own = [line for line in lines if line.startswith(b"Jul 23 15:54:31 s%d app: " % who)]
        assert own == [b"Jul 23 15:54:31 s%d app: %d %s" % (who, number, b"x" * 150) for number in range(20_000)]
