"""``kill -9``: what was written stays, what is in a socket of the supervisor arrives, and the rest is named unknown."""

import contextlib
import os
import signal
import socket
import threading

import pytest
from flooding import DATAGRAM, flood
from observing import processes_of_session, until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 16MiB
  - tcp: 127.0.0.1:0
routes:
  - "*.*  ./all"
workers: {}
"""
DATAGRAMS_PER_CALL = 1024


def kill_a_worker(service):
    pid = service.workers()[0]
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in service.workers() and service.is_whole())


def test_datagrams_sent_while_a_worker_is_killed_again_and_again_are_all_accounted_for(serve):
    service = serve(CONFIG.format(2))
    kills, sent, enough = 3, [0], threading.Event()

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(service.address("udp"))
            while not enough.is_set() and sent[0] < 400_000:
                sender.send(b"<13>Jul 23 15:54:31 host app: %d" % sent[0])
                sent[0] += 1

    sending = threading.Thread(target=send)
    sending.start()
    for _ in range(kills):
        kill_a_worker(service)
    enough.set()
    sending.join()

    until(lambda: service.count("receive_queue_bytes") == 0)
    unknown, dropped = service.count("unknown_messages"), service.count("kernel_drops")
    received, *_, unknown_at_end = service.stop()
    assert unknown_at_end == unknown <= kills * DATAGRAMS_PER_CALL
    # What a worker had taken from the kernel, but not yet counted, when it was killed.
    assert 0 <= sent[0] - dropped - received <= kills * DATAGRAMS_PER_CALL
    numbers = [int(line.rpartition(b" ")[2]) for line in service.lines()]
    assert len(numbers) == len(set(numbers))
    assert received - unknown <= len(numbers) <= received


def test_streams_go_on_when_a_worker_is_killed(serve):
    service = serve(CONFIG.format(1))
    with service.connect() as broken:
        broken.sendall(b"".join(b"<13>Jul 23 15:54:31 host app: %d\n" % number for number in range(1000)))
        service.counts(1000)
        before = service.lines()
        kill_a_worker(service)
        with contextlib.suppress(ConnectionResetError):
            assert broken.recv(1) == b""
    service.tcp(b"<13>Jul 23 15:54:31 host app: again\n")

    service.counts(1001)
    assert service.lines() == [*before, b"Jul 23 15:54:31 host app: again"]
    service.settles(0, "connections_open")
    assert service.count("unknown_messages") == 0
    service.hears(r"Worker 0 \(pid \d+\) was killed by SIGKILL\. It is started again")


def test_what_waits_in_the_sockets_of_a_stopped_worker_is_written_by_its_successor(serve):
    service = serve(CONFIG.format(1))
    (worker,) = service.workers()
    os.kill(worker, signal.SIGSTOP)
    service.udp(*[b"<13>Jul 23 15:54:31 host udp: %d" % number for number in range(500)])
    waiting = [service.connect() for _ in range(20)]
    for number, connection in enumerate(waiting):
        connection.sendall(b"<13>Jul 23 15:54:31 host tcp: %d\n" % number)
    os.kill(worker, signal.SIGKILL)

    service.counts(520)
    assert len(set(service.lines())) == 520
    for connection in waiting:
        connection.close()


def test_a_worker_killed_while_it_holds_back_lines_counts_them_as_lost_in_the_crash(serve, tmp_path):
    """A batch that could not be written, as its disk was full, lived only in the worker."""
    service = serve(CONFIG.format(1), prefix=("prlimit", "--fsize=4096"))
    with service.connect() as connection:
        connection.sendall(b"".join(b"<13>Jul 23 15:54:31 host app: %d\n" % number for number in range(1000)))
        pending = until(lambda: service.count("sink_pending"))
        kill_a_worker(service)

    assert service.count("sink_pending") == 0
    assert service.count("sink_dropped", reason="crash") == pending


def test_when_the_supervisor_is_killed_its_workers_write_what_they_have_and_a_new_service_can_start(serve, tmp_path):
    first = serve(CONFIG.format(2))
    with first.connect() as connection:
        connection.sendall(b"<13>Jul 23 15:54:31 host app: first\n<13>Jul 23 15:54:31 host app: half")
        first.counts(1)
        first.signal(signal.SIGKILL)
        first.process.wait()
        until(lambda: not processes_of_session(first.process.pid))
    first.stopped = True
    second = serve(CONFIG.format(2))
    second.udp(b"<13>Jul 23 15:54:31 host app: second")

    second.writes(*[b"Jul 23 15:54:31 host app: " + word for word in (b"first", b"half [truncated]", b"second")])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_that_reach_a_worker_itself_do_not_disturb_it(serve, number):
    service = serve(CONFIG.format(1))
    (worker,) = service.workers()
    os.kill(worker, number)
    service.udp(b"<13>Jul 23 15:54:31 host app: after")

    service.writes(b"Jul 23 15:54:31 host app: after")
    assert service.workers() == [worker]


def test_a_line_that_was_torn_by_the_end_of_its_writer_is_ended_before_the_next(serve, tmp_path):
    (tmp_path / "all").write_bytes(b"Jul 23 15:54:31 host app: whole\nJul 23 15:54:31 host app: to")
    service = serve(CONFIG.format(2))
    for _ in range(8):  # to both workers
        service.tcp(b"<13>Jul 23 15:54:31 host app: next\n")

    whole, torn, following = (b"Jul 23 15:54:31 host app: " + word for word in (b"whole", b"to", b"next"))
    service.writes(whole, torn, *[following] * 8)
    service.counts(1, "sink_errors", reason="found_torn_line")


def test_under_a_flood_over_tcp_a_killed_worker_leaves_whole_lines_and_an_account_that_adds_up(serve):
    service = serve(CONFIG.format(1))
    for _ in range(2):
        with flood(service):
            kill_a_worker(service)
    received, *_, unknown = service.stop()

    lines = service.lines()
    broken = [line for line in lines if line != DATAGRAM.removeprefix(b"<13>")]
    assert len(broken) <= 2
    assert received - unknown <= len(lines) - len(broken) <= received
    assert unknown < 40_000
