import os
import socket
from contextlib import ExitStack

import pytest
from service_under_test import HAS_IPV6

from collector.config.network import parse_address
from collector.errors import CollectorError
from collector.sources.inherited import Inherited, Lent, deal, place_of, share
from collector.sources.tcp import TcpOptions, TcpSource
from collector.sources.udp import UdpOptions, UdpSource
from collector.sources.unix import UnixOptions, UnixSource

UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM
needs_ipv6 = pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")


@pytest.fixture
def bound():
    """``bound(kind, host, port)`` is what a service manager would have made."""
    with ExitStack() as stack:

        def make(kind, host="127.0.0.1", port=0, family=socket.AF_INET, *, only6=True):
            sock = stack.enter_context(socket.socket(family, kind))
            if family != socket.AF_UNIX:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only6))
            sock.bind(host if family == socket.AF_UNIX else (host, port))
            if kind == TCP:
                sock.listen()
            return sock

        yield make


@pytest.fixture
def bind():
    """``bind(source, slots, inherited)``: its rows, closed at the end."""
    with ExitStack() as stack:

        def call(source, slots, inherited):
            rows = source.bind(slots, inherited)
            for sock in (sock for row in rows for sock in row):
                stack.enter_context(sock)
            stack.callback(inherited.close)
            return rows

        yield call


def port_of(sock):
    return sock.getsockname()[1]


def same(one, other):
    """Whether two descriptors are one socket."""
    return os.fstat(one.fileno()).st_ino == os.fstat(other.fileno()).st_ino


def udp(sock, host="127.0.0.1", **options):
    return UdpSource(UdpOptions(udp=parse_address(f"{host}:{port_of(sock)}"), **options))


def tcp(sock, host="127.0.0.1"):
    return TcpSource(TcpOptions(tcp=parse_address(f"{host}:{port_of(sock)}")))


def test_an_inherited_udp_socket_takes_the_place_of_binding(bound, bind):
    given = bound(UDP)
    [[sock]] = bind(udp(given), 1, Inherited([("syslog", given)]))

    assert same(sock, given)
    assert isinstance(sock, Lent)
    assert not sock.getblocking()


def test_each_udp_socket_goes_to_one_worker_and_the_others_have_none(bound, bind):
    first = bound(UDP)
    second = bound(UDP, port=port_of(first))
    source = udp(first)
    rows = bind(source, 3, Inherited([("a", first), ("b", second)]))

    assert [len(row) for row in rows] == [1, 1, 0]
    assert same(rows[0][0], first)
    assert same(rows[1][0], second)
    assert "1 of the workers read nothing here" in source.warnings()[0]


def test_more_udp_sockets_than_workers_are_all_read(bound, bind):
    first = bound(UDP)
    others = [bound(UDP, port=port_of(first)) for _ in range(2)]
    rows = bind(udp(first), 2, Inherited(("x", sock) for sock in (first, *others)))

    assert [len(row) for row in rows] == [2, 1]


def test_every_worker_accepts_from_one_tcp_socket(bound, bind):
    given = bound(TCP)
    rows = bind(tcp(given), 3, Inherited([("syslog", given)]))

    assert [len(row) for row in rows] == [1, 1, 1]
    assert all(same(row[0], given) for row in rows)
    assert len({row[0].fileno() for row in rows}) == 3


@pytest.mark.parametrize("kind", [UDP, TCP])
def test_another_address_or_kind_is_bound_as_ever_and_the_socket_is_told(bound, bind, kind):
    given = bound(kind, host="127.0.0.2")
    inherited = Inherited([("syslog", given)])
    [[sock]] = bind(udp(given) if kind == UDP else tcp(given), 1, inherited)

    assert not same(sock, given)
    [warning] = inherited.warnings()
    name = "udp" if kind == UDP else "tcp"
    assert warning.startswith(f'The inherited socket "syslog" listens on {name} 127.0.0.2:{port_of(given)}, where no ')


