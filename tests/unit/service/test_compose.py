"""A message to send: header forms, priorities, charsets."""

from datetime import datetime, timedelta, timezone

import pytest

from collector.errors import CollectorError
from collector.service.compose import Header, compose, encode, parse_priority

JST = timezone(timedelta(hours=9))
NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, JST)
HEADER = Header(135, "atropos", "test", "42")


def test_rfc3164_header_shows_local_time_with_a_padded_day():
    assert compose("hello", HEADER, NOW) == b"<135>Mar  4 05:06:07 atropos test[42]: hello"


def test_rfc3164_without_tag_begins_the_text_after_the_host_name():
    assert compose("hello", Header(13, "atropos"), NOW) == b"<13>Mar  4 05:06:07 atropos hello"


def test_rfc5424_header_carries_microseconds_and_offset():
    expected = b"<135>1 2026-03-04T05:06:07.890123+09:00 atropos test 42 - - hello"
    assert compose("hello", HEADER, NOW, rfc5424=True) == expected


def test_rfc5424_without_tag_and_process_writes_nil_values():
    expected = b"<13>1 2026-03-04T05:06:07.890123+09:00 atropos - - - - hello"
    assert compose("hello", Header(13, "atropos"), NOW, rfc5424=True) == expected


@pytest.mark.parametrize(
    ("text", "pri"),
    [("local0.debug", 135), ("135", 135), ("0", 0), ("191", 191), ("kern.emerg", 0), ("Security.ERROR", 35)],
)
def test_priority_is_a_pair_of_names_or_a_number(text, pri):
    assert parse_priority(text) == pri


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("locl0.debug", 'unknown facility "locl0"', 'did you mean "local0"?'),
        ("local0.debgu", 'unknown severity "debgu"', 'did you mean "debug"?'),
        ("192", '"192" is not a priority', "0 to 191"),
        ("debug", '"debug" is not a priority', "facility.severity"),
    ],
)
def test_a_priority_that_is_none_is_refused_with_a_hint(text, message, hint):
    with pytest.raises(CollectorError) as caught:
        parse_priority(text)
    assert str(caught.value) == message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (Header(hostname="two words"), '"two words" cannot be a host name'),
        (Header(hostname=""), '"" cannot be a host name'),
        (Header(app_name="日本"), '"日本" cannot be a tag'),
        (Header(app_name="a", proc_id="1\n2"), '"1\n2" cannot be a process id'),
        (Header(app_name="a" * 49), "the tag has 49 characters"),
    ],
)
@pytest.mark.parametrize("rfc5424", [False, True])
def test_a_header_field_that_would_break_the_header_is_refused(header, message, rfc5424):
    with pytest.raises(CollectorError) as caught:
        compose("hello", header, NOW, rfc5424=rfc5424)
    assert str(caught.value) == message


TEXT = "着信トラフィック ABC ｶﾅ ①髙㈱\uff5e"


def test_cp932_is_what_windows_writes():
    expected = "着信トラフィック ABC ｶﾅ ①髙㈱\uff5e".encode("cp932")
    assert encode(TEXT, "Shift_JIS") == expected


def test_euc_jp_has_the_characters_that_windows_adds():
    assert encode("日 ｶ ①髙㈱\uff5e", "euc-jp") == bytes.fromhex("c6fc 20 8eb6 20 ada1 fce2 adea a1c1")


def test_iso_2022_jp_designates_kana_and_kanji_and_ends_in_ascii():
    expected = b"A\x1b$BF|\x1b(B \x1b(I6\x1b(B\x1b$B-!|b\x1b(B!"
    assert encode("A日 ｶ①髙!", "iso-2022-jp") == expected


@pytest.mark.parametrize("text", ["日本語の監査 ABC", "plain", ""])
@pytest.mark.parametrize("charset", ["cp932", "euc-jp", "iso-2022-jp", "utf-8"])
def test_plain_japanese_can_be_decoded_by_the_charset_it_names(text, charset):
    assert encode(text, charset).decode(charset) == text


def test_kanji_of_jis_x_0212_are_designated_too():
    assert encode("鷗外", "euc-jp").decode("euc-jp") == "鷗外"
    assert encode("鷗外", "iso-2022-jp").decode("iso2022_jp_ext") == "鷗外"


@pytest.mark.parametrize("charset", ["cp932", "euc-jp", "iso-2022-jp", "cp1252"])
def test_a_character_that_a_charset_lacks_is_named(charset):
    with pytest.raises(CollectorError) as caught:
        encode("ok \N{SNOWMAN WITHOUT SNOW}\N{GRINNING FACE}", charset)
    assert str(caught.value) in {
        f"'\\u26c4' (U+26C4) does not exist in {charset}",
        f"'\\U0001f600' (U+1F600) does not exist in {charset}",
    }
    assert caught.value.hint == "send it with --charset utf-8"


def test_undecodable_input_goes_out_in_utf_8_as_it_came():
    assert encode(b"\xff\xfe".decode("utf-8", "surrogateescape"), "utf-8") == b"\xff\xfe"


def test_an_unknown_charset_is_refused():
    with pytest.raises(CollectorError, match="klingon"):
        encode("x", "klingon")
