import email
import email.header
import email.policy

import pytest
from alerting import message

from collector.actions.mail_text import Letter, compose


def letter(subject="a subject", body="a body", **changes):
    return compose(Letter(message(**changes), "ops", "collector@example.org", ["ops@example.org"], subject, body))


def subject_of(data):
    """As an old client reads it: lines unfolded, then encoded words decoded (RFC 2047 §6.2)."""
    raw = email.message_from_bytes(data, policy=email.policy.compat32)["Subject"].replace("\r\n", "")
    return str(email.header.make_header(email.header.decode_header(raw)))


def body_of(data):
    mail = email.message_from_bytes(data, policy=email.policy.compat32)
    return mail.get_payload(decode=True).decode(mail.get_content_charset()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "ログオン失敗: 管理者 (TANAKA) が 5 回失敗しました。ファイアウォールの監査が繰り返されています。",
        "mixed 日本語 and ASCII 日本 語 words, again and again, " * 3,
        "Grüße aus Köln",
        "😀 髙 ① ～",
        "=?utf-8?B?YQ==?= looks encoded",
        "x" * 190,
        "a b  c",
    ],
)
def test_a_subject_is_read_as_it_was_written(text):
    expected = " ".join(text.split())
    data = letter(subject=text)

    assert subject_of(data) == expected
    assert email.message_from_bytes(data, policy=email.policy.default)["Subject"] == expected


@pytest.mark.parametrize(
    "text", ["plain\nlines\n", "監査 失敗\n二行目\n", "From the start\n.\n..\n", "x" * 5000 + "\n", "=3D\n"]
)
def test_a_body_is_read_as_it_was_written(text):
    assert body_of(letter(body=text)) == text


def test_every_line_is_short_and_ascii():
    data = letter(subject="監査" * 90, body="監査 " * 5000 + "x" * 5000)

    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 78


def test_lines_end_with_cr_lf_and_nothing_else():
    data = letter(body="one\ntwo\r\nthree\rfour")

    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert body_of(data) == "one\ntwo\nthree\nfour\n"


def test_line_ends_in_a_subject_add_no_header():
    data = letter(subject="a\r\nBcc: evil@example.net\n\nbody", id="i\r\nX-Evil: yes")
    mail = email.message_from_bytes(data, policy=email.policy.default)

    assert sorted(mail.keys()) == sorted((
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Alert-Id", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    ))  # fmt: skip
    assert mail["Subject"] == "a Bcc: evil@example.net body"


def test_a_long_subject_is_cut():
    assert subject_of(letter(subject="word " * 1000)) == "word " * 39 + "word…"


def test_a_long_body_is_cut_and_says_so():
    assert body_of(letter(body="x" * 1_000_000)).endswith("… [737,856 characters left out]\n")


def test_control_characters_are_visible():
    data = letter(subject="a\x1b[31m\x00b", body="\x07\x1b[2J")

    assert subject_of(data) == "a#033[31m#000b"
    assert body_of(data) == "#007#033[2J\n"
