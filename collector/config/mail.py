"""The section ``mail``: the server that takes mail for the alerts, and who they come from."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from collector.config.certificates import CaFile
from collector.config.network import ADDRESS_PATTERN, Address, parse_address
from collector.config.options import Options, Written
from collector.config.problems import quote
from collector.config.secrets import SecretText
from collector.config.values import BadValueError

PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Submission, submission over TLS (RFC 8314 §3.3), and relaying."""

# What may stand unquoted (RFC 5321 §4.1.2), all of it ASCII. A name without a domain is a user of the server's own.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
MAIL_ADDRESS_PATTERN = rf"{_ATOM}(\.{_ATOM})*(@{_DOMAIN}(\.{_DOMAIN})*)?"
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def parse_mail_address(value: Any) -> str:
    """``ops@example.org``, or the name of a user of the mail server: ``root``."""
    if isinstance(value, str) and len(value) <= 254 and re.fullmatch(MAIL_ADDRESS_PATTERN, value):
        return value
    hint = "such as ops@example.org"
    if isinstance(value, str) and (found := re.search(r"<([^<>]+)>", value)):
        hint = f"the address alone: {found[1]}"
    raise BadValueError(f"{quote(value)} is not a mail address", hint=hint)


def parse_server(value: Any) -> Address:
    """``smtp.example.org:587``; port 0 stands for the one that belongs to ``tls``."""
    if isinstance(value, Address):
        return value
    hint = 'such as smtp.example.org:587, "[2001:db8::25]"'
    if not isinstance(value, str) or not value or value.startswith(":"):
        raise BadValueError(f"{quote(value)} is not a mail server", hint=hint)
    if ":" in value.rpartition("]")[2]:
        return parse_address(value)
    try:
        return parse_address(f"{value}:0")
    except BadValueError:
        raise BadValueError(f"{quote(value)} is not a mail server", hint=hint) from None


MailAddress = Annotated[
    str,
    Written(
        parse_mail_address,
        str,
        {
            "type": "string", "pattern": f"^{MAIL_ADDRESS_PATTERN}$",
            "description": "A mail address.", "examples": ["ops@example.org", "root"],
        },
    ),
]  # fmt: skip

ServerAddress = Annotated[
    Address,
    Written(
        parse_server,
        str,
        {
            "type": "string", "pattern": f"^({ADDRESS_PATTERN}|[^:]+)$",
            "description": "A host and its port; without one, 587 for starttls, 465 for tls, 25 for none.",
            "examples": ["smtp.example.org:587", "smtp.example.org", "localhost:25"],
        },
    ),
]  # fmt: skip


class MailServer(Options):
    """The server that takes the mail of destinations, and who it comes from."""

    server: ServerAddress
    """Host and port of the server."""

    sender: MailAddress = Field(alias="from")
    """Who the mail comes from, where a destination says nothing else."""

    tls: Literal["starttls", "tls", "none"] = "starttls"
    """Encrypt after STARTTLS, from the first byte on, or not at all. The server's certificate is always verified."""

    ca: CaFile | None = None
    """Certificates to trust, as PEM; without it those that the system trusts."""

    user: str | None = None
    """The name to log in with."""

    password: SecretText | None = None
    """The password that goes with it: a reference to a file, a credential or a variable."""

    @property
    def port(self) -> int:
        return self.server.port or PORTS[self.tls]

    @model_validator(mode="after")
    def _login_is_whole(self) -> "MailServer":
        if self.user is not None and self.password is None:
            raise BadValueError("a user without a password", hint="add password: ${file:…}", option="user")
        if self.password is not None and self.user is None:
            raise BadValueError("a password without a user", hint="add user:", option="password")
        if self.password is not None and self.tls == "none" and self.server.host not in _LOCAL:
            hint = "tls: starttls, or a server on this machine"
            raise BadValueError("the password would be sent so that everybody can read it", hint=hint, option="tls")
        if self.ca is not None and self.tls == "none":
            raise BadValueError("certificates are of no use without TLS", hint="tls: starttls", option="ca")
        return self
