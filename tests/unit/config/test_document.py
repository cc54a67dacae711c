import pytest
import yaml

from collector.config import document as module
from collector.config.document import MAX_SIZE, parse_document
from collector.config.nodes import MAX_DEPTH, MAX_NODES


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def _both_parsers(request, monkeypatch):
    if request.param == "pure Python":
        monkeypatch.setattr(module, "_LOADER", yaml.SafeLoader)


def parsed(text):
    document, problems = parse_document(text, "c.yaml")
    assert problems == []
    return document


def only_problem(text):
    _, problems = parse_document(text, "c.yaml")
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]


def place(text, path, *, key=False):
    location = parsed(text).location(path, key=key)
    return location.line, location.column


def test_data_is_plain():
    text = "a: [1, 0.5, yes, null, 'x']\nb: {c: true}\n"

    assert parsed(text).data == {"a": [1, 0.5, "yes", None, "x"], "b": {"c": True}}


def test_quoted_scalars_are_text():
    assert parsed("""- '1'\n- "true"\n- |\n  1\n""").data == ["1", "true", "1\n"]


def test_the_place_of_values_and_keys():
    text = "sources:\n  - udp: 0.0.0.0:514\n    receive_buffer: 32MiB\n"

    assert place(text, ("sources", 0, "receive_buffer")) == (3, 21)
    assert place(text, ("sources", 0, "receive_buffer"), key=True) == (3, 5)
    assert place(text, ("sources", 0, "udp")) == (2, 10)
    assert place(text, ("sources", 0)) == (2, 5)
    assert place(text, ()) == (1, 1)


def test_columns_count_characters():
    assert place("{着信: a, b: c}", ("b",)) == (1, 12)


def test_the_place_of_what_does_not_exist_is_the_nearest_that_does():
    text = "a:\n  b: 1\n"

    assert place(text, ("a", "c", "d")) == (2, 3)
    assert place(text, ("x",)) == (1, 1)
    assert place(text, ("a", "c"), key=True) == (2, 3)
    assert place(text, ("a", "b", "c"), key=True) == (2, 6)
    assert place(text, (), key=True) == (1, 1)
    assert place("- 1\n- 2\n", (1,), key=True) == (2, 3)


@pytest.mark.parametrize(
    ("text", "start"),
    [("r: |\n  one\n  two\n", (2, 3)), ("r: |  # comment\r\n    one\r\n", (2, 5)), ("r: |-\n\n  one\n", (2, 3)),
     ("r: |2\n    one\n", (2, 3)), ("r: |+\n one \n\n", (2, 2)), ("r: |\n", (2, 1)), ("r: 'one'", (1, 5)),
     ('r: "one"', (1, 5)), ("r: one", (1, 4)), ("r:\n  |\n  one\n", (3, 3))],
)  # fmt: skip
def test_the_first_line_of_a_block(text, start):
    location = parsed(text).block_start(("r",))

    assert (location.line, location.column) == start


def test_a_block_after_an_empty_line_still_begins_below_its_indicator():
    document = parsed("r: |\n\n  one\n")
    lines = document.data["r"].split("\n")

    assert document.block_start(("r",)).line + lines.index("one") == 3


def test_blocks_and_folded_texts_are_told_apart():
    document = parsed("a: |\n  x\n  y\nb: >\n  x\n  y\nc: x\n  y\nd: 'x\n  y'\ne: x\n")

    assert [key for key in "abcde" if document.is_block((key,))] == ["a"]
    assert [key for key in "abcde" if document.is_folded((key,))] == ["b", "c", "d"]


def test_aliases_repeat_their_anchor():
    assert parsed("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n").data == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}] * 2}


