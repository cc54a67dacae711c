from datetime import UTC, datetime, timedelta

import pytest

from collector.config.names import (
    MAX_SOCKET_PATH,
    format_timezone,
    parse_charset,
    parse_path,
    parse_socket_path,
    parse_timezone,
)
from collector.config.values import BadValueError


def offset(zone):
    return zone.utcoffset(datetime(2026, 7, 23, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "hours"), [("Asia/Tokyo", 9), ("UTC", 0), ("+09:00", 9), ("-03:30", -3.5), ("+00:00", 0), ("-12:00", -12)]
)
def test_a_time_zone_is_a_name_or_an_offset(text, hours):
    assert offset(parse_timezone(text)) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["Asia/Tokyo", "UTC", "+09:00", "-03:30"])
def test_a_time_zone_is_shown_as_it_is_written(text):
    assert format_timezone(parse_timezone(text)) == text


def test_a_time_zone_stays_itself():
    assert parse_timezone(UTC) is UTC


@pytest.mark.parametrize(
    "value",
    ["", "Asia", "JST-9", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000, "+9", "+24:00",
     "+0900", "zone.tab", 9, None, True, [], "Asia/Tokyo\n", "é"],
)  # fmt: skip
def test_what_is_no_time_zone_is_told(value):
    with pytest.raises(BadValueError, match=r"is not a time zone$") as caught:
        parse_timezone(value)

    assert caught.value.hint


@pytest.mark.parametrize("text", ["Asia/Tokio", "asia/tokyo"])
def test_a_time_zone_nearly_right_is_guessed(text):
    with pytest.raises(BadValueError) as caught:
        parse_timezone(text)

    assert caught.value.hint == 'did you mean "Asia/Tokyo"?'


@pytest.mark.parametrize(
    ("text", "name"),
    [("utf-8", "utf-8"), ("UTF8", "utf-8"), ("cp932", "cp932"), ("MS932", "cp932"), ("Windows-31J", "cp932"),
     ("Shift_JIS", "cp932"), ("sjis", "cp932"), ("x-sjis", "cp932"), ("euc-jp", "euc-jp"), ("EUC_JP", "euc-jp"),
     ("eucJP-ms", "euc-jp"), ("ujis", "euc-jp"), ("CP51932", "euc-jp"), ("ISO-2022-JP", "iso-2022-jp"),
     ("latin-1", "iso8859-1"), ("cp1252", "cp1252"), ("gbk", "gbk"), ("KOI8-R", "koi8-r")],
)  # fmt: skip
def test_a_character_set_has_one_name_for_all_its_aliases(text, name):
    assert parse_charset(text) == name
    assert parse_charset(name) == name


@pytest.mark.parametrize(
    "value",
    ["", "nonsense", "base64", "rot13", "zlib", "hex", "idna", "punycode", "unicode_escape", "raw-unicode-escape",
     "unicode-escape", "undefined", "charmap", "a\0b", "é", "aliases", "..", None, 932, True, []],
)  # fmt: skip
def test_what_is_no_character_set_is_told(value):
    with pytest.raises(BadValueError, match=r"is not a character set$") as caught:
        parse_charset(value)

    assert caught.value.hint


def test_a_character_set_nearly_right_is_guessed():
    with pytest.raises(BadValueError) as caught:
        parse_charset("cp392")

    assert caught.value.hint == 'did you mean "cp932"?'


@pytest.mark.parametrize("value", ["utf-16", "utf-16-le", "utf-32", "utf-7", "hz", "cp037", "cp500"])
def test_a_character_set_in_which_the_header_would_be_unreadable_is_refused(value):
    with pytest.raises(BadValueError, match=r"cannot be used: a syslog header, which is ASCII, is not readable in it$"):
        parse_charset(value)


def test_a_path_is_taken_as_it_is():
    assert parse_path("/var/log/{{ hostname }} x") == "/var/log/{{ hostname }} x"


@pytest.mark.parametrize("value", ["", " ", None, 5, [], "a\0b"])
def test_what_is_no_path_is_told(value):
    with pytest.raises(BadValueError, match="path") as caught:
        parse_path(value)

    assert caught.value.hint == "such as /var/log/messages"


def test_the_path_of_a_socket_fits_into_its_address():
    assert parse_socket_path("/" + "x" * (MAX_SOCKET_PATH - 1))
    with pytest.raises(BadValueError, match="is too long"):
        parse_socket_path("/" + "着" * 36)
