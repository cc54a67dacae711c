import json
from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from collector.config.document import parse_document
from collector.config.network import Address, parse_address, parse_host
from collector.config.problems import quote
from collector.config.scalars import resolve
from collector.config.values import (
    BadValueError,
    format_duration,
    format_mode,
    format_size,
    parse_duration,
    parse_mode,
    parse_size,
)

PARSERS = (parse_size, parse_duration, parse_mode, parse_address, parse_host)

# JSON writes characters beyond U+FFFF as two halves, which YAML does not join.
text = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=30)
scalar = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | text
)
tree = st.recursive(scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4))


@given(st.integers(0, 1 << 60))
def test_a_size_survives_being_shown(size):
    assert parse_size(format_size(size)) == size


@given(st.integers(0, 10**12))
def test_a_duration_of_milliseconds_survives_being_shown(milliseconds):
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.integers(0, 0o7777))
def test_a_mode_survives_being_shown(mode):
    assert parse_mode(format_mode(mode)) == mode


@given(st.ip_addresses(), st.integers(0, 65535))
def test_an_address_survives_being_shown(host, port):
    address = Address(str(host), port)

    assert parse_address(str(address)) == address
    assert str(address).startswith("[") == isinstance(host, IPv6Address)


@given(st.sampled_from(PARSERS), tree | st.from_regex(r"[0-9]{1,4}\.?[0-9]?[KMkmhds]?i?[Bms]?:?[0-9]?", fullmatch=True))
def test_any_value_is_read_or_refused_with_a_hint(parse, value):
    refusal = refusal_of(parse, value)

    assert refusal is None or (str(refusal).isprintable() and refusal.hint)


def refusal_of(parse, value):
    try:
        parse(value)
    except BadValueError as error:
        return error
    return None


@given(text)
def test_a_plain_scalar_always_has_a_value(plain):
    assert isinstance(resolve(plain), str | int | float | bool | None)


@given(tree.filter(lambda value: value is not None))
def test_json_means_the_same_here(value):
    document, problems = parse_document(json.dumps(value), "c.yaml")

    assert problems == []
    assert document.data == value


@given(tree.filter(lambda value: isinstance(value, list | dict)))
def test_every_value_stands_where_its_location_says(value):
    written = json.dumps(value)
    document, _ = parse_document(written, "c.yaml")

    for path, item in leaves(value, ()):
        column = document.location(path).column
        assert written[column - 1 :].startswith(json.dumps(item))


def leaves(value, path):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


@given(tree)
def test_a_value_is_named_in_one_short_printable_line(value):
    assert quote(value).isprintable()
    assert len(quote(value)) <= 62 * len(r"\U00010000")
