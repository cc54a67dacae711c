"""
Mail: an alert for people.

    mail: {server: "smtp.example.org:587", user: alerts, password: "${file:/etc/collector/smtp.password}",
           from: collector@example.org}
    destinations:
      ops: {mail: [ops@example.org, night@example.org], cap: {alerts: 60, per: 1h}}

One mail for each alert, to all recipients. Whom the server does not take for now is tried again, without the others;
what it refuses for good (5xx, RFC 5321 §4.2.1) is a dead letter. The text of the mail is ``mail_text.py``.
"""

import base64
import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, field_validator

from collector.actions import DeliveryError, Reach, Surroundings
from collector.actions.connection import Watchdog, connect
from collector.actions.mail_text import Letter, compose, one_subject, subject_of
from collector.actions.message import Message, one_line, readable
from collector.actions.options import RemoteOptions, TemplateText
from collector.config.mail import MailAddress, MailServer
from collector.config.options import Many
from collector.config.secrets import SecretError
from collector.config.values import format_duration
from collector.rules.fields import TemplateNames
from collector.templates import compile_template

_Replies = Mapping[str, tuple[int, bytes]]


class MailOptions(RemoteOptions):
    kind: ClassVar[str] = "mail"
    target_field = "mail"

    mail: Many[MailAddress] = Field(min_length=1)
    """Who gets it: an address, or a list of them."""

    sender: MailAddress | None = Field(default=None, alias="from")
    """Who it comes from; without it as the section `mail` says."""

    subject: str = "[{{ severity }}] {{ title }}"
    """Template of the subject, which becomes one line."""

    body: str | None = None
    """Template of the text; without it the text of the rule, and what is known of the alert."""

    @field_validator("mail", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @property
    def label(self) -> str:
        first, *others = self.mail
        return f"mail to {first}" + (f" and {len(others)} more" if others else "")

    def templates(self) -> Iterator[TemplateText]:
        yield TemplateText(("subject",), self.subject, finish=one_subject)
        if self.body is not None:
            yield TemplateText(("body",), self.body, finish=readable)


@dataclass(frozen=True, slots=True)
class _Left:
    """Whom the mail has not reached yet, and who was refused for good, with the server's words."""

    recipients: tuple[str, ...]
    refused: tuple[str, ...] = ()


class MailAction:
    Options = MailOptions

    def __init__(self, options: MailOptions, names: TemplateNames, around: Surroundings) -> None:
        assert around.mail is not None
        self._options = options
        self._server = around.mail
        self._subject = compile_template(options.subject, allowed=names)
        self._body = None if options.body is None else compile_template(options.body, allowed=names)

    def deliver(self, message: Message, left: Any) -> None:
        todo = left or _Left(self._options.mail)
        letter = self._letter(message)
        data = compose(letter)
        reach: Reach = "all"
        with Watchdog(self._options.timeout) as watchdog:
            try:
                with contextlib.closing(self._session(watchdog)) as session:
                    reach = "alert"  # what goes wrong from here on may be about this mail
                    replies = _send(session, letter.sender, todo, data)
            except (OSError, smtplib.SMTPException, SecretError) as error:
                text, reason, again = self._explained(error, watchdog)
                raise DeliveryError(one_line(text, 500), reason=reason, again=again, left=todo, reach=reach) from error
        _judge(replies, todo)

    def preview(self, message: Message) -> str:
        return f"mail to {', '.join(self._options.mail)}: {subject_of(self._letter(message))}"

    def close(self) -> None:
        """Each delivery has its own connection."""

    def _letter(self, message: Message) -> Letter:
        return Letter(
            message,
            ",".join(self._options.mail),
            self._options.sender or self._server.sender,
            self._options.mail,
            message.fill_or_say(self._subject),
            message.description if self._body is None else message.fill_or_say(self._body),
        )

    def _session(self, watchdog: Watchdog) -> "_Session":
        session = _Session(self._server, watchdog)
        try:
            session.connect(self._server.server.host, self._server.port)
            session.ehlo_or_helo_if_needed()
            if self._server.tls == "starttls":
                session.starttls(context=_tls(self._server))
                session.ehlo()
            if self._server.user is not None and self._server.password is not None:
                _log_in(session, self._server.user, self._server.password.reveal())
        except BaseException:
            session.close()
            raise
        return session

    def _explained(self, error: Exception, watchdog: Watchdog) -> tuple[str, str, bool]:
        """The text, the reason, and whether to try again."""
        where = f"{self._server.server.host}:{self._server.port}"
        if watchdog.barked or isinstance(error, TimeoutError):
            return f"{where} did not take it within {format_duration(self._options.timeout)}", "timeout", True
        again = True
        match error:
            case SecretError():
                text, reason = str(error), "secret"
            case smtplib.SMTPAuthenticationError():
                text, reason = f"{where} refuses the login: {_words(error)}", "login"
            case smtplib.SMTPResponseException():
                text, reason, again = f"{where} says {_words(error)}", "refused", error.smtp_code < 500
            case smtplib.SMTPNotSupportedError():
                text, reason = f"{where} does not offer what is asked for: {str(error).rstrip('.')}", "unsupported"
            case smtplib.SMTPException():
                text, reason = f"{where} breaks off: {str(error).rstrip('.')}", "connection"
            case ssl.SSLCertVerificationError():
                text, reason = f"the certificate of {where} is not good: {error.verify_message}", "tls"
            case ssl.SSLError():
                text, reason = f"no TLS with {where}: {error.reason}", "tls"
            case OSError():
                text, reason = f"{where} cannot be reached: {error.strerror or error}", "connection"
            case _:
                text, reason = f"{where}: {error}", "connection"
        return text, reason, again


class _Session(smtplib.SMTP):
    """A session with the server: TLS from the first byte on where it is asked for, and a name that servers accept."""

    def __init__(self, server: MailServer, watchdog: Watchdog) -> None:
        super().__init__(local_hostname=socket.gethostname())
        self._host = server.server.host  # what STARTTLS compares the certificate with
        self._server = server
        self._watchdog = watchdog

    def _get_socket(self, host: str, port: int, _timeout: float | None) -> socket.socket:
        sock = connect(host, port, self._watchdog)
        if "." not in self.local_hostname:
            self.local_hostname = _literal(sock.getsockname()[0])
        if self._server.tls != "tls":
            return sock
        try:
            return _tls(self._server).wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise


def _log_in(session: smtplib.SMTP, user: str, password: str) -> None:
    """By any way that both sides know; smtplib knows only ASCII, and RFC 4616 has UTF-8."""
    if user.isascii() and password.isascii():
        session.login(user, password)
        return
    response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, words = session.docmd("AUTH", f"PLAIN {response}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _literal(address: str) -> str:
    """For a machine whose name has no domain, RFC 5321 §4.1.3."""
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


def _tls(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca)


def _send(session: smtplib.SMTP, sender: str, todo: _Left, data: bytes) -> _Replies:
    """
    What was said of the recipients that do not have it. Once the server has it, no error matters any more.

    Where none was taken, or the server hung up between two of them (421, RFC 5321 §3.8), nobody has it: those it has
    not spoken of get its last words.
    """
    try:
        replies = session.sendmail(sender, todo.recipients, data)
    except smtplib.SMTPRecipientsRefused as error:
        last = next(reversed(error.recipients.values()))
        replies = error.recipients | {name: last for name in todo.recipients if name not in error.recipients}
    with contextlib.suppress(OSError, smtplib.SMTPException):
        session.quit()
    return replies


def _judge(replies: _Replies, todo: _Left) -> None:
    """Raises DeliveryError when somebody did not get it."""
    later = tuple(name for name, (code, _) in replies.items() if code < 500)
    never = tuple(f"{name}: {code} {_text(words)}" for name, (code, words) in replies.items() if code >= 500)
    refused = todo.refused + never
    if later:
        code, words = replies[later[0]]
        text = f"{later[0]} is not taken for now: {code} {_text(words)}"
        reach: Reach = "part" if len(replies) < len(todo.recipients) else "alert"
        raise DeliveryError(text, reason="recipient", again=True, left=_Left(later, refused), reach=reach)
    if refused:
        raise DeliveryError(f"refused for {'; '.join(refused)}", reason="recipient", again=False)


def _words(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(words: bytes | str) -> str:
    return one_line(words.decode(errors="replace") if isinstance(words, bytes) else words, 200)
