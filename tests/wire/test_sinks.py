"""Messages that go elsewhere than into files: a real pipe, terminal, TCP and UDP peers, and a real rsyslogd."""

import os
import signal
import socket
import threading

import pytest
from observing import DEADLINE, until
from pseudo_terminal import Terminal
from receivers import TcpReceiver, receiver, rsyslog
from service_under_test import NOBODY

__all__ = ["receiver", "rsyslog"]

SOURCES = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
"""
MESSAGE = b"<134>Nov 22 15:00:00 gate app[7]: %d"


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


class PipeReader:
    """A program that reads a named pipe from beginning to end."""

    def __init__(self, path):
        self.got = b""
        self._thread = threading.Thread(target=self._read, args=(path,), daemon=True)  # opening it can wait for ever
        self._thread.start()

    def _read(self, path):
        with open(path, "rb", buffering=0) as pipe:
            while data := pipe.read(65536):
                self.got += data

    def end(self):
        """When the last writer has gone."""
        self._thread.join(DEADLINE)
        return self.got.split(b"\n")[:-1]


def test_a_pipe_has_every_line_of_every_worker_whole(serve, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    reader = PipeReader(tmp_path / "fifo")
    route = "{select: '*.*', to: {pipe: ./fifo, queue: 32MiB}}"
    service = serve(f"{SOURCES}\nroutes: [{route}]\nworkers: 2")
    sizes = (10, 200, 5000, 40000)
    for connection in range(6):
        lines = [b"<134>Nov 22 15:00:00 c%d app: %s" % (connection, b"x" * size) for size in sizes * 20]
        service.tcp(b"".join(line + b"\n" for line in lines))
    service.counts(480, "sink_written", sink="|./fifo")
    service.stop()

    lines = reader.end()
    assert len(lines) == 480
    for connection in range(6):
        own = [line for line in lines if line.startswith(b"Nov 22 15:00:00 c%d app: " % connection)]
        assert [len(line) - 24 for line in own] == list(sizes) * 20
        assert {bytes(sorted(set(line[24:]))) for line in own} == {b"x"}


def test_a_terminal_shows_the_line_without_anything_that_steers_it(serve, terminal):
    service = serve(f"{SOURCES}\nroutes: ['*.crit {terminal.path}', '*.* ./all']")
    service.udp(b"<10>Nov 22 15:00:00 gate app: \x1b[31mred\x07", b"<14>Nov 22 15:00:00 gate app: not this")
    service.counts(2, "sink_written", sink="./all")

    assert terminal.seen() == b"Nov 22 15:00:00 gate app: #033[31mred#007\r\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a terminal to a user who is not there")
def test_a_user_who_is_logged_in_sees_the_message(serve, terminal):
    """Found by the owner of the terminal, or, where this machine has utmp, nobody is there."""
    os.chown(terminal.path, NOBODY, -1)
    os.chmod(terminal.path, 0o620)
    service = serve(f"{SOURCES}\nroutes: ['*.crit nobody', '*.* ./all']\nworkers: 1")
    service.udp(b"<10>Nov 22 15:00:00 gate app: look")
    service.counts(1, "sink_written", sink="./all")
    there = not os.path.exists("/run/utmp")

    assert terminal.seen() == b"Nov 22 15:00:00 gate app: look\r\n" * there
    assert service.count("sink_written", sink="users nobody") == there


def test_rsyslog_understands_what_it_is_sent_over_udp_and_tcp(serve, rsyslog):
    rsyslog.start()
    service = serve(f"{SOURCES}\nroutes: ['*.* @@127.0.0.1:{rsyslog.port}', 'mail.* @127.0.0.1:{rsyslog.port}']")
    service.udp(
        b"<134>Nov 22 15:00:00 gate app[7]: one",
        '<135>1 2026-11-22T15:00:01.25Z dc01 nginx 811 - [a b="c"] two ü'.encode(),
        b"no header",
    )
    until(lambda: len(rsyslog.lines()) == 3)
    service.udp(b"<22>Nov 22 15:00:03 gate postfix/smtp[9]: to=<x>")
    until(lambda: len(rsyslog.lines()) == 5)
    lines = sorted(rsyslog.lines(), key=lambda line: line[:19])

    assert b"134|Nov 22 15:00:00|gate|app[7]:| one" in lines
    assert "135|Nov 22 15:00:01|dc01|nginx[811]:| two ü".encode() in lines
    assert lines.count(b"22|Nov 22 15:00:03|gate|postfix/smtp[9]:| to=<x>") == 2
    assert any(line.startswith(b"13|") and b"|127.0.0.1|" in line for line in lines)


def test_a_peer_gets_the_format_and_framing_that_are_asked_for(serve):
    wanted = {
        "framing: octet_counting": b"37 <134>Nov 22 15:00:00 gate app[7]: one",
        "format: rfc5424": b"<134>1 2026-11-22T15:00:00+00:00 gate app 7 - - one\n",
        "format: raw": b"<134>Nov 22 15:00:00 gate app[7]: one\n",
        "format: short": b"<134>gate says one\n",
        "format: own": b"<134>1 gate says one\n",
    }
    receivers = [TcpReceiver() for _ in wanted]
    try:
        peers = [
            f'{{forward: "tcp://127.0.0.1:{receiver.port}", {options}}}'
            for receiver, options in zip(receivers, wanted, strict=True)
        ]
        service = serve(f"""{SOURCES}
