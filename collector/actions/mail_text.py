"""
The text of a mail, RFC 5322, in a form that every client reads: encoded words for what is not ASCII in the subject
(RFC 2047), UTF-8 for the body, lines of 7 bits and less than 78 characters.

What is said of a message goes into the subject and the body alone; both are made harmless before, and what is put into
any other header comes from the configuration.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email import charset
from email.header import Header
from email.message import Message as Mime
from email.policy import compat32
from email.utils import format_datetime

from collector.actions.message import Message, one_line, readable

SUBJECT_LONGEST = 200
"""Characters; most lists of mail show less."""

# compat32 writes headers as they are given; the newer policies take encoded words apart and lose blanks between them.
_POLICY = compat32.clone(linesep="\r\n", mangle_from_=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """``label`` tells the mails of one alert apart, of which there is one for each destination."""

    message: Message
    label: str
    sender: str
    recipients: Sequence[str]
    subject: str
    body: str


def compose(letter: Letter) -> bytes:
    mail = Mime(policy=_POLICY)
    mail["Date"] = format_datetime(letter.message.fired_at)
    mail["From"] = letter.sender
    mail["To"] = ", ".join(letter.recipients)
    mail["Subject"] = _encoded("Subject", subject_of(letter))
    mail["Message-ID"] = message_id(letter)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no holiday notice is to come back
    mail["X-Alert-Id"] = _encoded("X-Alert-Id", one_line(letter.message.id))
    mail["MIME-Version"] = "1.0"
    body = readable(letter.body)
    mail.set_payload(body if body.endswith("\n") else body + "\n", _body_charset(body))
    return mail.as_bytes(policy=_POLICY)


def subject_of(letter: Letter) -> str:
    return one_subject(letter.subject)


def one_subject(text: str) -> str:
    return one_line(text, SUBJECT_LONGEST)


def message_id(letter: Letter) -> str:
    """The same at every try, so that a mail that comes twice can be known."""
    digest = hashlib.sha256(f"{letter.message.id}\0{letter.label}".encode(errors="replace")).hexdigest()[:32]
    return f"<{digest}@{letter.sender.rpartition('@')[2]}>"


def _encoded(name: str, text: str) -> str:
    """
    A text as lines of a header. What looks like an encoded word already is encoded too, or a client would read
    something else; so is a word too long for a line.
    """
    plain = text.isascii() and "=?" not in text and all(len(word) < 60 for word in text.split(" "))
    header = Header(text, "us-ascii" if plain else "utf-8", maxlinelen=76, header_name=name)
    return header.encode(splitchars=" ", linesep="\n")


def _body_charset(body: str) -> charset.Charset:
    """Base64 is shorter for Japanese, quoted-printable is readable as it stands for everything else."""
    form = charset.Charset("utf-8")
    ascii_characters = sum(map(str.isascii, body[:10_000]))
    form.body_encoding = charset.QP if ascii_characters * 2 > len(body[:10_000]) else charset.BASE64
    return form