def test_a_byte_order_mark_is_a_warning_and_moves_nothing():
    document, problems = parse_document("\ufeffa: b", "c.yaml")

    assert [problem.level for problem in problems] == ["warning"]
    assert str(document.location(("a",), key=True)) == "c.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("r: abc(d", 3, (1, 7)),
        ("r: 'abc(d'", 3, (1, 8)),
        ('r: "abc(d"', 3, (1, 8)),
        ("{r: [x, 'abc(d']}", 3, (1, 5)),
        ("r: |\n  abc(d\n", 3, (2, 6)),
        ("r: |-\n    one\n    abc(d\n", 7, (3, 8)),
        ("r: 'it''s(d'", 4, (1, 5)),
        ("r: 'it''s(d'", 2, (1, 7)),
        ('r: "a\\tb(d"', 3, (1, 5)),
        ("r: >\n  abc\n  d(e\n", 5, (2, 1)),
        ("r: abc\n  d(e\n", 5, (1, 4)),
        ("r: 日本語(d", 3, (1, 7)),
        ("r: abc", 3, (1, 7)),
    ],
)
def test_the_place_of_a_character_is_exact_where_the_text_stands_as_it_is(text, offset, expected):
    location = parsed(text).place_in(("r",), offset)
    assert (location.line, location.column) == expected


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "~"])
def test_an_empty_file_is_a_problem(text):
    assert only_problem(text).id == "empty"


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: b\0c", "1:5: error: the character U+0000"), ("a:\n  b: \x1b[1m", "2:6: error: the character U+001B"),
     ("a: \ud800", "1:4: error: the character U+D800"), ("\ufffe", "1:1: error: the character U+FFFE")],
)  # fmt: skip
def test_a_character_that_is_not_text_is_named(text, said):
    assert str(only_problem(text)).startswith(f"c.yaml:{said} cannot stand in a configuration file [encoding]")


def test_a_duplicate_key_names_both_places():
    problem = only_problem("a: 1\nb: 2\na: 3\n")

    assert str(problem) == (
        'c.yaml:3:1: error: the key "a" appears twice [duplicate-key]\n'
        "    hint: the first is at c.yaml:1:1: keep one of them"
    )


def test_the_first_of_two_keys_is_read_on():
    document, _ = parse_document("a: 1\na: 2\n", "c.yaml")

    assert document.data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "identifier", "at"),
    [("a: {1: x}", "key-type", "1:5"), ("true: x", "key-type", "1:1"), ("? ~\n: x", "key-type", "1:3"),
     ("{[a]: b}", "key-type", "1:2"), ("a: {{ b }}", "key-type", "1:5"), ("a: 1\n<<: {b: 2}", "yaml-merge-key", "2:1"),
     ("a: !!str 5", "yaml-syntax", "1:4"), ("- ! x", "yaml-syntax", "1:3"), ("a: *b", "yaml-syntax", "1:4"),
     ("a: b\n--- c", "yaml-syntax", "2:1")],
)  # fmt: skip
def test_what_yaml_knows_and_we_do_not_read(text, identifier, at):
    problem = only_problem(text)

    assert (problem.id, str(problem.location)) == (identifier, f"c.yaml:{at}")


def test_a_quoted_merge_sign_is_an_ordinary_key():
    assert parsed('"<<": 1').data == {"<<": 1}


SYNTAX = [
    ("- *.info  /x  # y", "1:3", "text that begins with * must be quoted", 'write "*.info  /x"'),
    ("- *info /x", "1:3", "text that begins with * must be quoted", '"*info'),
    ("to: [*.info, b]", "1:6", "text that begins with * must be quoted", 'write "*.info"'),
    ("a: {b: *}", "1:8", "text that begins with * must be quoted", 'write "*"'),
    ("- !sshd", "1:3", "text that begins with ! must be quoted", 'write "!sshd"'),
    ("- !x!y z", "1:3", "text that begins with ! must be quoted", 'write "!x!y z"'),
    ("- &", "1:3", "text that begins with & must be quoted", "anchor"),
    ("- @host", "1:3", "text that begins with @ must be quoted", 'write "@host"'),
    ("a: {udp: :5514, b: c}", "1:10", "a value was expected here", 'begins with ":" inside of [ ] or { }: ":5514"'),
    ("a: [{udp: :5514}]", "1:11", "a value was expected here", 'begins with ":" inside of [ ] or { }: ":5514"'),
    ("a: `x`", "1:4", "text that begins with ` must be quoted", "reserves"),
    ("a: %FROMHOST%", "1:4", "text that begins with % must be quoted", 'write "%FROMHOST%"'),
    ('- *.* "x\\y"', "1:3", "text that begins with * must be quoted", """write '*.* "x\\y"'"""),
    ("a:\n\tb: 1", "2:1", "a TAB in the indentation", "blanks only"),
    ("file: {{ host }}.log", "1:17", "text with {{ }} that is not in quotes", '"/var/log/{{ hostname }}.log"'),
    ("{file: /v/{{ h }}/x}", None, "text with {{ }} that is not in quotes", "quote the whole value"),
    ("a: b: c", "1:5", 'a ":" where none can be', 'contains ": "'),
    ('a: "x\nb: 1', "1:4", "a quote is opened here and never closed", "close it"),
    ("a: 'it's'", "1:8", "this does not fit what stands before it", "closing quote"),
    ('a: "\\d+"', "1:4", "a backslash in double quotes begins an escape, and this is none YAML knows", "single quotes"),
    ("a: [1, 2\nb: 3", None, "a list [ … ] or mapping { … } is not closed, or a comma is missing", "close it"),
    ("a: - b", "1:4", '"- " where no list can begin', "next line"),
    ("a:\n- b\nc", None, "neither a key nor a list item", "key: value"),
    ("a:\n  b: 1\n c: 2", "3:2", "this does not fit what stands before it", "same column"),
    ("a: [::]:514", "1:5", "a value was expected here", '"[::]:514"'),
    ("%YAML 2.0\n--- a", "1:1", "text that begins with % must be quoted", "directive"),
]


