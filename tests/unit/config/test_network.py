from ipaddress import IPv4Network, IPv6Network

import pytest

from collector.config.network import Address, Peer, parse_address, parse_host, parse_peer
from collector.config.values import BadValueError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("0.0.0.0:514", "0.0.0.0", 514), ("[::]:514", "::", 514), (":514", "", 514), ("localhost:5514", "localhost", 5514),
     ("127.0.0.1:0", "127.0.0.1", 0), ("[fe80::1%eth0]:514", "fe80::1%eth0", 514), ("log-1.example.net.:65535",
     "log-1.example.net.", 65535)],
)  # fmt: skip
def test_an_address_is_a_host_and_a_port(text, host, port):
    assert parse_address(text) == Address(host, port)
    assert str(parse_address(text)) == text


def test_an_address_stays_itself():
    assert parse_address(Address("::1", 514)) == Address("::1", 514)


@pytest.mark.parametrize(
    ("value", "message", "cure"),
    [("0.0.0.0", '"0.0.0.0" has no port', '"0.0.0.0:514"'), ("localhost", "has no port", '"localhost:514"'),
     ("[::1]", "has no port", '"[::1]:514"'), ("::1:514", '"::1:514" is not an address', '"[::1]:514"'),
     ("2001:db8::1", "is not an address", '"[2001:db8::1]:514"'), ("::", "is not an address", '"[::]:514"'),
     ("a:b:c", "is not an address", "address:port"), (514, "514 is not an address", "write :514"),
     ("*:514", "is not an address", 'write ":514"'), ("udp://0.0.0.0:514", "is not a host", "no scheme: 0.0.0.0:514"),
     ("udp://host", "is not a port", "no scheme: host"), ("h:65536", '"65536" is not a port', "0 to 65535"),
     ("h:syslog", '"syslog" is not a port', "0 to 65535"), ("h:", '"" is not a port', "0 to 65535"),
     ("300.1.1.1:514", '"300.1.1.1" is not an IPv4 address', "0 to 255"), ("1.2:514", "is not an IPv4 address", "four"),
     ("[1.2.3.4]:514", "is not an IPv6 address", "[2001:db8::1]:514"), ("[::1]514", "cannot follow", "[::]:514"),
     ("[::1", "is not an address", "not closed"), ("a b:514", '"a b" is not a host', "address:port"),
     ("", '"" has no port', "514"), (None, "an empty value is not an address", "address:port"),
     ([], "a list is not an address", "address:port"), (True, "true is not an address", "address:port"),
     (70000, "70000 is not an address", "address:port"), ("h:-1", '"-1" is not a port', "0 to 65535"),
     ("h:５１４", '"５１４" is not a port', "0 to 65535"), ("a\n:514", "is not a host", "address:port")],
)  # fmt: skip
def test_what_is_no_address_is_told_with_its_cure(value, message, cure):
    with pytest.raises(BadValueError) as caught:
        parse_address(value)

    assert message in str(caught.value)
    assert cure in caught.value.hint


@pytest.mark.parametrize(
    ("text", "host"),
    [("atropos", "atropos"), ("DC01.Example", "dc01.example"), ("192.0.2.7", IPv4Network("192.0.2.7/32")),
     ("192.0.2.0/24", IPv4Network("192.0.2.0/24")), ("2001:db8::/32", IPv6Network("2001:db8::/32")),
     ("::1", IPv6Network("::1/128")), ("pc_7", "pc_7")],
)  # fmt: skip
def test_hosts_are_names_in_lower_case_or_networks(text, host):
    assert parse_host(text) == host


@pytest.mark.parametrize(
    ("value", "cure"),
    [("192.0.2.7/24", "the network of this address is 192.0.2.0/24"), ("192.0.2.300", "192.0.2.0/24"),
     ("dc*", "a host name as messages carry it"), ("a b", "a host name"), ("", "a host name"), (5, "a network"),
     ("host:514", "192.0.2.7"), ("x/y", "192.0.2.0/24"), (None, "a network")],
)  # fmt: skip
def test_what_is_no_host_is_told_with_its_cure(value, cure):
    with pytest.raises(BadValueError) as caught:
        parse_host(value)

    assert cure in caught.value.hint


@pytest.mark.parametrize(
    ("text", "peer", "shown"),
    [("udp://central:514", Peer("udp", Address("central", 514)), "udp://central:514"),
     ("tcp://192.0.2.7", Peer("tcp", Address("192.0.2.7", 514)), "tcp://192.0.2.7:514"),
     ("tcp://[2001:db8::7]", Peer("tcp", Address("2001:db8::7", 514)), "tcp://[2001:db8::7]:514"),
     ("udp://[fe80::1%eth0]:601", Peer("udp", Address("fe80::1%eth0", 601)), "udp://[fe80::1%eth0]:601")],
)  # fmt: skip
def test_a_peer_is_a_transport_a_host_and_a_port(text, peer, shown):
    assert parse_peer(text) == peer
    assert str(peer) == shown
    assert parse_peer(shown) == parse_peer(peer) == peer


@pytest.mark.parametrize(
    ("value", "message", "cure"),
    [("central:514", "names no transport", '"udp://central:514" for UDP, "tcp://central:514" for TCP'),
     ("tls://h:6514", '"tls" is no transport', '"udp://h:6514" or "tcp://h:6514"'),
     ("udp://::1", "is not a peer", "[::1]"), ("udp://", "names no host", "udp://central.example.net:514"),
     ("udp://:514", "names no host", "tcp://192.0.2.7"),
     ("udp://h:0", "nobody listens on port 0", "udp://"), ("udp://h:x", '"x" is not a port', "0 to 65535"),
     ("udp://h:70000", "is not a port", "0 to 65535"), ("tcp://a b", "is not a host", "address:port"),
     ("tcp://h/", "is not a host", "address:port"), ("udp://[::1", "is not an address", "not closed"),
     ("udp://300.1.1.1", "is not an IPv4 address", "0 to 255"), (514, "514 is not a peer", "udp://"),
     (None, "an empty value is not a peer", "udp://"), ("", "names no transport", "udp://")],
)  # fmt: skip
def test_what_is_no_peer_is_told_with_its_cure(value, message, cure):
    with pytest.raises(BadValueError) as caught:
        parse_peer(value)

    assert message in str(caught.value)
    assert cure in caught.value.hint
