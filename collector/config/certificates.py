"""Files of certificates, as a configuration names them."""

import ssl
from typing import Annotated, Any

from collector.config.names import parse_path
from collector.config.options import Written
from collector.config.problems import quote
from collector.config.values import BadValueError

_HINT = "a file of certificates in PEM, which the service may read"


def parse_ca_file(value: Any) -> str:
    """The path of a file with certificates to trust."""
    path = parse_path(value)
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise BadValueError(f"no certificate is in {quote(path)}", hint=_HINT) from None
    except OSError as error:
        raise BadValueError(f"{quote(path)} cannot be read: {error.strerror}", hint=_HINT) from None
    return path


CaFile = Annotated[
    str,
    Written(
        parse_ca_file,
        str,
        {
            "type": "string", "minLength": 1, "description": "A file of certificates, as PEM.",
            "examples": ["/etc/ssl/certs/ca-certificates.crt"],
        },
    ),
]  # fmt: skip