@pytest.mark.parametrize(("text", "at", "message", "cure"), SYNTAX, ids=[case[0][:20] for case in SYNTAX])
def test_broken_yaml_is_told_with_its_cure(text, at, message, cure):
    problem = parse_document(text, "c.yaml")[1][0]

    assert problem.message.startswith(message)
    assert cure in problem.hint
    assert at is None or str(problem.location) == f"c.yaml:{at}"


def test_every_unquoted_sign_is_told_in_one_go():
    text = "- *.info /a\n- mail.* /b\n- *.err /c\n- @host\n- !sshd\n"
    document, problems = parse_document(text, "c.yaml")

    assert sorted(problem.location.line for problem in problems) == [1, 3, 4, 5]
    assert document.data[1] == "mail.* /b"


def test_repairs_hit_their_place_whatever_stands_before():
    text = "# 着信 😀\r\n- é\u2028\n- *.info\r- @x\n- {a: /{{ b }}}\n- last\n"
    document, problems = parse_document(text, "c.yaml")

    assert [problem.hint.partition("write ")[2] for problem in problems] == ['"*.info"', '"@x"', ""]
    assert document.data == ["é", "x.info", "xx", {"a": "/xx b xx"}, "last"]


def test_unquoted_templates_are_told_in_one_go():
    text = "- {file: /{{ h }}/x}\n- file: {{ h }}.log\n- {file: /y}\n"
    document, problems = parse_document(text, "c.yaml")

    assert [problem.location.line for problem in problems] == [1, 2]
    assert document.data[2] == {"file": "/y"}
    assert [document.is_misread((index,)) for index in range(3)] == [True, True, False]


def test_signs_without_end_do_not_keep_it_busy():
    document, problems = parse_document("- *.info /a\n" * 1000, "c.yaml")

    assert document is None
    assert 10 < len(problems) < 100


def test_an_escaped_half_of_a_surrogate_pair_is_a_problem():
    assert only_problem('a: "\\ud800"').location.line == 1


def test_an_impossible_escape_is_a_problem():
    assert only_problem('a: "\\UFFFFFFFF"').id == "yaml-syntax"


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 900, 20_000])
def test_nesting_is_bounded(levels):
    assert only_problem("[" * levels + "]" * levels).message == f"nested more than {MAX_DEPTH} levels deep"


def test_nesting_by_aliases_is_bounded():
    lines = [f"a{i}: &a{i} " + "[" * 60 + (f"*a{i - 1}" if i else "x") + "]" * 60 for i in range(3)]

    assert only_problem("\n".join(lines)).message == f"nested more than {MAX_DEPTH} levels deep"


def test_aliases_count_as_if_written_out():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 9)]

    assert only_problem("\n".join(lines)).message == f"more than {MAX_NODES} values, aliases written out"


@pytest.mark.parametrize("text", ["a: &x [*x]", "&x {a: *x}", "&x [[*x]]"])
def test_an_alias_inside_its_anchor_is_a_problem(text):
    assert only_problem(text).message == "the alias *x stands inside its own anchor"


def test_a_text_beyond_all_size_is_refused_unread():
    assert only_problem("a" * (MAX_SIZE + 1)).id == "too-large"
