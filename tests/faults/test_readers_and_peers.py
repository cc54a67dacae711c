"""Readers of pipes and peers of forwarding that die, come back, or stop reading: nothing of ours stops with them."""

import os
import signal
import socket
import subprocess
import sys

from flooding import flood
from observing import until
from receivers import TcpReceiver, receiver, rsyslog

__all__ = ["receiver", "rsyslog"]

SOURCES = """
sources:
  - tcp: 127.0.0.1:0
"""
MESSAGE = b"<134>Nov 22 15:00:00 gate app[7]: %06d"


def messages(first, last):
    return b"".join(MESSAGE % number + b"\n" for number in range(first, last))


def send(service, first, last):
    service.tcp(messages(first, last))


def numbers(lines):
    return [int(line.rpartition(b" ")[2]) for line in lines]


def test_a_reader_of_a_pipe_that_is_killed_and_one_that_stops_leave_the_files_alone(serve, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    service = serve(f"{SOURCES}\nroutes: ['*.* ./all', '*.* |./fifo']\nworkers: 2")
    program = [sys.executable, "-c", "import sys; f = open('fifo', 'rb')\nwhile f.read(4096): pass"]
    with flood(service):
        for end in (signal.SIGKILL, signal.SIGSTOP):
            with subprocess.Popen(program, cwd=tmp_path) as reader:
                before = service.count("sink_written", sink="|./fifo")
                until(lambda before=before: service.count("sink_written", sink="|./fifo") > before)
                os.kill(reader.pid, end)
                offered = service.count("sink_offered")
                until(lambda offered=offered: service.count("sink_offered") > offered + 100_000)
                reader.kill()
        until(lambda: service.count("sink_dropped", sink="|./fifo", reason="no_reader"))
    service.settles(0, "connections_open")

    assert service.count("sink_written", sink="./all") == service.count("received_messages")
    assert service.count("sink_dropped", sink="|./fifo", reason="full") > 0


def test_a_peer_that_dies_in_the_middle_gets_only_whole_messages_afterwards_and_none_twice(serve, receiver):
    service = serve(f"{SOURCES}\nroutes: ['*.* @@127.0.0.1:{receiver.port}']\nworkers: 1")
    with service.connect() as sender:
        sender.sendall(messages(0, 50_000))
        until(lambda: receiver.streams and receiver.streams[0])
        receiver.reset()
        sender.sendall(messages(50_000, 100_000))
    service.counts(100_000, "sink_written")

    until(lambda: receiver.lines() and numbers(receiver.lines())[-1] == 99_999)
    got = numbers(receiver.lines())
    assert len(receiver.streams) == 2
    assert all(line.startswith(b"<134>Nov 22 15:00:00 gate app[7]: ") and len(line) == 40 for line in receiver.lines())
    # In order, none twice; what had been handed to the kernel when a connection broke is missing.
    assert got == sorted(set(got))
    # What the peer's kernel had acknowledged and the peer had not read is gone too, and nobody is told how much.
    assert "the connection broke" in service.said() or len(got) == 100_000


def test_a_rsyslog_that_is_stopped_and_started_again_gets_what_waited(serve, rsyslog):
    rsyslog.start()
    service = serve(f"{SOURCES}\nroutes: ['*.* @@127.0.0.1:{rsyslog.port}']\nworkers: 1")
    send(service, 0, 1000)
    until(lambda: len(rsyslog.lines()) == 1000)
    rsyslog.stop()
    until(lambda: "it closed the connection" in service.said() or "broke" in service.said())
    send(service, 1000, 2000)
    service.counts(1000, "sink_pending")
    rsyslog.start()

    until(lambda: len(rsyslog.lines()) == 2000)
    assert sorted(numbers(rsyslog.lines())) == list(range(2000))
    service.hears("messages go out again")


def test_with_the_peer_away_memory_is_bounded_and_every_message_is_counted(serve):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    service = serve(f"""{SOURCES}
routes:
  - "*.*  ./all"
  - select: "*.*"
    to: {{forward: "tcp://127.0.0.1:{port}", queue: 64KiB}}
workers: 2
""")
    for first in range(0, 20_000, 5_000):
        send(service, first, first + 5_000)
    service.counts(20_000, "sink_offered", sink=f"@@127.0.0.1:{port}")
    waiting = service.count("sink_pending")
    assert 1000 < waiting <= 2 * 65536 // 41
    assert service.count("sink_dropped", reason="queue_full") == 20_000 - waiting
    assert service.count("sink_written", sink="./all") == 20_000
    back = TcpReceiver(port)
    try:
        until(lambda: len(back.lines()) == waiting)
    finally:
        back.close()
    assert service.count("sink_pending") == 0


def test_what_waited_in_a_worker_that_is_killed_is_counted_as_lost(serve):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    service = serve(f"{SOURCES}\nroutes: ['*.* @@127.0.0.1:{port}']\nworkers: 1")
    send(service, 0, 1000)
    service.counts(1000, "sink_pending")
    os.kill(service.workers()[0], signal.SIGKILL)

    until(lambda: service.count("sink_dropped", reason="crash") == 1000)
    assert service.count("sink_pending") == 0


def test_what_still_waits_when_the_service_is_stopped_is_told(serve):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    service = serve(f"{SOURCES}\nroutes: ['*.* @@127.0.0.1:{port}']\nworkers: 2")
    send(service, 0, 1000)
    service.counts(1000, "sink_pending")
    service.stop()

    service.hears(rf"Stopped: .*; dropped by the kernel 0, by @@127\.0\.0\.1:{port} 1,000\.\n")
