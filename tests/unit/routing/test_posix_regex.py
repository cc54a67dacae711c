import re

import pytest

from collector.errors import CollectorError
from collector.routing.posix_regex import basic_to_python, extended_to_python


@pytest.mark.parametrize(
    ("pattern", "python"),
    [
        ("a.c", "a.c"),
        (r"a\.c", r"a\.c"),
        ("a*", "a*"),
        ("*a", r"\*a"),
        ("^*a", r"^\*a"),
        (r"\(*a\)", r"(\*a)"),
        ("a+b?", r"a\+b\?"),
        (r"a\+b\?", "a+b?"),
        (r"x\{2,3\}", "x{2,3}"),
        (r"x\{,3\}", "x{0,3}"),
        (r"x\{2\}", "x{2}"),
        (r"x\{2,\}", "x{2,}"),
        ("x{2}", r"x\{2\}"),
        ("(a|b)", r"\(a\|b\)"),
        (r"\(a\|b\)c", "(a|b)c"),
        ("^a$", "^a$"),
        ("a^b$c", r"a\^b\$c"),
        (r"\(^a\|b$\)", "(^a|b$)"),
        (r"\(a\)\1", r"(a)(?:\1)"),
        ("[]a-]", r"[\]a\-]"),
        ("[^]a]", r"[^\]a]"),
        (r"[\n]", r"[\\n]"),
        ("[a-z[:digit:]_]", "[a-z0-9_]"),
        (r"\<a\>", r"(?:\b(?=\w))a(?:\b(?<=\w))"),
        (r"\w\S", r"(?:\w)(?:\S)"),
        ("", ""),
    ],
)
def test_a_basic_expression_in_the_words_of_python(pattern, python):
    assert basic_to_python(pattern) == python
    re.compile(python)


@pytest.mark.parametrize(
    ("pattern", "python"),
    [
        ("(a|b)+c?", "(a|b)+c?"),
        ("a**", "(?:a*)*"),
        ("a*+", "(?:a*)+"),
        ("a+?", "(?:a+)?"),
        ("x{2,3}", "x{2,3}"),
        (r"x\{2\}", r"x\{2\}"),
        (r"\(a\)", r"\(a\)"),
        ("a)", r"a\)"),
        ("()", "()"),
        ("a|", "a|"),
        ("a^b", "a^b"),
        (r"a\d", "ad"),
        ("[[:alpha:][:space:]]", r"[a-zA-Z \t\n\r\f\v]"),
        ("é+", "é+"),
    ],
)
def test_an_extended_expression_in_the_words_of_python(pattern, python):
    assert extended_to_python(pattern) == python
    re.compile(python)


@pytest.mark.parametrize(
    ("read", "pattern", "words"),
    [
        (basic_to_python, r"\(a", "a group is not closed"),
        (basic_to_python, r"a\)", "a group is closed that is not open"),
        (extended_to_python, "(a", "a group is not closed"),
        (extended_to_python, "*a", "a repetition of nothing"),
        (extended_to_python, "a|*", "a repetition of nothing"),
        (extended_to_python, "$*", "a repetition of nothing"),
        (extended_to_python, "a{", "no number of repetitions"),
        (basic_to_python, r"a\{x\}", "no number of repetitions"),
        (extended_to_python, "a{3,2}", '"{3,2}" is no number of repetitions'),
        (extended_to_python, "a{99999}", '"{99999}" is no number of repetitions'),
        (basic_to_python, "[a", 'no "]" closes a "["'),
        (basic_to_python, "a\\", "it ends in a backslash"),
        (basic_to_python, "[z-a]", "the range z-a runs backwards"),
        (basic_to_python, "[[:alpa:]]", "there is no class [:alpa:]"),
        (basic_to_python, "[[.a.]]", "collating elements"),
    ],
)
def test_what_is_wrong_is_said(read, pattern, words):
    with pytest.raises(CollectorError, match=re.escape(words)):
        read(pattern)
