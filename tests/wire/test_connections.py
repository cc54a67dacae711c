"""Many connections, and too many of them; silent ones, and ones that break off."""

import contextlib
import resource
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest
from flooding import flood
from observing import until

CONFIG = """
sources:
  - tcp: 127.0.0.1:0
{options}
routes:
  - "*.*  ./all"
workers: {workers}
"""


RESET = struct.pack("ii", 1, 0)  # struct linger: close() breaks the connection off


def config(workers=2, **options):
    return CONFIG.format(workers=workers, options="\n".join(f"    {key}: {value}" for key, value in options.items()))


def cpu_seconds(pids):
    """User and system time (proc_pid_stat(5), fields 14 and 15, in hundredths of a second)."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split() for pid in pids]
    return sum(int(field[11]) + int(field[12]) for field in fields) / 100


@contextlib.contextmanager
def open_files(most):
    """Let this process and those it starts have so many descriptors, or as many as the system allows."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, before[1]), before[1]))
    try:
        yield min(most, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_thousands_of_connections_are_held_and_cost_nothing_while_they_are_silent(serve):
    with open_files(10_500) as allowed, contextlib.ExitStack() as stack:
        many = min(10_000, allowed - 500)
        service = serve(config())
        connections = [stack.enter_context(service.connect()) for _ in range(many)]
        for number, connection in enumerate(connections):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)  # leave no port in TIME_WAIT
            connection.sendall(b"<13>Jul 23 15:54:31 host app: %d\n" % number)
        service.counts(many)

        assert service.count("connections_open") == many
        assert service.count("connections_closed") == 0
        before, begun = cpu_seconds(service.workers()), time.monotonic()
        until(lambda: time.monotonic() > begun + 1.5)
        assert cpu_seconds(service.workers()) - before <= 0.1
        assert sorted(int(line.split()[-1]) for line in service.lines()) == list(range(many))
    service.settles(0, "connections_open")


def test_a_connection_over_the_limit_is_turned_away_and_the_others_stay(serve):
    service = serve(config(max_connections=4))
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(service.connect()) for _ in range(4)]
        service.settles(4, "connections_open")
        with service.connect() as surplus:
            assert surplus.recv(1) == b""
        for connection in held:
            connection.sendall(b"<13>Jul 23 15:54:31 host app: held\n")
        service.counts(4)

        assert service.count("connections_closed", reason="limit") == 1
        service.hears(r"4 connections are open, 127\.0\.0\.1:\d+ is turned away\. Cure: max_connections\.")
    service.settles(0, "connections_open")
    service.tcp(b"<13>Jul 23 15:54:31 host app: room again\n")
    service.counts(5)


def test_a_silent_connection_is_closed_after_the_idle_timeout_and_its_last_line_kept(serve):
    service = serve(config(idle_timeout="2s"))
    with service.connect() as silent, service.connect() as busy:
        silent.sendall(b"<13>Jul 23 15:54:31 host app: half")
        silent.settimeout(0.2)
        gone = False
        while not gone:
            busy.sendall(b"<13>Jul 23 15:54:31 host app: busy\n")
            with contextlib.suppress(TimeoutError):
                gone = silent.recv(1) == b""

    service.counts(1, "connections_closed", reason="idle")
    assert b"Jul 23 15:54:31 host app: half" in service.lines()


@pytest.mark.skipif(shutil.which("ss") is None, reason="ss of iproute2 is not installed")
@pytest.mark.parametrize(("option", "timer"), [("45s", True), ("30d", True), ("0", False)])
def test_keepalive_is_asked_for(serve, option, timer):
    service = serve(config(keepalive=option))
    with service.connect() as connection:
        service.settles(1, "connections_open")
        port = connection.getsockname()[1]
        shown = subprocess.run(
            ["ss", "-tnoH", f"dst = 127.0.0.1:{port}"], capture_output=True, text=True, check=True
        ).stdout  # fmt: skip

        assert ("timer:(keepalive" in shown) == timer


def test_connections_leave_descriptors_for_files_and_those_turned_away_cost_nothing(serve):
    prefix = ("prlimit", "--nofile=64:64")
    service = serve(config(workers=1), prefix=prefix)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(100)]
        service.hears(r"\d+ connections are open, .* is turned away\. Cure: LimitNOFILE=")
        connections[0].sendall(b"<13>Jul 23 15:54:31 host app: held\n")
        service.writes(b"Jul 23 15:54:31 host app: held")
        before, begun = cpu_seconds(service.workers()), time.monotonic()
        until(lambda: time.monotonic() > begun + 2)

        assert cpu_seconds(service.workers()) - before <= 0.2
        assert service.count("sink_dropped") == 0
    service.settles(0, "connections_open")
    service.tcp(b"<13>Jul 23 15:54:31 host app: room again\n")
    service.counts(2)


def test_half_a_frame_and_then_the_end_is_kept(serve):
    service = serve(config())
    lines = b"<13>Jul 23 15:54:31 host app: whole\n<13>Jul 23 15:54:31 host app: ha"
    counted = b"99 <13>Jul 23 15:54:31 host app: counted ha"
    broken = b"<13>Jul 23 15:54:31 host app: broken ha"
    service.tcp(lines)
    service.tcp(counted)
    with service.connect() as reset:
        reset.sendall(broken)
        service.counts(len(lines + counted + broken), "received_bytes")
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    service.counts(4)
    assert sorted(service.lines()) == [
        b"Jul 23 15:54:31 host app: broken ha [truncated]", b"Jul 23 15:54:31 host app: counted ha [truncated]",
        b"Jul 23 15:54:31 host app: ha", b"Jul 23 15:54:31 host app: whole",
    ]  # fmt: skip
    assert service.count("framing_problems", reason="unfinished") == 2
    assert service.count("connections_closed", reason="peer") == 2
    assert service.count("connections_closed", reason="error") == 1


def test_a_sender_that_never_pauses_does_not_keep_others_waiting(serve):
    service = serve(config(workers=1).replace("./all", "./{{ hostname }}"))
    with flood(service), service.connect() as patient:
        for number in range(1, 6):
            patient.sendall(b"<13>Jul 23 15:54:31 patient app: %d\n" % number)
            until(lambda number=number: len(service.lines("patient")) == number, 5)

    assert len(service.lines("flood")) > 10_000
