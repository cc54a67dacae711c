"""Sockets that a service manager has opened are used as they are."""

import json
import os
import socket
import struct
import sys
from pathlib import Path

import pytest

ACTIVATE = Path(__file__).parents[1] / "activate.py"
PORT = 5000 + os.getpid() % 20000

CONFIG = """
sources:
{sources}
routes: ["*.*  ./all"]
workers: {workers}
"""


@pytest.fixture
def activated(serve, tmp_path):
    """``activated(sockets, *sources)``: the service, started with these sockets open."""

    def start(sockets, *sources, workers=2, prefix=()):
        config = CONFIG.format(sources="\n".join(f"  - {source}" for source in sources), workers=workers)
        service = serve(config, prefix=(*prefix, sys.executable, str(ACTIVATE), json.dumps(sockets)))
        return service, json.loads((tmp_path / "activated").read_text())

    return start


def send(place, *lines):
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for line in lines:
            sender.sendto(line, tuple(place))


def test_inherited_sockets_are_read(activated):
    places = [["udp", "127.0.0.1", PORT], ["tcp", "127.0.0.1", PORT], ["unix", "./log"]]
    service, _ = activated(places, f"udp: 127.0.0.1:{PORT}", f"tcp: 127.0.0.1:{PORT}", "unix: ./log")
    send(("127.0.0.1", PORT), b"<13>Jul 23 15:54:31 host app: by udp")
    with socket.create_connection(("127.0.0.1", PORT)) as connection:
        connection.sendall(b"<13>Jul 23 15:54:31 host app: by tcp\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<13>Jul 23 15:54:31 app: by unix", str(service.folder / "log"))

    service.counts(3)
    service.stop()
    here = socket.gethostname().encode()
    assert sorted(service.lines()) == sorted(
        [b"Jul 23 15:54:31 host app: by udp", b"Jul 23 15:54:31 host app: by tcp",
         b"Jul 23 15:54:31 " + here + b" app: by unix"]
    )  # fmt: skip
    assert (service.folder / "log").is_socket()


def test_every_worker_that_has_a_udp_socket_reads_it_and_the_others_are_told(activated):
    service, _ = activated([["udp", "127.0.0.1", PORT]] * 2, f"udp: 127.0.0.1:{PORT}", workers=3)
    for _ in range(64):
        send(("127.0.0.1", PORT), b"<13>Jul 23 15:54:31 host app: from many ports")

    service.counts(64)
    assert "1 of the workers read nothing here" in service.said()


def test_a_socket_without_source_is_told_and_a_source_without_socket_is_bound(activated):
    service, places = activated([["udp", "127.0.0.1", 0]], "tcp: 127.0.0.1:0")
    service.tcp(b"<13>Jul 23 15:54:31 host app: bound\n")

    service.writes(b"Jul 23 15:54:31 host app: bound")
    assert f'The inherited socket "socket0" listens on udp 127.0.0.1:{places[0][1]}, where no source' in service.said()


def test_a_reload_gives_the_socket_its_source(activated, tmp_path):
    service, _ = activated([["udp", "127.0.0.1", PORT]], "tcp: 127.0.0.1:0")
    send(("127.0.0.1", PORT), b"<13>Jul 23 15:54:31 host app: it waited")
    config = tmp_path / "collector.yaml"
    config.write_text(config.read_text().replace("sources:\n", f"sources:\n  - udp: 127.0.0.1:{PORT}\n"))
    service.signal(1)

    service.writes(b"Jul 23 15:54:31 host app: it waited")


def test_what_the_journal_passes_on_is_received(activated):
    """journald sends the credentials of the program that logged along with the datagram."""
    service, _ = activated([["unix", "./syslog"]], "unix: ./syslog")
    credentials = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.connect(str(service.folder / "syslog"))
        for text in (b"<30>Jul 23 15:54:31 cron[42]: from the journal", b"<30>Jul 23 15:54:31 kernel: and again"):
            journal.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])
    here = socket.gethostname().encode()

    service.writes(
        b"Jul 23 15:54:31 " + here + b" cron[42]: from the journal",
        b"Jul 23 15:54:31 " + here + b" kernel: and again",
    )  # fmt: skip
