"""What the tests of the configuration share: a component of each kind, and loading with them."""

from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field, model_validator

from collector.config.load import load_settings_text
from collector.config.options import Address, Duration, FilePath, Many, Mode, Options, Size
from collector.config.values import BadValueError


class Tls(Options):
    """Encryption."""

    certificate: FilePath | None = None
    """The certificate."""

    ciphers: Many[str] = ()
    """The ciphers."""


class Listener(Options):
    """A listener."""

    target_field: ClassVar[str] = "address"

    address: Address
    """Where to listen."""

    receive_buffer: Annotated[Size, Field(ge=4096, le=1 << 30)] = 32 << 20
    """Room in the kernel."""

    idle: Annotated[Duration, Field(ge=1)] = 600.0
    """How long a silent connection stays."""

    keepalive: bool = True
    """Whether to ask silent peers."""

    framing: Literal["auto", "lf", "octet-counting"] = "auto"
    """How messages are told apart."""

    tls: Tls = Tls()
    """Encryption."""

    peers: Many[Tls] = ()
    """Encryption by peer."""

    @model_validator(mode="after")
    def _silent_peers(self):
        if not self.keepalive and self.idle > 3600:
            raise BadValueError("nobody would notice", hint="lower it", option="idle")
        return self


class FileSink(Options):
    """A file."""

    target_field: ClassVar[str] = "file"

    file: FilePath
    """Where to write."""

    mode: Mode = 0o640
    """Its permissions."""

    format: Literal["traditional", "json"] = "traditional"
    """How lines look."""


@pytest.fixture
def listener():
    return Listener


@pytest.fixture
def file_sink():
    return FileSink


@pytest.fixture
def load():
    def load(text):
        return load_settings_text(text, "c.yaml", source_kinds=("udp", "tcp", "unix"), sink_kinds=("file", "pipe"))

    return load


@pytest.fixture
def told(load):
    """What is wrong with a text: one line per problem, without hints."""

    def told(text):
        return [str(problem).split("\n", maxsplit=1)[0] for problem in load(text)[1]]

    return told
