"""Datagrams come out as they went in, with their senders, whatever their size and family."""

import socket
import sys

import pytest
from observing import until

from collector.protocol.framing import Truncated
from collector.sources import recvmmsg
from collector.sources.recvmmsg import SLOTS, Datagrams, peer_text


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["ipv4", "ipv6"])
def pair(request):
    family, host = request.param
    with socket.socket(family, socket.SOCK_DGRAM) as receiver, socket.socket(family, socket.SOCK_DGRAM) as sender:
        receiver.setblocking(False)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        receiver.bind((host, 0))
        sender.connect(receiver.getsockname())
        yield receiver, sender


def _received(datagrams, receiver, count):
    found = []
    until(lambda: found.extend(datagrams.receive(receiver.fileno())) or len(found) >= count)
    return found


def test_an_empty_socket_gives_nothing(pair):
    assert Datagrams(65536).receive(pair[0].fileno()) == []


def test_datagrams_of_every_size_keep_their_order_and_bytes(pair):
    receiver, sender = pair
    sent = [bytes([65 + size % 26]) * size for size in (1, 0, 180, 767, 768, 769, 2048, 9000, 60_000)]
    for data in sent:
        sender.send(data)

    assert sent == _received(Datagrams(65536), receiver, len(sent))


def test_more_than_the_limit_is_cut_and_told(pair):
    receiver, sender = pair
    sender.send(b"x" * 1000)
    sender.send(b"y" * 500)
    datagrams = Datagrams(500)
    long, short = _received(datagrams, receiver, 2)

    assert isinstance(long, Truncated)
    assert (len(long), long.lost) == (500, 500)
    assert short == b"y" * 500
    assert [(slot, problem.reason) for slot, problem in datagrams.problems] == [(0, "oversize")]


def test_the_sender_of_each_is_named(pair):
    receiver, sender = pair
    sender.send(b"one")
    datagrams = Datagrams(65536)
    _received(datagrams, receiver, 1)
    host, port = sender.getsockname()[:2]

    assert [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"] == datagrams.peers()


def test_senders_are_counted_by_address_whatever_their_ports():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setblocking(False)
        receiver.bind(("127.0.0.1", 0))
        for number in (2, 3, 2, 2, 9, 3):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((f"127.0.0.{number}", 0))
                sender.sendto(b"x", receiver.getsockname())
        datagrams = Datagrams(65536)
        _received(datagrams, receiver, 6)

    assert datagrams.senders() == {"127.0.0.2": 3, "127.0.0.3": 2, "127.0.0.9": 1}
    assert datagrams.firsts() == {"127.0.0.2": 0, "127.0.0.3": 1, "127.0.0.9": 4}


def test_a_batch_of_one_sender_has_one(pair):
    receiver, sender = pair
    for _ in range(5):
        sender.send(b"x")
    datagrams = Datagrams(65536)
    _received(datagrams, receiver, 5)
    host = sender.getsockname()[0]

    assert (datagrams.senders(), datagrams.firsts()) == ({host: 5}, {host: 0})


def test_ipv6_senders_are_told_apart_by_all_of_their_address(pair):
    """Traffic of more than one IPv6 address needs more than loopback: their names are put where the kernel does."""
    datagrams = Datagrams(65536)
    datagrams.receive(pair[0].fileno())
    hosts = ["2001:db8::7", "2001:db8:0:1::7", "2001:db8::8", "2001:db8::7", "::ffff:192.0.2.7"]
    for slot, host in enumerate(hosts):
        name = socket.AF_INET6.to_bytes(2, sys.byteorder) + bytes([2, 2 + slot]) + bytes(4)
        datagrams._names[32 * slot : 32 * slot + 24] = name + socket.inet_pton(socket.AF_INET6, host)
    datagrams._count = len(hosts)

    assert datagrams.senders() == {"2001:db8::7": 2, "2001:db8:0:1::7": 1, "2001:db8::8": 1, "192.0.2.7": 1}
    assert datagrams.firsts() == {"2001:db8::7": 0, "2001:db8:0:1::7": 1, "2001:db8::8": 2, "192.0.2.7": 4}


def test_addresses_are_remembered_only_within_limits(pair, monkeypatch):
    monkeypatch.setattr(recvmmsg, "_PEERS_REMEMBERED", 3)
    receiver, _ = pair
    datagrams = Datagrams(65536)
    datagrams.receive(receiver.fileno())
    for round_ in range(5):
        for slot in range(4):
            address = bytes([10, round_, slot, 1])
            datagrams._names[32 * slot : 32 * slot + 8] = socket.AF_INET.to_bytes(2, sys.byteorder) + bytes(2) + address
        datagrams._count = 4
        assert len(datagrams.senders()) == 4

    assert len(datagrams._addresses) <= 8


def test_one_call_takes_no_more_than_its_slots(pair):
    receiver, sender = pair
    for _ in range(SLOTS + 10):
        sender.send(b"x")
    datagrams = Datagrams(65536)
    first = datagrams.receive(receiver.fileno())

    assert len(first) == SLOTS
    assert len(datagrams.receive(receiver.fileno())) == 10


def test_memory_for_long_datagrams_is_given_back_and_used_again(pair, monkeypatch):
    monkeypatch.setattr(recvmmsg, "_MUCH", 1024 * 1024)
    receiver, sender = pair
    datagrams = Datagrams(65536)
    for round_ in range(3):
        data = bytes([97 + round_]) * 60_000
        count = 0
        for _ in range(40):
            sender.send(data)
            count += 1
        assert [data] * count == _received(datagrams, receiver, count)


def test_a_mapped_address_is_shown_as_ipv4():
    name = socket.AF_INET6.to_bytes(2, "little") + (514).to_bytes(2, "big") + bytes(4)
    name += bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 7]) + bytes(4)

    assert peer_text(name) == "192.0.2.7:514"


def test_a_closed_socket_raises():
    with pytest.raises(OSError, match="Bad file descriptor"):
        Datagrams(65536).receive(1_000_000)
