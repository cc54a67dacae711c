import pytest
from japanese_lines import ENCODERS, LINES, windows_euc, windows_jis

from collector.protocol.charset import Charsets, Text, is_clean, undo

_CHARSETS = Charsets()
_EXAMPLE = "<135>Jul 23 15:54:31 kanri01 security[failure] 861 着信を①ﾛｸﾞに記録。ソフト表示能力\\SYSTEM"


def _read(frame, declared=None, fallback=("cp932", "euc-jp")):
    return Charsets(fallback).normalise(frame, declared)


@pytest.mark.parametrize("charset", ENCODERS)
def test_each_line_is_read_in_its_charset(charset):
    wrong = {}
    for line in LINES:
        text = _CHARSETS.normalise(ENCODERS[charset](line))
        if text != Text(line, line, charset):
            wrong[line] = text

    assert wrong == {}


@pytest.mark.parametrize("charset", ENCODERS)
def test_each_line_is_read_in_its_charset_when_its_last_byte_was_cut_off(charset):
    wrong = {}
    for line in LINES:
        text = _CHARSETS.normalise(ENCODERS[charset](line)[:-1])
        if text.charset != charset or not text.visible.startswith(line[:-1]):
            wrong[line] = text

    ends_in_ascii = {line for line in LINES if line[-1].isascii()}
    assert wrong.keys() <= ends_in_ascii


def test_one_text_looks_the_same_from_every_charset():
    assert {_CHARSETS.normalise(encode(_EXAMPLE)).visible for encode in ENCODERS.values()} == {_EXAMPLE}


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (b"", Text("", "", "ascii")),
        (b"plain\ttext", Text("plain\ttext", "plain\ttext", "ascii")),
        (b"C:\\new\\#1", Text("C:\\new\\#1", "C:\\new\\#1", "ascii")),
        (b"a\nb\r\x00\x7f", Text("a#012b#015#000#177", "a\nb\r\x00\x7f", "ascii")),
        (b"issue #123", Text("issue #043123", "issue #123", "ascii")),
        (b"##777#89#12", Text("##043777#89#12", "##777#89#12", "ascii")),
        (b"\x1b[31mred\x1b(B\x1b[m", Text("#033[31mred#033(B#033[m", "\x1b[31mred\x1b(B\x1b[m", "ascii")),
        ("wörd\x85\u2028".encode(), Text("wörd#302#205#342#200#250", "wörd\x85\u2028", "utf-8")),
    ],
)
def test_nothing_is_hidden_in_a_visible_line(frame, text):
    assert _CHARSETS.normalise(frame) == text
    assert undo(text.visible) == frame


@pytest.mark.parametrize(
    ("frame", "visible", "charset"),
    [
        ("日本".encode()[:-1], "日#346#234", "utf-8"),
        ("日本".encode("cp932")[:-1], "日#226", "cp932"),
        ("日本語の".encode("euc_jp")[:-1], "日本語#244", "euc-jp"),
        (b"tail \xe6", "tail #346", "unknown"),
        ("設定 #123 を変更".encode("cp932") + b"\x95", "設定 #043123 を変更#225", "cp932"),
    ],
)
def test_a_character_cut_at_the_end_stays_as_octal_bytes(frame, visible, charset):
    text = _CHARSETS.normalise(frame)

    assert (text.visible, text.exact, text.charset, text.damaged) == (visible, visible, charset, True)


@pytest.mark.parametrize(
    ("raw", "char"),
    [
        (b"\xad\xa1", "①"),  # NEC row 13
        (b"\xad\xea", "㈱"),
        (b"\xfc\xe2", "髙"),  # NEC-selected IBM kanji
        (b"\x8f\xf4\xfb", "髙"),  # eucJP-ms
        (b"\x8f\xf3\xfd", "Ⅰ"),
        (b"\x96\xfe", "髙"),  # IBM kanji cut to the rows of EUC
        (b"\x8f\xb0\xa1", "丂"),  # JIS X 0212
        (b"\x8e\xdb\x8e\xb8\x8e\xde", "ﾛｸﾞ"),
        (b"\xa1\xc1\xa1\xdd", "\uff5e\uff0d"),
    ],
)
def test_euc_jp_has_what_windows_adds(raw, char):
    frame = windows_euc("記録された名前は「") + raw + windows_euc("」でした")

    assert _CHARSETS.normalise(frame) == Text(
        f"記録された名前は「{char}」でした", f"記録された名前は「{char}」でした", "euc-jp"
    )


