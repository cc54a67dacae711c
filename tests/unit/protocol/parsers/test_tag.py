import pytest

from collector.protocol.parsers.tag import read_tag


@pytest.mark.parametrize(
    ("text", "app_name", "proc_id", "message"),
    [
        ("su: text", "su", None, "text"),
        ("su:", "su", None, ""),
        ("su:text", "su", None, "text"),
        ("su[12]: text", "su", "12", "text"),
        ("su[12]:text", "su", "12", "text"),
        ("su[12] text", "su", "12", "text"),
        ("su[12]", "su", "12", ""),
        ("su[a b]: text", "su", "a b", "text"),
        ("su[]: text", "su", None, "text"),
        ("a/b(c).d-e_f: text", "a/b(c).d-e_f", None, "text"),
        ("CRON: text", "CRON", None, "text"),
        ("日本: text", "日本", None, "text"),
        ("system[info] 6005 text", "system", None, "6005 text"),
        ("system[info]", "system", None, ""),
        ("system[info]: text", "system", "info", "text"),
        ("%SYS-5-CONFIG_I: text", "%SYS-5-CONFIG_I", None, "text"),
        ("%SYS-5-CONFIG_I : text", "%SYS-5-CONFIG_I", None, "text"),
        ("%SYS-SW1-5-CONFIG_I: text", "%SYS-SW1-5-CONFIG_I", None, "text"),
        (": %SYS-5-CONFIG_I: text", "%SYS-5-CONFIG_I", None, "text"),
        (": text", None, None, "text"),
    ],
)
def test_a_tag_ends_with_a_colon_or_a_process_id(text, app_name, proc_id, message):
    tag = read_tag(text, 0)
    assert (tag.app_name, tag.proc_id, text[tag.end :]) == (app_name, proc_id, message)


@pytest.mark.parametrize(
    "text",
    [
        *("", "word text", "word", "word[text] more", "two words: text", "http://h", "C:\\x", "12:30:00 x", "CEF:0|a"),
        *("h:514 up", '{"a": 1}', "a=b: c", "[NT:x;E1;u] text", "<126005> text", "(root) CMD: x", '"quoted": text'),
        "[ok] done: x",
    ],
)  # fmt: skip
def test_text_without_a_tag_is_text(text):
    tag = read_tag(text, 0)
    assert (tag.app_name, tag.proc_id, tag.end) == (None, None, 0)
