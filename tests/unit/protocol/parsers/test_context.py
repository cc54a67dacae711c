import pytest

from collector.protocol.parsers.context import sender_of


@pytest.mark.parametrize(
    ("peer", "hostname"),
    [
        ("192.0.2.7:4428", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]:514", "2001:db8::1"),
        ("[::ffff:192.0.2.7]:514", "192.0.2.7"),
        ("[::ffff:0:1]:514", "::ffff:0:1"),
        ("/run/collector/log", None),
        ("@abstract", None),
        ("", None),
        (None, None),
    ],
)
def test_the_sender_s_address_stands_in_for_its_name(peer, hostname):
    assert sender_of(peer) == hostname
