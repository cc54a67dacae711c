"""POSIX expressions match what the C library says they match: regcomp(3) and regexec(3) are the oracle."""

import ctypes
import re

from hypothesis import assume, given
from hypothesis import strategies as st

from collector.errors import CollectorError
from collector.routing.posix_regex import basic_to_python, extended_to_python

LIBC = ctypes.CDLL(None)
EXTENDED, NO_PLACES = 1, 8
PIECES = [
    *"ab-].*+?|(){}^$1", "[ab]", "[^a]", "[]a]", "[a-c]", "[[:digit:]]", "{1}", "{0,2}", "{,2}", r"\(", r"\)", r"\|",
    r"\{1,2\}", r"\+", r"\?", r"\.", r"\*", r"\w", "ab", "[a\\]", "a$b",
]  # fmt: skip
patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
texts = st.text("ab1-]*^$.({})\\+?|c", max_size=6)


def compiled(pattern, flags):
    """What regcomp makes of it, None when it refuses; regex_t has 64 bytes in glibc, more elsewhere."""
    buffer = ctypes.create_string_buffer(512)
    return None if LIBC.regcomp(buffer, pattern.encode(), flags | NO_PLACES) else buffer


def agree(pattern, texts, read, flags):
    judge = compiled(pattern, flags)
    try:
        search = re.compile(read(pattern), re.ASCII).search
    except (CollectorError, re.error):
        search = None
    assume(judge is not None and search is not None)
    for text in texts:
        expected = LIBC.regexec(judge, text.encode(), 0, None, 0) == 0
        assert (search(text) is not None) == expected, (pattern, text)
    LIBC.regfree(judge)


@given(patterns, st.lists(texts, min_size=1, max_size=10))
def test_basic_expressions_match_as_in_the_c_library(pattern, some):
    agree(pattern, some, basic_to_python, 0)


@given(patterns, st.lists(texts, min_size=1, max_size=10))
def test_extended_expressions_match_as_in_the_c_library(pattern, some):
    agree(pattern, some, extended_to_python, EXTENDED)


@given(patterns)
def test_what_the_c_library_refuses_of_extended_expressions_is_refused(pattern):
    if compiled(pattern, EXTENDED) is None:
        try:
            re.compile(extended_to_python(pattern))
        except (CollectorError, re.error):
            return
        raise AssertionError(pattern)
