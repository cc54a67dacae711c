import pytest

from collector.protocol.hosts import HostMap, address_of

HOSTS = HostMap(
    {
        "atropos": "name", "192.0.2.0/24": "network", "192.0.2.7": "address", "2001:db8::/32": "ipv6",
        "2001:db8:1::/48": "longer", "fw.example.net": "dotted",
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("hostname", "peer", "expected"),
    [
        ("atropos", None, "name"),
        ("ATROPOS", "198.51.100.1:514", "name"),
        ("fw.example.net", None, "dotted"),
        ("fw", None, None),
        ("atropos", "192.0.2.7:514", "name"),
        ("gate", "192.0.2.7:514", "address"),
        ("gate", "192.0.2.8:514", "network"),
        (None, "192.0.2.8:514", "network"),
        (None, "[2001:db8::7]:514", "ipv6"),
        (None, "[2001:db8:1::7]:514", "longer"),
        (None, "198.51.100.1:514", None),
        ("192.0.2.7", "198.51.100.1:514", None),
        (None, "atropos", None),
        (None, "/run/log", None),
        (None, None, None),
        ("", "", None),
    ],
)
def test_what_was_said_of_a_sender_is_found(hostname, peer, expected):
    assert expected == HOSTS.find(hostname, peer)


def test_a_map_of_nobody_is_false_and_finds_nothing():
    assert not HostMap({})
    assert HostMap({}).find("gate", "192.0.2.7:514") is None
    assert HOSTS


def test_answers_are_remembered_by_address_without_the_port():
    hosts = HostMap({"192.0.2.0/24": 1})
    for port in range(1, 2000):
        assert hosts.find("gate", f"192.0.2.7:{port}") == 1
    assert len(hosts._found) == 1


def test_what_is_remembered_is_bounded():
    hosts = HostMap({"gate": 1})
    for number in range(25_000):
        assert hosts.find(f"host{number}", None) is None
    assert len(hosts._found) <= 10_000
    assert hosts.find("gate", None) == 1


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.7:514", "192.0.2.7"),
        ("[2001:db8::7]:514", "2001:db8::7"),
        ("192.0.2.7", "192.0.2.7"),
        ("/run/collector/log", "/run/collector/log"),
        ("gate", "gate"),
        ("[broken", "[broken"),
        ("gate:name", "gate:name"),
        ("2001:db8::1", "2001:db8::1"),
        ("[::ffff:192.0.2.7]:514", "192.0.2.7"),
        ("[::ffff:0:1]:514", "::ffff:0:1"),
        ("/run/log:514", "/run/log:514"),
        ("", ""),
    ],
)
def test_the_address_of_a_peer(peer, address):
    assert address == address_of(peer)


def test_long_host_names_are_not_kept_in_memory():
    hosts = HostMap({"h" * 60_000: "long"})
    assert hosts.find("H" * 60_000, None) == "long"
    assert hosts._found == {}
