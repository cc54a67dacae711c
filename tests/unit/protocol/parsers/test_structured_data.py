import pytest

from collector.protocol.parsers.structured_data import read_structured_data


@pytest.mark.parametrize(
    ("text", "data", "rest"),
    [
        ("-", {}, ""),
        ("- text", {}, " text"),
        ('[a b="c"] text', {"a": {"b": "c"}}, " text"),
        ('[a b="c"][d]', {"a": {"b": "c"}, "d": {}}, ""),
        ('[a b="x] [y"] text', {"a": {"b": "x] [y"}}, " text"),
        ('[a b="[d e=\\"f\\"]"]', {"a": {"b": '[d e="f"]'}}, ""),
        ('[a b="1" b="2"][a b="3"]', {"a": {"b": ["1", "2", "3"]}}, ""),
        ('[a b="1\n2"]', {"a": {"b": "1\n2"}}, ""),
    ],
)
def test_structured_data_is_read_by_the_letter(text, data, rest):
    reading = read_structured_data(text, 0)
    assert (reading.data, text[reading.end :], reading.marks) == (data, rest, ())


@pytest.mark.parametrize(
    ("text", "data", "rest"),
    [
        ("[a b=c] text", {"a": {"b": "c"}}, " text"),
        ('[a b=c d="e f"] text', {"a": {"b": "c", "d": "e f"}}, " text"),
        ("[a b=]", {"a": {"b": ""}}, ""),
        ('[a b= "c"] text', {"a": {"b": "c"}}, " text"),
        ('[a b="C:\\"] "text"', {"a": {"b": "C:\\"}}, ' "text"'),
        ('[a b="C:\\" d="e"] text', {"a": {"b": "C:\\", "d": "e"}}, " text"),
        ('[a b="say "hi" now" d="e"] text', {"a": {"b": 'say "hi" now', "d": "e"}}, " text"),
        ('[a b="c"]text', {"a": {"b": "c"}}, "text"),
    ],
)
def test_what_devices_write_is_read_loosely_and_marked(text, data, rest):
    reading = read_structured_data(text, 0)
    assert (reading.data, text[reading.end :], reading.marks) == (data, rest, ("loose_structured_data",))


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "-x",
        "[",
        "[]",
        "] text",
        "[ a]",
        '[a b="c',
        "[a b] text",
        '[a" b="c"]',
        '[a= b="c"]',
        "[a][b text",
        '[a:"b"; c:"d"]',
    ],
)
def test_what_is_no_structured_data_stays_text(text):
    reading = read_structured_data(text, 0)
    assert (reading.data, reading.end, reading.marks) == ({}, 0, ("bad_structured_data",))
