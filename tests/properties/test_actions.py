"""Whatever text is captured: no header, argument, line or path is forged with it, and nothing raises."""

import email
import email.policy
import json
import os
import tempfile
import unicodedata

import pytest
from alerting import action, with_message
from hypothesis import example, given
from hypothesis import strategies as st

from collector.actions.exec import _Argument
from collector.actions.file import FileAction
from collector.actions.mail_text import Letter, compose
from collector.actions.message import names_for, one_line, readable, whole
from collector.actions.syslog import SyslogAction
from collector.actions.webhook import _body
from collector.actions.webhook_options import WebhookOptions

PIECES = st.sampled_from(
    [
        "\n", "\r\n", "\r", "\0", "$(rm -rf /)", "`id`", "{{ title }}", "{% for x in y %}", "${file:/etc/shadow}", "--",
        "-", "../", "/", ".", "=?utf-8?Q?a=0D=0AX:_y?=", "\nBcc: x@y", "\r\n.\r\n", '"', "\\", "]", "\ud800", "\udc80",
        "\u2028", "\x85", "\x1b]0;x\x07", "\u202e", "監査", "😀", "<0>", "%s", "'", ";", "|", "x" * 300, " ", "\t",
    ]
)  # fmt: skip
TEXT = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join)
HEADERS = {
    "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Alert-Id", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
}  # fmt: skip
NAMES = names_for(("user",))


def hides_nothing(line):
    """No control character, line end, half a surrogate pair, or sign that turns the direction."""
    turning = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or one in turning for one in line)


@given(TEXT)
@example("x" * 1_000_000)
@example("\n" * 100_000)
def test_mail_has_its_own_headers_alone_and_shows_the_text(text):
    one = with_message(text, id=text, rule=text)
    data = compose(Letter(one, "ops", "a@example.org", ["b@example.org"], text, text))
    mail = email.message_from_bytes(data, policy=email.policy.default)

    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert mail["Subject"] == one_line(text, 200)
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == readable(text).rstrip("\n")
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")


@given(TEXT)
@example("x" * 1_000_000)
@pytest.mark.parametrize("template", ["{{ user }}", "--host={{ user }}", "{{ user }}{{ hostname }}", " {{ user }}"])
def test_an_argument_is_one_and_no_option(template, text):
    argument = _Argument(template, NAMES).fill(with_message(text))
    fixed = template.partition("{")[0]

    assert "\0" not in argument
    assert len(os.fsencode(argument)) <= 32 * 1024
    assert argument.startswith(fixed or "")
    assert fixed or not argument.startswith("-")


@given(TEXT)
@example("x" * 1_000_000)
def test_json_keeps_its_structure(text):
    structure = {"a": "{{ user }}", "b": ["{{ title }}", {"c": "{{ hostname }}|"}], "d": 1}
    _, make = _body(WebhookOptions.model_validate({"webhook": "https://h/", "body": structure}), NAMES)
    found = json.loads(make(with_message(text)))

    assert list(found) == ["a", "b", "d"]
    assert [type(part) for part in found["b"]] == [str, dict]
    assert list(found["b"][1]) == ["c"]
    assert found["b"][1]["c"].endswith("|")
    assert json.loads(with_message(text).json) == with_message(whole(text)).alert


@given(TEXT)
@example("x" * 1_000_000)
@example("]\n\x00")
@pytest.mark.parametrize("form", ["rfc5424", "rfc3164"])
def test_a_message_of_syslog_is_one_line(form, text):
    one = action(json.dumps({"syslog": "udp://localhost:1", "format": form, "message": "{{ user }}"}))
    assert isinstance(one, SyslogAction)
    line = one._line(with_message(text, id=text, rule=text))

    assert hides_nothing(line)
    assert line.startswith("<27>")
    if form == "rfc5424":
        data = line.partition(" alert [alert@32473 ")[2]
        assert data[_end_of_data(data) :] == f"] {one_line(text, 6000)}"


def _end_of_data(data):
    """Where the first bracket is that is not escaped."""
    escaped = False
    for place, character in enumerate(data):
        if character == "]" and not escaped:
            return place
        escaped = character == "\\" and not escaped
    raise AssertionError("no end")


@given(TEXT)
@example("x" * 1_000_000)
@example("../../../etc/passwd")
def test_a_file_stays_in_its_folder_and_has_one_line(text):
    with tempfile.TemporaryDirectory() as folder:
        one = action(json.dumps({"file": f"{folder}/in/{{{{ user }}}}/{{{{ hostname }}}}.log", "line": "{{ user }}|"}))
        assert isinstance(one, FileAction)
        one.deliver(with_message(text), None)
        found = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]

        assert len(found) == 1
        assert os.path.dirname(os.path.dirname(found[0])) == f"{folder}/in"
        with open(found[0]) as file:
            assert len(file.read().splitlines()) == 1


@given(TEXT)
def test_a_line_hides_nothing(text):
    line = one_line(text)

    assert hides_nothing(line)
    assert len(line) <= 1000