def test_cp932_has_what_shift_jis_lacks():
    line = "①②㈱髙﨑～－∥の設定"

    assert _CHARSETS.normalise(line.encode("cp932")) == Text(line, line, "cp932")


@pytest.mark.parametrize(
    ("frame", "visible"),
    [
        (b"log: \x1b$BF|K\\8l\x1b(B.", "log: 日本語."),
        (b"log: \x1b$@F|K\\8l\x1b(J.", "log: 日本語."),
        (b"log: \x1b$BF|K\\8l", "log: 日本語"),
        (b"log: \x1b$BF|K\\8", "log: 日本#070"),
        (b"\x1b(IRSD\x1b(B", "ﾒﾓﾄ"),
        (b"\x1b$(D0!\x1b(B", "丂"),
        (b"a\x1b(Jb\\c\x1b(B", "ab\\c"),
        (b"log: #033$BF|K\\8l#033(B.", "log: 日本語."),
        (b"log: ^[$BF|K\\8l^[(B.", "log: 日本語."),
        (b"\x1b[1m\x1b$BF|K\\\x1b(B", "#033[1m日本"),
    ],
)
def test_iso_2022_jp_is_known_by_its_escape_sequences(frame, visible):
    text = _CHARSETS.normalise(frame)

    assert (text.visible, text.charset) == (visible, "iso-2022-jp")


@pytest.mark.parametrize(
    "frame", [b"regex ^[$Ba-z]+", b"see ^[$BF|K and so on", b"cost: 5$ (B)", b"\x1b$B!", b"\x1b$B\xff"]
)
def test_an_escape_sequence_that_makes_no_sense_is_none(frame):
    text = _CHARSETS.normalise(frame)

    assert text.charset in ("ascii", "unknown")
    assert undo(text.visible) == frame


def test_iso_2022_jp_has_windows_characters():
    line = "①㈱髙橋 ﾛｸﾞ開始"

    assert _CHARSETS.normalise(windows_jis(line)) == Text(line, line, "iso-2022-jp")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_a_utf_16_datagram_with_byte_order_mark_is_text(codec):
    line = "<13>Oct  5 07:08:09 kanri01 app: 起動 #123"

    text = _CHARSETS.normalise(("\ufeff" + line).encode(codec))

    assert text == Text(line.replace("#", "#043"), line, "utf-16")


def test_half_a_utf_16_character_at_the_end_is_shown():
    assert _CHARSETS.normalise("\ufeff起動".encode("utf-16-le")[:-1]).visible == "起#325"


@pytest.mark.parametrize(
    ("frame", "declared", "text"),
    [
        ("ｼｽﾃﾑ".encode("cp932"), "cp932", "ｼｽﾃﾑ"),
        ("週短".encode("euc_jp"), "euc-jp", "週短"),
        ("束".encode("euc_jp"), "euc-jp", "束"),
        ("naïve €".encode("cp1252"), "cp1252", "naïve €"),
        ("árvíztűrő".encode("iso-8859-2"), "iso-8859-2", "árvíztűrő"),
        ("系统已经启动".encode("gb18030"), "gb18030", "系统已经启动"),
    ],
)
def test_a_declared_charset_is_believed_where_it_fits(frame, declared, text):
    assert _CHARSETS.normalise(frame, declared) == Text(text, text, declared)


@pytest.mark.parametrize("declared", ["cp932", "euc-jp", "cp1252", "iso-2022-jp"])
def test_utf_8_is_utf_8_whatever_is_declared(declared):
    assert _CHARSETS.normalise("着信を記録".encode(), declared).charset == "utf-8"


def test_a_declared_charset_that_does_not_fit_gives_way_to_evidence():
    assert _CHARSETS.normalise("着信を記録".encode("euc_jp"), "cp932").charset == "cp932"
    assert _CHARSETS.normalise("着信を記録".encode("cp932"), "euc-jp").charset == "cp932"


