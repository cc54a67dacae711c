"""
What a configuration means, as immutable values.

Sources, destinations and routes keep their place in the document, because what they hold is judged later, by the
component and by the routing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PrivateAttr, SkipValidation, WithJsonSchema, field_validator

from collector.config.document import Document, Path
from collector.config.mail import MailServer
from collector.config.network import parse_host
from collector.config.options import (
    CharsetName,
    Domain,
    Duration,
    FilePath,
    GroupName,
    HostOrNetwork,
    Many,
    Mode,
    Options,
    Size,
    SocketPath,
    Switch,
    TimeZone,
    UserName,
)
from collector.config.problems import Location, quote
from collector.config.values import BadValueError

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """A source or destination as written: ``{udp: 0.0.0.0:514, receive_buffer: 32MiB}``; ``path`` leads to it."""

    kind: str
    target: Any
    options: Mapping[str, Any]
    path: Path


@dataclass(frozen=True, slots=True)
class LineRoute:
    """One line in the language of syslog.conf."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class BlockRoute:
    """Several such lines; the first stands at ``location``, each further one a line below."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class IncludeRoute:
    """A file of such lines."""

    file: str
    location: Location


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """A destination written as the action of a syslog.conf line: ``/var/log/messages``, ``@central``."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class MappingRoute:
    """A route written as a mapping; ``path`` leads to it, and so ``(*path, "select")`` to its selector."""

    select: str
    where: Mapping[str, Any]
    to: tuple[ActionSpec | ComponentSpec, ...]
    path: Path


RouteSpec = LineRoute | BlockRoute | IncludeRoute | MappingRoute


def _each_host_once(hosts: Any) -> Any:
    """Two spellings of one host or network would silently override each other."""
    first: dict[Any, str] = {}
    for name in hosts if isinstance(hosts, dict) else ():
        try:
            host = parse_host(name)
        except BadValueError:  # told with the other values
            continue
        if host in first:
            hint = "keep one of them"
            raise BadValueError(f"{quote(name)} is the same as {quote(first[host])}", hint=hint, option=name)
        first[host] = name
    return hosts


PerHost = Annotated[dict[HostOrNetwork, Value], BeforeValidator(_each_host_once)]


class Charsets(Options):
    """How text that is not UTF-8 is read."""

    fallback: Many[CharsetName] = ("cp932", "euc-jp")
    """Character sets between which the evidence in each message decides."""

    hosts: PerHost[CharsetName] = Field(default_factory=dict)
    """The character set of a host or network, where it is known."""


class TimeZones(Options):
    """The time zone of stamps that do not name theirs."""

    default: TimeZone | None = None
    """The zone of every host not listed; without it, the zone of this machine."""

    hosts: PerHost[TimeZone] = Field(default_factory=dict)
    """The zone of a host or network."""


class Silence(Options):
    """When the own log tells that a sender has fallen silent, and that it is back."""

    default: Duration = 0.0
    """How long a sender that is not listed may send nothing; 0 is for ever."""

    hosts: PerHost[Duration] = Field(default_factory=dict)
    """The same for a host or network. An address is missed also when it has not sent at all."""


class Dns(Options):
    """The names of the addresses that messages come from."""

    lookups: Switch = False
    """Ask DNS for the names of senders' addresses. off: no question about a sender ever leaves this machine."""

    hosts: FilePath | None = None
    """A table of names that need no DNS, as /etc/hosts; read again when it changes. none: no table."""

    fqdn: Switch = True
    """Keep the domain of names that come from DNS or the table; off keeps what stands before the first dot."""

    strip_domains: Many[Domain] = ()
    """Domains to leave out of such names: gate.example.net becomes gate."""

    confirm: Switch = False
    """Believe a name from DNS only when it leads back to the address."""

    ttl: Annotated[Duration, Field(ge=1)] = 3600.0
    """How long a name is used before it is asked for again; meanwhile it is used on."""

    negative_ttl: Annotated[Duration, Field(ge=1)] = 60.0
    """How long an address without a name is left alone."""

    timeout: Annotated[Duration, Field(ge=0.1, le=60)] = 5.0
    """How long to wait for an answer of DNS. No message ever waits."""

    @field_validator("hosts", mode="before")
    @classmethod
    def _no_table(cls, value: Any) -> Any:
        return None if value == "none" else value


class Journal(Options):
    """What is kept for rules until they have seen it."""

    max_size: Annotated[Size, Field(ge=32 * 1024 * 1024)] = 1024 * 1024 * 1024
    """Of each worker's journal; when rules are further behind than that, the oldest entries go, and are counted."""


