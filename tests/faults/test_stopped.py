"""TERM: what the kernel had accepted is written before the end. A second TERM ends at once."""

import errno
import os
import signal
import socket
import time

import pytest
from flooding import flood
from observing import until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 32MiB
  - tcp: 127.0.0.1:0
  - unix: ./dgram
  - unix: ./stream
    type: stream
routes:
  - "*.*  ./all"
workers: {}
"""
MANY = 20_000


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_sent_before_the_signal_is_written(serve, workers):
    service = serve(CONFIG.format(workers))
    tcp = [b"<13>Jul 23 15:54:31 host tcp: %d\n" % number for number in range(MANY)]
    with service.connect() as one, service.connect() as other:
        one.sendall(b"".join(tcp[: MANY // 2]))
        other.sendall(b"".join(tcp[MANY // 2 :]))
        service.udp(*[b"<13>Jul 23 15:54:31 host udp: %d" % number for number in range(MANY)])
        service.signal(signal.SIGTERM)
        received, *_ = service.ends()

    assert received == 2 * MANY
    assert len(set(service.lines())) == 2 * MANY
    assert {line.removeprefix(b"<13>")[:-1] for line in tcp} <= set(service.lines())


def test_what_waits_unread_in_every_kind_of_socket_is_written(serve):
    service = serve(CONFIG.format(1))
    (worker,) = service.workers()
    os.kill(worker, signal.SIGSTOP)
    service.udp(b"<13>Jul 23 15:54:31 host app: udp")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dgram,
        socket.socket(socket.AF_UNIX) as stream,
        service.connect() as tcp,
    ):
        dgram.connect(str(service.folder / "dgram"))
        dgram.send(b"<13>Jul 23 15:54:31 app: dgram")
        stream.connect(str(service.folder / "stream"))
        stream.sendall(b"<13>Jul 23 15:54:31 app: half a line")
        tcp.sendall(b"<13>Jul 23 15:54:31 host app: tcp\n")
        service.signal(signal.SIGTERM)
        service.hears("SIGTERM: writing what was received")
        os.kill(worker, signal.SIGCONT)
        service.ends()

    here = socket.gethostname().encode()
    assert sorted(service.lines()) == sorted([
        b"Jul 23 15:54:31 host app: udp", b"Jul 23 15:54:31 host app: tcp",
        b"Jul 23 15:54:31 " + here + b" app: dgram", b"Jul 23 15:54:31 " + here + b" app: half a line [truncated]",
    ])  # fmt: skip


def test_a_sender_that_never_pauses_does_not_keep_it_from_ending(serve):
    service = serve(CONFIG.format(1))
    with flood(service), service.connect() as other:
        other.sendall(b"<13>Jul 23 15:54:31 other app: x\n")
        begun = time.monotonic()
        service.signal(signal.SIGTERM)
        service.ends()

    assert time.monotonic() - begun < 8
    assert b"Jul 23 15:54:31 other app: x" in service.lines()


def test_a_flood_of_datagrams_does_not_keep_it_from_ending(serve):
    service = serve(CONFIG.format(2))
    with flood(service, "udp"):
        begun = time.monotonic()
        service.signal(signal.SIGTERM)
        service.ends()

    assert time.monotonic() - begun < 8


def test_a_worker_that_has_ended_lets_nobody_connect_to_its_sockets_while_others_still_work(serve):
    service = serve(CONFIG.format(2))
    _, other = service.workers()
    os.kill(other, signal.SIGSTOP)
    service.signal(signal.SIGTERM)

    def refused():
        with socket.socket(socket.AF_UNIX) as sender:
            return sender.connect_ex(str(service.folder / "stream")) == errno.ECONNREFUSED

    until(refused)
    assert service.process.poll() is None
    os.kill(other, signal.SIGCONT)
    service.ends()


def test_a_second_signal_ends_at_once(serve):
    service = serve(CONFIG.format(1))
    (worker,) = service.workers()
    os.kill(worker, signal.SIGSTOP)
    service.signal(signal.SIGTERM)
    service.hears("SIGTERM: writing what was received, then ending. A second SIGTERM ends at once.")
    service.signal(signal.SIGTERM)

    service.ends(exit_code=1)
    assert "A second SIGTERM: ending at once." in service.said()


def test_the_own_log_ends_with_the_account(serve):
    service = serve(CONFIG.format(2))
    service.udp(b"<13>Jul 23 15:54:31 host app: one", b"")

    service.counts(2)
    assert service.stop() == (2, 1, 0, 1, 0)
    assert service.said().endswith(
        "info: Stopped: received 2 = rejected 1 + unrouted 0 + routed 1; dropped by the kernel 0.\n"
    )
