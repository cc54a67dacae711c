import re
from typing import Literal

import pytest
from pydantic import Field

from collector.config.document import parse_document
from collector.config.options import Address, Many, Options, Size
from collector.config.settings import ComponentSpec
from collector.config.validation import component, validate


def document_of(text):
    document, problems = parse_document(text, "c.yaml")
    assert problems == []
    return document


def checked(model, text):
    document = document_of(text)
    return validate(model, document.data, document, ())


def checked_component(model, text):
    document = document_of(text)
    kind = next(iter(document.data))
    options = {key: value for key, value in document.data.items() if key != kind}
    return component(ComponentSpec(kind, document.data[kind], options, ()), model, document)


def lines(problems):
    return [
        f"{problem.location.line}:{problem.location.column} {problem.message} | {problem.hint}" for problem in problems
    ]


def test_good_options_come_back_typed(listener):
    options, problems = checked(listener, "{address: ':514', receive_buffer: 64KiB, idle: 5m, tls: {ciphers: [a, b]}}")

    assert problems == []
    assert (str(options.address), options.receive_buffer, options.idle) == (":514", 65536, 300.0)
    assert options.tls.ciphers == ("a", "b")


def test_options_cannot_be_changed(listener):
    options, _ = checked(listener, "address: ':514'")

    with pytest.raises(ValueError, match="frozen"):
        options.idle = 5.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("recieve_buffer: 1MiB", '2:1 unknown key "recieve_buffer" | did you mean "receive_buffer"?'),
        (
            "xyzzy: 1",
            '2:1 unknown key "xyzzy" | known keys: address, receive_buffer, idle, keepalive, framing, tls, peers',
        ),
        ("tls: {cert: x}", '2:7 unknown key "cert" | did you mean "certificate"?'),
        ("peers: [{}, {chipers: []}]", '2:14 unknown key "chipers" | did you mean "ciphers"?'),
        ("receive_buffer: abc", '2:17 "abc" is not a size | a number with a unit: 64KiB, 32MiB, 100MB'),
        ("receive_buffer: 1KiB", '2:17 "1KiB" is too small | at least 4KiB'),
        ("receive_buffer: 2TiB", '2:17 "2TiB" is too large | at most 1GiB'),
        ("receive_buffer: 5", "2:17 5 is too small | at least 4096"),
        ("receive_buffer:", "2:16 an empty value is not a size | a number with a unit: 64KiB, 32MiB, 100MB"),
        ("idle: 10ms", '2:7 "10ms" is too small | at least 1s'),
        ("idle: 10", "2:7 10 is not a duration | add a unit: 10s or 10m"),
        ("keepalive: on", '2:12 "on" is not true or false | YAML 1.2 knows no other words for them'),
        ("keepalive: 1", "2:12 1 is not true or false | YAML 1.2 knows no other words for them"),
        ("framing: octet", '2:10 "octet" is not "auto" or "lf" or "octet-counting" | did you mean "octet-counting"?'),
        ("framing: []", '2:10 a list is not "auto" or "lf" or "octet-counting" | None'),
        ("tls: x", '2:6 "x" is not a mapping | write its keys, each with ": " and its value'),
        ("peers: {}", '2:8 a mapping is not a list | write [a, b], or one item a line, each after "- "'),
        ("peers: [5]", '2:9 5 is not a mapping | write its keys, each with ": " and its value'),
        ("tls: {ciphers: [a, 5]}", "2:20 5 is not text | put it in quotes"),
        (
            "tls: {ciphers: [[a]]}",
            '2:17 a list is not text | text that begins with [ or { or contains ": " must be quoted',
        ),
        ("tls: {certificate: ''}", '2:20 "" is not a path | such as /var/log/messages'),
        ("keepalive: false\nidle: 2h", "3:1 nobody would notice | lower it"),
    ],
)
def test_each_mistake_is_told_in_plain_words_at_its_place(listener, text, told):
    options, problems = checked(listener, f"address: ':514'\n{text}\n")

    assert options is None
    assert lines(problems) == [told]