class RuleSetOptions(Options):
    """A set of rules, which are tried together."""

    name: Annotated[str, Field(min_length=1)]
    """Its name; a rule is in it when it says set: NAME."""

    ordered: Switch = False
    """Try its rules in their order, until one fits. off: try all of them."""


class Settings(Options):
    """The configuration of a collector."""

    sources: Annotated[tuple[ComponentSpec, ...], SkipValidation, WithJsonSchema({"type": "array"})]
    """Where messages come from."""

    routes: Annotated[tuple[RouteSpec, ...], SkipValidation, WithJsonSchema({})] = ()
    """Which messages go where: lines as in syslog.conf, included files, or mappings."""

    rules: Many[FilePath] = ()
    """Files or folders of rules, which raise alerts; `*` stands for any part of a name, `**` for folders at any depth.
    A relative path begins at the folder of this file."""

    sets: Many[RuleSetOptions] = ()
    """Sets of rules, in the order in which they are tried."""

    destinations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Where alerts go, by the names that rules use; the key of each names its kind. Rules that name none use the one
    called default, where there is one."""

    journal: Journal = Journal()
    """What is kept for rules until they have seen it."""

    max_keys: Annotated[int, Field(ge=1000, le=100_000_000)] = 1_000_000
    """Keys that all rules together may hold; the one that was longest without an event goes first, and is counted."""

    mail: MailServer | None = None
    """The server that takes mail for the alerts."""

    charset: Charsets = Charsets()
    """How text that is not UTF-8 is read."""

    timezone: TimeZones = TimeZones()
    """The time zone of stamps that do not name theirs."""

    dns: Dns = Dns()
    """The names of the addresses that messages come from."""

    silent_after: Silence = Silence()
    """How long a sender may send nothing until the own log says so."""

    clock_tolerance: Duration = 60.0
    """How far a sender's clock may be off until the own log says so; 0 is as far as it likes."""

    templates: dict[str, str] = Field(default_factory=dict)
    """Line formats of your own, by name, in the language of jinja2."""

    state_dir: FilePath | None = None
    """Folder of the lock that keeps two collectors apart."""

    control: SocketPath | None = None
    """The socket on which `collector status` asks the running service."""

    control_mode: Mode = 0o660
    """Who may ask there: the permissions of that socket."""

    control_group: GroupName | None = None
    """Group that socket belongs to, whose members may ask; without it that of the service."""

    user: UserName | None = None
    """Become this user when root has started it, once the sockets are bound; keeps the right to use low ports."""

    group: GroupName | None = None
    """With user: become this group instead of the user's own."""

    workers: Literal["auto"] | Annotated[int, Field(ge=1, le=64)] = "auto"
    """Processes that receive and write; auto takes one for each processor, at most 8."""

    watch: Switch = True
    """Put a change of the configuration, and of the files it includes, into force by itself."""

    mark: Duration = 0.0
    """How often to write the line `-- MARK --`, to routes that take syslog.info or mark.info; 0 is never."""

    max_message: Annotated[Size, Field(ge=480, le=1024 * 1024)] = 64 * 1024
    """Longer messages are cut and marked. Every receiver has to take 480 bytes (RFC 5424 §6.1)."""

    max_files: Annotated[int, Field(ge=1)] = 256
    """Files each worker holds open at the same time."""

    max_paths: Annotated[int, Field(ge=1)] = 10_000
    """Files that one path template may fill in each worker; one not used for a day makes room."""

    _document: Document = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        self._document = context

    @property
    def document(self) -> Document:
        """The file these settings were read from; it knows the place of every value."""
        return self._document

    def alone(self) -> "Settings":
        """The same without the document and what refers to it: for another process."""
        bare = self.model_copy(update={"sources": (), "routes": ()})
        bare.__pydantic_private__ = None
        return bare

    @field_validator("timezone", mode="before")
    @classmethod
    def _zone_alone(cls, value: Any) -> Any:
        return {"default": value} if isinstance(value, str) else value

    @field_validator("silent_after", mode="before")
    @classmethod
    def _duration_alone(cls, value: Any) -> Any:
        return {"default": value} if isinstance(value, str | int | float) else value

    @field_validator("dns", mode="before")
    @classmethod
    def _lookups_alone(cls, value: Any) -> Any:
        return {"lookups": value} if isinstance(value, bool | str) else value