@pytest.mark.parametrize(
    ("fallback", "frame", "charset"),
    [
        (("cp1252",), b"Z\xfcrich", "cp1252"),
        (("ascii", "koi8-r"), b"\xf0\xd2\xc9\xd7\xc5\xd4", "koi8-r"),
        (("cp932", "euc-jp", "cp1252"), b"Z\xfcrich", "cp1252"),
        (("cp932", "euc-jp", "cp1252"), "着信を記録".encode("euc_jp"), "euc-jp"),
        (("euc-jp",), "着信を記録".encode("cp932"), "unknown"),
        (("cp1252", "cp932"), "着信".encode("cp932"), "cp932"),
        ((), b"Z\xfcrich", "unknown"),
    ],
)
def test_the_fallback_list_is_tried_in_order(fallback, frame, charset):
    assert _read(frame, fallback=fallback).charset == charset


@pytest.mark.parametrize(
    ("frame", "visible", "charset"),
    [
        ("設定を変更".encode() + b"\xe3\x81" + "しました".encode(), "設定を変更#343#201しました", "utf-8"),
        (b"\xff" + "設定を変更しました".encode(), "#377設定を変更しました", "utf-8"),
        ("設定を".encode("cp932") + b"\xff" + "変更しました".encode("cp932"), "設定を#377変更しました", "cp932"),
        ("設定を".encode("euc_jp") + b"\xff" + "変更しました".encode("euc_jp"), "設定を#377変更しました", "euc-jp"),
        (b"foo\x80bar\xfebaz", "foo#200bar#376baz", "unknown"),
        (bytes(range(0x80, 0x90)), "".join(f"#{byte:03o}" for byte in range(0x80, 0x90)), "unknown"),
    ],
)
def test_damage_leaves_the_rest_readable(frame, visible, charset):
    text = _CHARSETS.normalise(frame)

    assert (text.visible, text.charset, text.damaged) == (visible, charset, True)


def test_declared_utf_8_stays_utf_8_however_damaged():
    text = _CHARSETS.normalise("日".encode() + b"\x93\xfa\x96\x7b", "utf-8")

    assert (text.visible, text.charset) == ("日#223#372#226{", "utf-8")


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"plain\ttext\n",
        "日本語 é ～ ①\n<13>two\n".encode(),
        b"# #1 #12 #89a #1a2\n",
        b"a^b [c] $B\n",
        b"\\x41 \\n\n",
    ],
)
def test_a_clean_block_needs_nothing(block):
    assert is_clean(block)


@pytest.mark.parametrize(
    "bad",
    [bytes((byte,)) for byte in (*range(9), *range(11, 32), 127)]
    + ["\x80".encode(), "\x9f".encode(), "\u2028".encode(), "\u2029".encode()]
    + [
        b"\x80",
        b"\xff",
        "日".encode()[:2],
        "日本".encode("cp932"),
        "日本".encode("euc_jp"),
        b"\xed\xa0\x80",
        b"\xc0\x80",
    ]
    + [b"#000", b"#777", b"##123", b"^[$BF|^[(B", b"#033$BF|#033(B"],
)
def test_a_block_with_something_to_mend_is_not_clean(bad):
    assert not is_clean(b"<13>" + bad + b"x\n")
    assert not is_clean("日本\n".encode() * 100 + bad + b"\n")


def test_what_is_clean_stays_as_it_is():
    for line in LINES:
        assert is_clean(line.encode() + b"\n")
        assert _CHARSETS.normalise(line.encode()).visible == line


@pytest.mark.parametrize("text", ["ｼｽﾃﾑ", "ｱｸｾｽ", "ﾊｯｾｲｼﾏｼﾀ", "ﾊﾝｶｸｶﾅ ｱｲｳ", "ﾈｯﾄﾜｰｸ", "ｾｯｼｮﾝ"])
def test_half_width_kana_are_not_taken_for_seldom_kanji(text):
    assert _CHARSETS.normalise(text.encode("cp932")) == Text(text, text, "cp932")


@pytest.mark.parametrize("text", ["障害", "温度異常", "電源異常", "処理完了", "接続失敗", "停止中", "遮断"])
def test_everyday_kanji_alone_are_not_taken_for_half_width_kana(text):
    assert _CHARSETS.normalise(text.encode("euc_jp")) == Text(text, text, "euc-jp")