def test_every_mistake_is_told_in_one_go_in_the_order_of_the_file(listener):
    _, problems = checked(listener, "idle: 5\nbuffer: 1\ntls: {x: 1, ciphers: 5}\nkeepalive: no\n")

    assert [problem.message for problem in problems] == [
        'missing key "address"', "5 is not a duration", 'unknown key "buffer"', 'unknown key "x"', "5 is not a list",
        '"no" is not true or false',
    ]  # fmt: skip


def test_a_component_takes_its_target_from_the_key_that_names_its_kind(listener):
    options, problems = checked_component(listener, "udp: localhost:514\nidle: 1h\n")

    assert problems == []
    assert str(options.address) == "localhost:514"


def test_a_bad_target_is_told_at_the_value(listener):
    _, problems = checked_component(listener, "udp: localhost\nidel: 1h\n")

    assert lines(problems) == [
        '1:6 "localhost" has no port | add it: "localhost:514"',
        '2:1 unknown key "idel" | did you mean "idle"?',
    ]


def test_the_field_of_the_target_is_no_key_of_its_own(listener):
    options, problems = checked_component(listener, "udp: ':514'\naddress: ':515'\n")

    assert options is None
    assert lines(problems) == ['2:1 unknown key "address" | its value stands after "udp"']


def test_known_keys_name_the_kind_and_not_the_field(listener):
    _, problems = checked_component(listener, "udp: ':514'\nxyzzy: 1\n")

    assert problems[0].hint.startswith("known keys: udp, receive_buffer")


def test_a_target_named_like_its_kind(file_sink):
    options, problems = checked_component(file_sink, "file: /x\nmode: 0600\n")

    assert problems == []
    assert (options.file, options.mode) == ("/x", 0o600)


class Login(Options):
    kind: Literal["login"]
    user: str


class Key(Options):
    kind: Literal["key"]
    file: str


class Choosy(Options):
    plain: int | Literal["auto"] = 1
    either: str | Login = ""
    tagged: Login | Key | None = Field(default=None, discriminator="kind")
    many: Many[Size | Literal["auto"]] = ()
    byname: dict[str, Address | Key] = Field(default_factory=dict)
    short: Many[int] = Field(default=(), min_length=1, max_length=2)
    name: str = Field(default="ab", min_length=2, max_length=3, pattern="^a")
    ratio: float = Field(default=0.5, gt=0, lt=1, allow_inf_nan=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain: x", ['1:8 "x" is not a whole number or "auto"']),
        ("either: {kind: login}", ['1:9 missing key "user"']),
        ("either: {kind: login, user: x, usr: y}", ['1:32 unknown key "usr"']),
        ("either: 5", ["1:9 5 is not text or a mapping"]),
        ("tagged: {kind: key, file: 5}", ["1:27 5 is not text"]),
        ("tagged: {kind: key, file: x, key: y}", ['1:30 unknown key "key"']),
        ("tagged: {kind: login}", ['1:9 missing key "user"']),
        ("many: [1, x]", ['1:11 "x" is not a size']),
        ("byname: {a: {kind: key}}", ['1:13 missing key "file"']),
        ("short: []", ["1:8 a list has too few items"]),
        ("short: [1, 2, 3]", ["1:8 a list has too many items"]),
        ("name: a", ['1:7 "a" has too few characters']),
        ("name: abcd", ['1:7 "abcd" has too many characters']),
        ("name: xyz", ['1:7 "xyz" is not written as it must be']),
        ("ratio: 0", ["1:8 0 is too small"]),
        ("ratio: 1.0", ["1:8 1.0 is too large"]),
        ("ratio: .nan", ["1:8 nan is not a finite number"]),
    ],
)
def test_members_of_unions_never_show(text, told):
    _, problems = checked(Choosy, text)

    assert [line.split(" | ")[0] for line in lines(problems)] == told
    assert not re.search(r"literal|function|Login|Key|\bstr\b|\bint\b", " ".join(lines(problems)))


def test_keys_of_models_in_a_union_are_guessed_from_them():
    _, problems = checked(Choosy, "either: {kind: login, user: x, usr: y}")

    assert problems[0].hint == 'did you mean "user"?'
