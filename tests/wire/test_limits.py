"""Who may send and how much, with several workers and senders: all of 127.0.0.0/8 are addresses of this machine."""

import contextlib
import signal
import socket
import struct
import time
from pathlib import Path

import pytest
from observing import DEADLINE, until

CONFIG = """
sources:
{sources}
routes:
  - "*.*  ./all"
workers: 2
"""
FRIEND, OTHER_FRIEND, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.77"
IP_PKTINFO = 8  # linux/in.h
IN_PKTINFO = struct.Struct("=i4s4s")  # ip(7): interface, address to send from, and one that does not matter here


def config(*sources):
    """Each source is a list of its lines."""
    written = ("\n    ".join(lines) for lines in sources)
    return CONFIG.format(sources="\n".join(f"  - {lines}" for lines in written))


def message(number):
    return b"<13>Jul 23 15:54:31 host app: message number %d" % number


def line(number):
    return message(number).removeprefix(b"<13>")


def send(service, sender, *datagrams):
    """From a port of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((sender, 0))
        for datagram in datagrams:
            sock.sendto(datagram, service.address("udp"))


def connect(service, sender):
    return socket.create_connection(service.address("tcp"), DEADLINE, source_address=(sender, 0))


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def reload(service, text):
    """Give it another configuration; returns when all workers have it."""
    path = service.folder / "collector.yaml"
    path.write_text(f"{text}\nstate_dir: ./state\n")
    service.signal(signal.SIGHUP)
    service.hears("Reloaded, plan ")


@pytest.fixture(scope="module")
def limited(serve_all):
    """What its tests send differs in the sender, which no two of them share; and so do their messages."""
    return serve_all(
        config(
            ["udp: 127.0.0.1:0", "allow: [127.0.0.0/26]", "rate_limit: {messages: 30, per: 1d}"],
            ["tcp: 127.0.0.1:0", "allow: [127.0.0.0/26]", "max_connections_per_sender: 3"],
        )
    )


def test_datagrams_of_strangers_are_refused_and_counted(limited):
    before, refused = limited.count("received_messages"), limited.count("rejected_messages", reason="not_allowed")
    for number in range(20):
        send(limited, ("127.0.0.2", "127.0.0.77", "127.0.0.63", "127.0.0.64")[number % 4], message(number))

    limited.counts(before + 20)
    assert [number for number in range(20) if line(number) in limited.lines()] == [*range(0, 20, 2)]
    assert limited.count("rejected_messages", reason="not_allowed") == refused + 10


def test_the_rate_of_a_sender_is_that_of_all_workers_together(limited):
    before, dropped = limited.count("received_messages"), limited.count("rejected_messages", reason="rate_limit")
    for port in range(10):
        send(limited, "127.0.0.4", *map(message, range(100 + port * 5, 105 + port * 5)))
        limited.counts(before + port * 5 + 5)
    send(limited, "127.0.0.5", message(199))
    limited.counts(before + 51)

    written = [number for number in range(100, 200) if line(number) in limited.lines()]
    assert written == [*range(100, 130), 199]
    assert limited.count("rejected_messages", reason="rate_limit") == dropped + 20


def test_a_connection_of_a_stranger_is_closed_at_once(limited):
    before = limited.count("connections_closed", reason="not_allowed")
    with connect(limited, "127.0.0.78") as refused, connect(limited, "127.0.0.6") as let_in:
        assert is_closed(refused)
        let_in.sendall(message(200) + b"\n")
        until(lambda: line(200) in limited.lines())

    assert limited.count("connections_closed", reason="not_allowed") == before + 1


def test_a_sender_holds_no_more_connections_than_allowed_in_all_workers_together(limited):
    limited.settles(0, "connections_open")
    before = limited.count("connections_closed", reason="sender_limit")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(limited, "127.0.0.7"))
        limited.settles(3, "connections_open")
        surplus = [stack.enter_context(connect(limited, "127.0.0.7")) for _ in range(5)]
        other = stack.enter_context(connect(limited, "127.0.0.8"))
        assert all(map(is_closed, surplus))
        other.sendall(message(300) + b"\n")
        until(lambda: line(300) in limited.lines())
        assert limited.count("connections_open") == 4
    limited.counts(before + 5, "connections_closed", reason="sender_limit")
    limited.settles(0, "connections_open")
    with connect(limited, "127.0.0.7") as again:
        again.sendall(message(301) + b"\n")
        until(lambda: line(301) in limited.lines())


def test_the_own_log_names_who_was_stopped(limited):
    send(limited, "127.0.0.80", *[message(400)] * 3)
    send(limited, "127.0.0.9", *[message(401)] * 31)
    with contextlib.ExitStack() as stack:
        for sender in ("127.0.0.81", *["127.0.0.10"] * 4):
            stack.enter_context(connect(limited, sender))
        limited.hears(r"udp 127\.0\.0\.1:0: refused \d+ messages? from 127\.0\.0\.\d+, who is not in allow, in \d+ s")
        limited.hears(r"udp 127\.0\.0\.1:0: dropped \d+ messages? from 127\.0\.0\.\d+, over 30/d, in \d+ s")
        limited.hears(r"tcp 127\.0\.0\.1:0: refused \d connections? from 127\.0\.0\.\d+, who is not in allow")
        limited.hears(r"tcp 127\.0\.0\.1:0: turned away \d connections? from 127\.0\.0\.\d+, who has 3 \(max_conn")


def test_a_connection_over_the_rate_has_to_wait_and_loses_nothing(serve):
    service = serve(config(["tcp: 127.0.0.1:0", "rate_limit: 100/s"]))
    with connect(service, FRIEND) as fast, connect(service, OTHER_FRIEND) as slow:
        begun = time.monotonic()
        fast.sendall(b"".join(message(number) + b"\n" for number in range(250)))
        until(lambda: service.count("connections_throttled"))
        slow.sendall(message(1000) + b"\n")
        until(lambda: line(1000) in service.lines())
        assert len(service.lines()) < 251
        service.counts(251)

    assert time.monotonic() - begun > 0.9  # 250 messages take three spans, of which the middle one is whole
    assert [one for one in service.lines() if one != line(1000)] == [line(number) for number in range(250)]
    assert service.count("rejected_messages") == 0


def test_what_a_throttled_connection_has_sent_is_written_at_the_end(serve):
    service = serve(config(["tcp: 127.0.0.1:0", "rate_limit: 10/d"]))
    with connect(service, FRIEND) as connection:
        connection.sendall(b"".join(message(number) + b"\n" for number in range(1000)))
        until(lambda: service.count("connections_throttled"))
        assert len(service.lines()) < 100
        service.stop()

    assert service.lines() == [line(number) for number in range(1000)]


@pytest.mark.parametrize("kind", ["dgram", "stream"])
def test_local_programs_wait_for_their_rate_too(serve, kind):
    service = serve(config(["unix: ./log", f"type: {kind}", "rate_limit: 60/s"]))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM) as sock:
        sock.connect(str(service.folder / "log"))
        for number in range(100):
            sock.sendall(message(number) + (b"\n" if kind == "stream" else b""))
        service.counts(100)

    assert service.lines() == [line(number) for number in range(100)]
    assert service.count("connections_throttled") > 0


def test_repetitions_become_one_line_for_each_sender(serve):
    service = serve(
        config(["udp: 127.0.0.1:0", "repeat_reduction: true"], ["tcp: 127.0.0.1:0", "repeat_reduction: true"])
    )
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        for second in range(10):
            one.sendto(b"<13>Jul 23 15:54:0%d udp app: again" % second, service.address("udp"))
            two.sendto(message(second), service.address("udp"))
        one.sendto(b"<13>Jul 23 15:55:00 udp app: else", service.address("udp"))
        service.counts(22)
    with service.connect() as connection:
        for second in range(10):
            connection.sendall(b"<13>Jul 23 15:54:0%d tcp app: again\n" % second)
            service.counts(23 + second)

    until(lambda: len(service.lines()) == 15)
    lines = service.lines()
    assert [one for one in lines if b" udp " in one] == [
        b"Jul 23 15:54:00 udp app: again", b"Jul 23 15:54:09 udp app: last message repeated 9 times",
        b"Jul 23 15:55:00 udp app: else",
    ]  # fmt: skip
    assert [one for one in lines if b" tcp " in one] == [
        b"Jul 23 15:54:00 tcp app: again", b"Jul 23 15:54:09 tcp app: last message repeated 9 times",
    ]  # fmt: skip
    assert [one for one in lines if b"message number" in one] == [line(number) for number in range(10)]
    assert service.count("rejected_messages", reason="repeated") == 18
    counts = {name: service.count("received_messages", source=name) for name in ("udp 127.0.0.1:0", "tcp 127.0.0.1:0")}
    assert counts == {"udp 127.0.0.1:0": 21, "tcp 127.0.0.1:0": 10}
    assert service.count("received_messages", source="internal") == 2


def test_what_was_folded_is_told_when_the_service_ends(serve):
    service = serve(config(["udp: 127.0.0.1:0", "repeat_reduction: true"], ["unix: ./log", "repeat_reduction: true"]))
    service.udp(*[b"<13>Jul 23 15:54:00 udp app: again"] * 5)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
        local.connect(str(service.folder / "log"))
        for _ in range(4):
            local.send(b"<13>Jul 23 15:54:00 app: local")
    service.counts(9)
    service.stop()

    told = {one.removeprefix(b"Jul 23 15:54:00 ") for one in service.lines() if b"repeated" in one}
    assert told == {
        b"udp app: last message repeated 4 times",
        socket.gethostname().encode() + b" app: last message repeated 3 times",
    }


def test_a_mark_is_written_where_it_is_wanted(serve):
    text = config(["udp: 127.0.0.1:0"]).replace(
        '  - "*.*  ./all"', '  - "*.*;mark.none  ./all"\n  - "mark.info  ./marks"'
    )
    service = serve(f"{text}\nmark: 1s\n")
    until(lambda: len(service.lines("marks")) >= 2)
    service.udp(message(1))
    service.writes(line(1))

    assert all(one.endswith(socket.gethostname().encode() + b" -- MARK --") for one in service.lines("marks"))
    assert service.count("received_messages", source="internal") >= 2
    assert service.lines() == [line(1)]


def test_new_limits_hold_for_connections_that_are_there(serve):
    before = config(["tcp: 127.0.0.1:0", "max_connections_per_sender: 2"])
    service = serve(before)
    with connect(service, FRIEND) as one, connect(service, FRIEND) as two, connect(service, STRANGER) as gone:
        service.settles(3, "connections_open")
        reload(
            service,
            config(
                ["tcp: 127.0.0.1:0", "max_connections_per_sender: 2", "rate_limit: 1000000/s", "allow: [127.0.0.2]"]
            ),
        )
        with connect(service, FRIEND) as surplus:
            assert is_closed(surplus)
        assert is_closed(gone)
        for connection in (one, two):
            connection.sendall(message(1) + b"\n")
        service.counts(2)
        one.close()
        service.settles(1, "connections_open")
        with connect(service, FRIEND) as again:
            again.sendall(message(1) + b"\n")
            service.counts(3)


@pytest.mark.parametrize("kind", ["dgram", "stream"])
def test_who_waits_for_a_rate_goes_on_when_a_reload_lifts_it(serve, kind):
    service = serve(config(["unix: ./log", f"type: {kind}", "rate_limit: 10/d"]))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM) as sock:
        sock.connect(str(service.folder / "log"))
        for number in range(15):  # the kernel's queue holds five more (net.unix.max_dgram_qlen)
            sock.sendall(message(number) + (b"\n" if kind == "stream" else b""))
        until(lambda: service.count("connections_throttled"))
        reload(service, config(["unix: ./log", f"type: {kind}"]))
        service.counts(15)

    assert service.lines() == [line(number) for number in range(15)]


def test_repetitions_are_told_when_a_reload_ends_the_reduction(serve):
    service = serve(config(["udp: 127.0.0.1:0", "repeat_reduction: true"]))
    service.udp(*[message(1)] * 5)
    service.counts(5)
    reload(service, config(["udp: 127.0.0.1:0"]))
    service.udp(*[message(1)] * 3)

    service.writes(line(1), b"Jul 23 15:54:31 host app: last message repeated 4 times", *[line(1)] * 3)


def resident(pid):
    """Bytes that a process has in memory (proc_pid_statm(5))."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_a_hundred_thousand_senders_exhaust_nothing_and_hide_nobody(serve):
    many = 100_000
    service = serve(
        config(["udp: 127.0.0.1:0", "allow: [127.0.0.0/9]", "rate_limit: 5/d", "repeat_reduction: true"])
        + "max_message: 8KiB\n"
    )
    send(service, FRIEND, *map(message, range(5)))
    service.counts(5)
    before = sum(map(resident, service.workers()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(service.address("udp"))
        for number in range(many):
            source = struct.pack("!I", (127 << 24) + (number * 131 & 0xFFFFFF))  # half of them are strangers
            sock.sendmsg([message(number)], [(socket.IPPROTO_IP, IP_PKTINFO, IN_PKTINFO.pack(0, source, source))])
    until(lambda: service.count("received_messages") - service.count("received_messages", source="internal")
          + service.count("kernel_drops") == many + 5)  # fmt: skip
    send(service, FRIEND, *map(message, range(5)))
    until(lambda: service.count("rejected_messages", reason="rate_limit") >= 5)

    assert sum(map(resident, service.workers())) - before < 100 * 1024 * 1024
    assert service.count("rejected_messages", reason="not_allowed") >= many // 3
    assert service.count("kernel_drops") < many // 10
    service.hears(r"1,000 or more such senders")