routes: [{{select: "*.*", to: [{", ".join(peers)}]}}]
templates:
  short: "{{{{ hostname }}}} says {{{{ message }}}}"
  own: "<{{{{ pri }}}}>1 {{{{ hostname }}}} says {{{{ message }}}}"
timezone: UTC
workers: 1
""")
        service.udp(b"<134>Nov 22 15:00:00 gate app[7]: one")
        service.counts(5, "sink_written")
        until(lambda: all(receiver.streams and receiver.streams[0] for receiver in receivers))
        assert [bytes(receiver.streams[0]) for receiver in receivers] == list(wanted.values())
    finally:
        for receiver in receivers:
            receiver.close()


def test_messages_for_a_name_go_out_when_the_name_is_known(serve, receiver):
    service = serve(f"{SOURCES}\nroutes: ['*.* @@localhost:{receiver.port}']\nworkers: 2")
    service.tcp(b"".join(MESSAGE % number + b"\n" for number in range(100)))

    until(lambda: len(receiver.lines()) == 100)
    assert receiver.lines() == [MESSAGE % number for number in range(100)]
    assert "has no address" not in service.said()


def test_a_filtered_route_and_one_without_filter_send_the_same(serve, receiver):
    """The full way beside the lean one."""
    service = serve(f"""{SOURCES}
routes:
  - "*.*  @@127.0.0.1:{receiver.port}"
  - select: "*.*"
    where: {{hostname: gate}}
    to: {{file: ./gate}}
workers: 1
""")
    messages = [MESSAGE % 1, b"<34>1 2026-11-22T15:00:00Z h su 7 - - two", "<13>Nov 22 15:00:00 ü x: drei".encode()]
    service.tcp(b"".join(message + b"\n" for message in messages))

    until(lambda: len(receiver.lines()) == 3)
    assert receiver.lines() == [MESSAGE % 1, b"<34>Nov 22 15:00:00 h su[7]: two", messages[2]]


def test_a_reload_leaves_the_connection_to_a_peer_as_it_is_and_ends_that_to_one_that_is_gone(serve, receiver):
    other = TcpReceiver()
    peers = f"@@127.0.0.1:{receiver.port}", f"@@127.0.0.1:{other.port}"
    try:
        service = serve(f"{SOURCES}\nroutes: ['*.* {peers[0]}', '*.* {peers[1]}']\nworkers: 1")
        service.udp(MESSAGE % 1)
        service.counts(2, "sink_written")
        config = service.folder / "collector.yaml"
        config.write_text(config.read_text().replace(f", '*.* {peers[1]}'", ", '*.* ./all'"))
        service.signal(signal.SIGHUP)
        until(lambda: not service.count("sink_connections", sink=peers[1]) and service.count("sink_open_files") == 0)
        service.hears("removed @@")
        service.udp(MESSAGE % 2)
        service.writes(b"Nov 22 15:00:00 gate app[7]: 2")

        until(lambda: len(receiver.lines()) == 2)
        assert receiver.lines() == [MESSAGE % 1, MESSAGE % 2]
        assert len(receiver.streams) == 1
        assert other.lines() == [MESSAGE % 1]
    finally:
        other.close()


def test_what_waits_for_a_slow_peer_at_the_end_is_sent_before_the_service_ends(serve):
    """The peer begins to read when the service has been told to stop."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        service = serve(f"{SOURCES}\nroutes: ['*.* @@127.0.0.1:{listener.getsockname()[1]}']\nworkers: 1")
        peer, _ = listener.accept()
        with peer:
            service.tcp(b"".join(MESSAGE % number + b"x" * 1000 + b"\n" for number in range(5000)))
            until(lambda: service.count("sink_offered") == 5000)
            assert service.count("sink_pending") > 0
            service.process.terminate()
            service.hears("SIGTERM")
            got = b""
            while data := peer.recv(1 << 16):
                got += data

        assert got.count(b"\n") == 5000
        service.ends()
