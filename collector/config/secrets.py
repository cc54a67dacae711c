"""
Secrets: what a configuration may name, but never hold.

    password: ${file:/etc/collector/smtp.password}     the text of a file, without the LF at its end
    password: ${credential:smtp}                       a credential of the unit (LoadCredential=, systemd.exec(5))
    password: ${env:SMTP_PASSWORD}                     a variable of the service's environment

A ``Secret`` is text with such references. It is looked up each time it is used, so that a new password counts at once,
and shown only as it is written: nothing that prints, hashes or stores a configuration ever sees more.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from collector.config.options import Options, Written
from collector.config.problems import quote
from collector.config.values import BadValueError
from collector.errors import CollectorError

MAX_SIZE = 64 * 1024
"""Bytes of a file with a secret."""

_REFERENCE = re.compile(r"\$\{([^{}:]*):([^{}]*)\}")
_NAMES = {
    "file": re.compile(r"/[^\0]*[^\0/]"),
    "credential": re.compile(r"(?!\.{1,2}\Z)[^/\0]{1,255}"),
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
}
_HINT = "${file:/path/of/a/file}, ${credential:NAME} or ${env:NAME}"
WRITTEN_OUT = "a secret is not written into the configuration"
PLAIN_HINT = "put it into a file that only the service may read, and write ${file:/path/of/that/file} here"
_SECRET_NAME = re.compile(r"auth|token|secret|passw|pwd|credential|cookie|signature|key\Z", re.IGNORECASE)


class SecretError(CollectorError):
    """A secret that cannot be had now."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that may hold references; ``written`` is how it stands in the configuration."""

    written: str

    def __str__(self) -> str:
        return self.written

    @property
    def is_plain(self) -> bool:
        return _REFERENCE.search(self.written) is None

    def reveal(self, environ: Mapping[str, str] = os.environ) -> str:
        """The text with every reference replaced by what it names. Raises SecretError."""
        return _REFERENCE.sub(lambda found: _SOURCES[found[1]](found[2], environ), self.written)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What is unwise about it, and the cure."""
        for kind, name in _REFERENCE.findall(self.written):
            if kind == "file" and _is_open_to_all(name):
                yield f"every user of this machine may read {name}", f"chmod o-r {name}"


def _from_file(path: str, _environ: Mapping[str, str]) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_SIZE + 1)
    except OSError as error:
        hint = "a file with the secret alone, which the user that the service runs as may read"
        message = f"the secret in {path} cannot be read: {error.strerror}"
        raise SecretError(message, hint=hint) from error
    return _checked(raw, path)


def _from_credential(name: str, environ: Mapping[str, str]) -> str:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        hint = f"LoadCredential={name}:/path/of/a/file in the unit; there are credentials only where systemd starts it"
        raise SecretError(f"there are no credentials, so not {quote(name)} either", hint=hint)
    return _from_file(os.path.join(folder, name), environ)


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        hint = f"{name}=… in a file that the unit names by EnvironmentFile="
        raise SecretError(f"the variable {name} is not set", hint=hint)
    return _checked(environ[name].encode(errors="surrogateescape"), f"the variable {name}")


_SOURCES: dict[str, Callable[[str, Mapping[str, str]], str]] = {
    "file": _from_file, "credential": _from_credential, "env": _from_environment,
}  # fmt: skip


def _checked(raw: bytes, where: str) -> str:
    """One line of text; what else a file may hold could forge a header."""
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = "\0"
    if not raw or len(raw) > MAX_SIZE or re.search(r"[\0-\x1f\x7f]", text):
        what = "is empty" if not raw else "is not one line of text"
        raise SecretError(f"the secret in {where} {what}", hint="it holds the secret and nothing else")
    return text


def _is_open_to_all(path: str) -> bool:
    try:
        return bool(os.stat(path).st_mode & stat.S_IROTH)
    except OSError:
        return False


def parse_text(value: Any) -> Secret:
    """Text that may hold references to secrets."""
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise BadValueError("this is not text", hint="put it in quotes")
    if re.search(r"[\0-\x1f\x7f]", value):
        raise BadValueError("this holds a control character", hint="it is one line of text")
    if "${" in _REFERENCE.sub("", value):
        raise BadValueError("a reference to a secret is not ended, or names no kind", hint=_HINT)
    for kind, name in _REFERENCE.findall(value):
        if kind not in _NAMES:
            raise BadValueError(f"secrets do not come from {quote(kind)}", hint=_HINT)
        if not _NAMES[kind].fullmatch(name):
            hint = "an absolute path" if kind == "file" else _HINT
            raise BadValueError(f"{quote(name)} is not what {kind} can name", hint=hint)
    return Secret(value)


def parse_secret(value: Any) -> Secret:
    """A secret, which is not to be written out. What is written there in its place is never shown."""
    if not isinstance(value, str | Secret) or parse_text(value).is_plain:
        raise BadValueError(WRITTEN_OUT, hint=PLAIN_HINT)
    return parse_text(value)


def mask(text: Secret, word: str) -> str:
    """The text with a word in the place of each reference, to look at what stands around them."""
    return _REFERENCE.sub(word, text.written)


def refuse_plain(texts: Mapping[str, Secret]) -> None:
    """Raises BadValueError where a secret is written out under a name that tells what it is: ``Authorization``."""
    for name, text in texts.items():
        if _SECRET_NAME.search(name) and text.is_plain:
            raise BadValueError(WRITTEN_OUT, hint=PLAIN_HINT, option=name)


SecretText = Annotated[
    Secret,
    Written(
        parse_secret,
        str,
        {
            "type": "string", "pattern": r"\$\{(file|credential|env):[^{}]+\}",
            "description": "A reference to a secret, which is never written here itself.",
            "examples": ["${file:/etc/collector/smtp.password}", "${credential:smtp}", "${env:SMTP_PASSWORD}"],
        },
    ),
]  # fmt: skip

Text = Annotated[
    Secret,
    Written(
        parse_text,
        str,
        {"type": "string", "description": "Text that may hold references to secrets, such as ${file:/path}."},
    ),
]

Step = tuple[str | int, ...]


def secrets_in(value: Any, path: Step = ()) -> Iterator[tuple[Step, Secret]]:
    """Every secret of a model of options, with the way to it."""
    match value:
        case Secret():
            yield path, value
        case Options():
            for name, field in type(value).model_fields.items():
                yield from secrets_in(getattr(value, name), (*path, field.alias or name))
        case dict():
            for key, item in value.items():
                yield from secrets_in(item, (*path, key))
        case tuple():
            for index, item in enumerate(value):
                yield from secrets_in(item, (*path, index))


def doubts(secret: Secret) -> Iterator[tuple[str, str | None]]:
    """
    What ``check-config`` warns of, each with its cure. No more than warns: whoever asks may be another user than the
    service, in another environment, and messages are to be received also when a token is missing.
    """
    try:
        secret.reveal()
    except SecretError as error:
        yield str(error), error.hint
    yield from secret.warnings()
