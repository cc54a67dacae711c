"""Whatever the bytes, the visible line hides nothing and can be undone."""

import re

from hypothesis import given
from hypothesis import strategies as st
from japanese_lines import ENCODERS, TEXTS

from collector.protocol.charset import Charsets, is_clean, undo

_CHARSETS = Charsets()
_HIDDEN = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PIECES = [
    b"#", b"#0", b"33", b"#033", b"#123", b"\x1b", b"\x1b$B", b"$B", b"\x1b(B", b"^[$B", b"^[(B", b"\xff\xfe",
    b"\xfe\xff", b"\0", b"\n", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe3\x81", b"\x8e", b"\x8f\xf4", b"\xad\xa1",
    b"\x87\x40", b"\xa0",
]  # fmt: skip
_TEXT = st.sampled_from(TEXTS)
_ENCODED = st.builds(lambda text, charset: ENCODERS[charset](text), _TEXT, st.sampled_from(sorted(ENCODERS)))
_FRAMES = st.one_of(
    st.binary(max_size=40),
    st.lists(st.one_of(st.sampled_from(_PIECES), _ENCODED, st.binary(max_size=3)), max_size=6).map(b"".join),
)
_DECLARED = st.sampled_from([None, "cp932", "euc-jp", "utf-8", "ascii", "iso-2022-jp", "cp1252", "gb18030"])


@given(_FRAMES, _DECLARED)
def test_a_visible_line_is_one_line_of_utf8_with_nothing_hidden(frame, declared):
    visible = _CHARSETS.normalise(frame, declared).visible

    assert not _HIDDEN.search(visible)
    assert b"\n" not in visible.encode()


@given(_FRAMES, _DECLARED)
def test_what_was_utf8_or_unknown_comes_back_byte_for_byte(frame, declared):
    text = _CHARSETS.normalise(frame, declared)

    if text.charset in ("ascii", "utf-8", "unknown"):
        assert undo(text.visible) == frame


@given(_FRAMES, _DECLARED)
def test_what_was_converted_comes_back_as_text(frame, declared):
    text = _CHARSETS.normalise(frame, declared)

    if not text.damaged:
        assert undo(text.visible).decode() == text.exact
    elif text.charset not in ("ascii", "utf-8", "unknown"):
        assert undo(text.exact) == undo(text.visible)


@given(_TEXT, st.sampled_from(["utf-8", "cp932"]), st.data())
def test_encoding_a_converted_text_gives_the_frame(text, charset, data):
    frame = (text + data.draw(st.text("あ漢字ｱ#012\t\n\\", max_size=8))).encode(charset)

    read = _CHARSETS.normalise(frame)

    assert read.charset in (charset, "ascii")
    assert undo(read.visible).decode().encode(charset) == frame


@given(_FRAMES)
def test_a_clean_frame_is_shown_as_it_is(frame):
    if b"\n" not in frame and is_clean(frame):
        assert _CHARSETS.normalise(frame).visible.encode() == frame


@given(st.text(max_size=30))
def test_text_without_control_characters_is_exact(text):
    read = _CHARSETS.normalise(text.encode())

    if read.charset == "utf-8":
        assert read.exact == text
