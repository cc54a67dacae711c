import pytest

from collector.protocol.parsers.hostname import read_hostname


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("gate text", "gate", "text"),
        ("gate  text", "gate", " text"),
        ("gate", "gate", ""),
        ("gate.example.org text", "gate.example.org", "text"),
        ("10.12.255.2-1 text", "10.12.255.2-1", "text"),
        ("under_score text", "under_score", "text"),
        ("site/gate text", "site/gate", "text"),
        ("ops@gate text", "ops@gate", "text"),
        ("::1 text", "::1", "text"),
        ("fe80::1%eth0 text", "fe80::1%eth0", "text"),
        ("[2001:db8::1]:514 text", "[2001:db8::1]:514", "text"),
        ("fw1: %ASA-6-302013: text", "fw1", "%ASA-6-302013: text"),
        ("lastly text", "lastly", "text"),
    ],
)
def test_a_name_is_the_first_word(text, name, rest):
    found = read_hostname(text, 0)
    assert (found.name, text[found.end :]) == (name, rest)


@pytest.mark.parametrize(
    "text",
    [
        *("", "su: text", "su[1] text", "su[1]: text", "--- text", "-- MARK --", "... text", "{} text", "a=b text"),
        *("a,b text", '"a" text', "(root) text", "<a> text", "#001 text", "%bad text", "a|b text", "a\ttext"),
        "last message repeated 2 times",
    ],
)  # fmt: skip
def test_a_word_that_can_be_no_name_is_text(text):
    found = read_hostname(text, 0)
    assert (found.name, found.end) == (None, 0)
