import pytest

from collector.config.network import parse_network
from collector.sources import allow
from collector.sources.allow import AllowList


@pytest.mark.parametrize(
    ("networks", "sender", "allowed"),
    [
        (["192.0.2.0/24"], "192.0.2.7", True),
        (["192.0.2.0/24"], "192.0.3.7", False),
        (["192.0.2.7"], "192.0.2.7", True),
        (["192.0.2.7"], "192.0.2.8", False),
        (["198.51.100.0/24", "192.0.2.0/24"], "192.0.2.7", True),
        (["2001:db8::/32"], "2001:db8::7", True),
        (["2001:db8::/32"], "2001:db9::7", False),
        (["2001:db8::/32"], "192.0.2.7", False),
        (["::ffff:192.0.2.0/120"], "192.0.2.7", True),
        (["0.0.0.0/0"], "192.0.2.7", True),
        (["0.0.0.0/0"], "2001:db8::7", False),
        (["::/0"], "192.0.2.7", False),
    ],
)
def test_the_networks_decide(networks, sender, allowed):
    one = AllowList([parse_network(text) for text in networks])

    assert [one.allows(sender), one.allows(sender)] == [allowed, allowed]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(allow, "_REMEMBERED", 10)
    one = AllowList([parse_network("192.0.2.0/25")])

    assert [one.allows(f"192.0.2.{number}") for number in range(256)] == [True] * 128 + [False] * 128
    assert len(one._known) <= 10
