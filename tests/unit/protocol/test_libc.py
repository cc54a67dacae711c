import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.protocol import libc


@pytest.fixture(params=["with argz", "without"], autouse=True, scope="module")
def library(request):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "without":
            patch.setattr(libc, "_argz_count", None)
        yield


@given(st.lists(st.binary(max_size=40).map(lambda line: line.translate(None, b"\n\0"))))
def test_lines_are_counted_whatever_they_hold(lines):
    assert libc.count_lines(b"".join(line + b"\n" for line in lines)) == len(lines)


def test_a_large_block_is_counted():
    assert libc.count_lines((b"x" * 180 + b"\n") * 20_000) == 20_000
