"""How webhooks are written down, and what is refused there."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, field_validator, model_validator

from collector.actions.options import RemoteOptions, TemplateText
from collector.config.certificates import CaFile
from collector.config.problems import quote
from collector.config.secrets import PLAIN_HINT, WRITTEN_OUT, Secret, Step, Text, mask, refuse_plain
from collector.config.values import BadValueError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_OURS = frozenset(("host", "content-length", "transfer-encoding", "connection", "x-alert-id", "idempotency-key"))
_REFERENCE = "REFERENCE"
_PORTS = {"http": 80, "https": 443}
_FIELDS = re.compile(r"\{[{%]")


class WebhookOptions(RemoteOptions):
    kind: ClassVar[str] = "webhook"
    target_field = "webhook"

    webhook: Text
    """The address, http or https. It may hold references to secrets, or be one as a whole, and no fields."""

    method: Literal["POST", "PUT"] = "POST"
    """How it is sent."""

    headers: dict[str, Text] = Field(default_factory=dict)
    """Further headers, whose values may be references to secrets."""

    body: str | dict[str, Any] | list[Any] | None = None
    """A mapping or list, sent as JSON, whose texts are templates; or a template of plain text; without it the alert."""

    proxy: Text | None = None
    """The address of a proxy, or none; without it as the environment of the service says."""

    ca: CaFile | None = None
    """Certificates to trust, as PEM; without it those that the system trusts."""

    @field_validator("webhook")
    @classmethod
    def _is_url(cls, value: Secret) -> Secret:
        return _url(value, "such as https://chat.example.org/hook")

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: Secret) -> Secret:
        return value if value.written == "none" else _url(value, "such as http://proxy.example.org:3128, or none")

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, value: dict[str, Secret]) -> dict[str, Secret]:
        for name, text in value.items():
            if not _TOKEN.fullmatch(name):
                raise BadValueError(f"{quote(name)} is no name of a header", hint="letters, digits and -", option=name)
            if name.lower() in _OURS:
                raise BadValueError(f"the header {name} is not to be chosen", hint="leave it out", option=name)
            if _FIELDS.search(text.written):
                hint = "put fields into the body"
                raise BadValueError("a header is the same for every alert", hint=hint, option=name)
        refuse_plain(value)
        return value

    @model_validator(mode="after")
    def _body_is_what_it_says(self) -> "WebhookOptions":
        said = {name.lower(): text.written.lower() for name, text in self.headers.items()}.get("content-type", "")
        if isinstance(self.body, str) and "json" in said:
            hint = 'write it as a mapping, {text: "{{ title }}"}: quotes in a message would break the text'
            raise BadValueError("a body of JSON is not written as text", hint=hint, option="body")
        return self

    @property
    def label(self) -> str:
        url = urlsplit(mask(self.webhook, _REFERENCE))
        if _is_hidden(self.webhook) or not url.hostname or _REFERENCE.lower() in url.hostname:
            return "webhook"
        host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        return f"webhook {host}:{url.port or _PORTS[url.scheme]}"

    def templates(self) -> Iterator[TemplateText]:
        return _texts(self.body, ("body",))

    def lacks(self) -> tuple[str, str] | None:
        if find_spec("httpx2") is not None:
            return None
        return "webhooks need the package httpx2, which is not installed", 'pip install "syslog-collector[http]"'


def _is_hidden(value: Secret) -> bool:
    """A reference stands where the address begins: all that can be known of it is in there."""
    return mask(value, _REFERENCE).startswith(_REFERENCE)


def _url(value: Secret, hint: str) -> Secret:
    """Judges what is written of an address; what a reference stands for is not known here."""
    text = mask(value, _REFERENCE)
    if _FIELDS.search(text):
        raise BadValueError("an address is the same for every alert", hint="put fields into the body")
    if _is_hidden(value):
        return value
    try:
        url = urlsplit(text)
        good = bool(url.hostname) and url.port != 0 and url.scheme in _PORTS
    except ValueError:
        good = False
    if not good or not text.isascii() or " " in text:
        raise BadValueError("this is not such an address", hint=hint)
    if url.password is not None and _REFERENCE not in url.password:
        raise BadValueError(WRITTEN_OUT, hint=PLAIN_HINT)
    try:
        refuse_plain({name: Secret(_restored(text)) for name, text in parse_qsl(url.query)})
    except BadValueError as error:
        raise BadValueError(str(error), hint=error.hint) from None
    return value


def _restored(text: str) -> str:
    return text.replace(_REFERENCE, "${env:_}")


def _texts(value: Any, path: Step) -> Iterator[TemplateText]:
    if isinstance(value, str):
        yield TemplateText(path, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