def test_a_claimed_socket_is_not_told_until_its_source_is_gone(bound, bind):
    given = bound(UDP)
    inherited = Inherited([("syslog", given)])
    [[sock]] = bind(udp(given), 1, inherited)

    assert inherited.warnings() == []
    sock.close()
    assert len(inherited.warnings()) == 1
    [[again]] = bind(udp(given), 1, inherited)
    assert same(again, given)


@needs_ipv6
def test_a_socket_of_both_families_is_for_a_source_without_address(bound, bind):
    given = bound(UDP, "::", family=socket.AF_INET6, only6=False)
    inherited = Inherited([("syslog", given)])
    [[sock]] = bind(udp(given, host=""), 1, inherited)

    assert place_of(given) == ("", port_of(given))
    assert same(sock, given)


@needs_ipv6
@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_and_not_for_one_of_a_single_family_whose_allow_list_it_would_evade(bound, bind, host):
    given = bound(UDP, "::", family=socket.AF_INET6, only6=False)
    inherited = Inherited([("syslog", given)])

    with pytest.raises(CollectorError, match="Address already in use"):
        udp(given, host=host).bind(1, inherited)
    assert "a source without an address, such as :514" in inherited.warnings()[0]
    inherited.close()


@needs_ipv6
def test_a_source_without_address_binds_the_family_that_is_missing(bound, bind):
    given = bound(UDP, "0.0.0.0")
    [row] = bind(udp(given, host=""), 1, Inherited([("syslog", given)]))

    assert [sock.family for sock in row].count(socket.AF_INET6) == 1
    assert [same(sock, given) for sock in row].count(True) == 1


def test_the_buffer_of_an_inherited_socket_is_never_made_smaller(bound, bind):
    given = bound(UDP)
    given.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 160_000)
    had = given.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    source = udp(given, receive_buffer=4096)
    bind(source, 1, Inherited([("syslog", given)]))

    assert given.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == had
    assert source.warnings() == []


@pytest.mark.parametrize(("kind", "name"), [(UDP, "dgram"), (TCP, "stream")])
def test_a_unix_socket_is_found_by_its_path_and_its_file_stays(bound, bind, tmp_path, kind, name):
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    path = tmp_path / "run/log"
    given = bound(kind, str(path), family=socket.AF_UNIX)
    source = UnixSource(UnixOptions(unix=str(tmp_path / "link/log"), type=name))
    rows = bind(source, 2, Inherited([("syslog", given)]))

    assert [len(row) for row in rows] == [1, 0]
    assert same(rows[0][0], given)
    source.release()
    assert path.is_socket()


def test_a_unix_socket_of_the_other_type_is_another_socket(bound, tmp_path):
    path = tmp_path / "log"
    inherited = Inherited([("syslog", bound(UDP, str(path), family=socket.AF_UNIX))])

    with pytest.raises(CollectorError, match="another program listens there"):
        UnixSource(UnixOptions(unix=str(path), type="stream")).bind(1, inherited)
    assert f"listens on unix {path} (dgram)" in inherited.warnings()[0]


def test_a_single_connection_cannot_be_used(bound):
    listener = bound(TCP)
    with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
        inherited = Inherited([("syslog@1", connection)])

        assert inherited.warnings() == [
            'The inherited socket "syslog@1" is a single connection: write Accept=no in the socket unit.'
        ]


def test_what_is_no_socket_is_told():
    assert Inherited(strangers=["fifo"]).warnings() == ['The inherited socket "fifo" is no socket and is not used.']


def test_dealing_and_sharing(bound):
    one, two, three = (bound(UDP) for _ in range(3))

    assert deal([one, two, three], 2) == [[one, three], [two]]
    assert deal([one], 2) == [[one], []]
    assert share([one, two, three], 2) == [[one, three], [two]]
    [[first], [second]] = share([one], 2)
    assert first is one
    assert same(first, second)
    second.close()
