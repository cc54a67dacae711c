"""
How a component declares its options, and the types they may have.

    class UdpOptions(Options):
        target_field = "address"                       # the value of the key that names the kind: udp: 0.0.0.0:514

        address: Address
        \"\"\"Where to listen.\"\"\"
        receive_buffer: Annotated[Size, Field(ge=4096)] = 32 * 1024 * 1024
        \"\"\"Room for datagrams that wait in the kernel.\"\"\"

Nothing is converted silently: ``"5"`` is no number, ``on`` is not true. A list is declared ``Many[…]``. A rule between
several options is a ``model_validator`` that raises BadValueError.
"""

from collections.abc import Callable
from datetime import tzinfo
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from collector.config import accounts, names, network, rate, values

Item = TypeVar("Item")


class Options(BaseModel):
    """Options of one component: immutable, unknown keys refused, described by the docstrings of its fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, arbitrary_types_allowed=True
    )

    target_field: ClassVar[str]


class Written:
    """Marks a type with the way it is written in YAML: how to parse and show it, and its JSON Schema."""

    def __init__(self, parse: Callable[[Any], Any], show: Callable[[Any], str], schema: JsonSchemaValue) -> None:
        self.parse = parse
        self.show = show
        self.schema = schema

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        shown = core_schema.plain_serializer_function_ser_schema(self.show, when_used="json")
        return core_schema.no_info_plain_validator_function(self.parse, serialization=shown)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.schema)


Many = Annotated[tuple[Item, ...], Strict(False)]
"""A list in YAML, a tuple here."""

Size = Annotated[
    int,
    Written(
        values.parse_size,
        values.format_size,
        {
            "type": ["string", "integer"], "pattern": f"^{values.SIZE_PATTERN}$", "minimum": 0,
            "description": "A size: KiB, MiB, GiB are powers of 1024, kB, MB, GB of 1000; a plain number is bytes.",
            "examples": ["64KiB", "32MiB", "100MB"],
        },
    ),
]  # fmt: skip
"""Bytes."""

Duration = Annotated[
    float,
    Written(
        values.parse_duration,
        values.format_duration,
        {
            "anyOf": [{"type": "string", "pattern": f"^({values.DURATION_PATTERN}|0)$"}, {"const": 0}],
            "description": "A duration with its units, from days to milliseconds.",
            "examples": ["500ms", "10s", "5m", "1h30m", "2d"],
        },
    ),
]  # fmt: skip
"""Seconds."""

Address = Annotated[
    network.Address,
    Written(
        network.parse_address,
        str,
        {
            "type": "string", "pattern": f"^{network.ADDRESS_PATTERN}$",
            "description": "address:port; without an address every one of this machine; IPv6 in brackets.",
            "examples": ["0.0.0.0:514", "[::]:514", ":514", "localhost:5514"],
        },
    ),
]  # fmt: skip

Peer = Annotated[
    network.Peer,
    Written(
        network.parse_peer,
        str,
        {
            "type": "string", "pattern": f"^{network.PEER_PATTERN}$",
            "description": "A receiver of syslog: transport, host and port; 514 without one; IPv6 in brackets.",
            "examples": ["udp://192.0.2.7:514", "tcp://central.example.net", "tcp://[2001:db8::7]:601"],
        },
    ),
]  # fmt: skip

Mode = Annotated[
    int,
    Written(
        values.parse_mode,
        values.format_mode,
        {
            "type": ["string", "integer"], "pattern": f"^{values.MODE_PATTERN}$",  # editors read 0640 as a number
            "description": "Permissions of a file, in octal.",
            "examples": ["0640", "0600"],
        },
    ),
]  # fmt: skip

Network = Annotated[
    network.Network,
    Written(
        network.parse_network,
        str,
        {
            "type": "string",
            "description": "An address or a network.",
            "examples": ["192.0.2.7", "192.0.2.0/24", "2001:db8::/32"],
        },
    ),
]

Rate = Annotated[
    rate.Rate,
    Written(
        rate.parse_rate,
        rate.format_rate,
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{rate.RATE_PATTERN}$"},
                {
                    "type": "object",
                    "properties": {
                        "messages": {"type": "integer", "minimum": 1},
                        "per": {"type": "string", "pattern": f"^{values.DURATION_PATTERN}$"},
                    },
                    "required": ["messages"],
                    "additionalProperties": False,
                },
            ],
            "description": "Messages in a span of time: as text, or {messages: 1000, per: 1s}.",
            "examples": ["1000/s", "100/m", "500/10s"],
        },
    ),
]

HostOrNetwork = Annotated[
    network.HostOrNetwork,
    Written(
        network.parse_host,
        str,
        {
            "type": "string",
            "description": "A host name, an address or a network.",
            "examples": ["atropos", "192.0.2.7", "192.0.2.0/24"],
        },
    ),
]

TimeZone = Annotated[
    tzinfo,
    Written(
        names.parse_timezone,
        names.format_timezone,
        {
            "type": "string",
            "description": "A time zone by name, or as an offset from UTC.",
            "examples": ["Asia/Tokyo", "UTC", "+09:00"],
        },
    ),
]

CharsetName = Annotated[
    str,
    Written(
        names.parse_charset,
        str,
        {
            "type": "string",
            "description": "A character set that extends ASCII, by any of its usual names.",
            "examples": ["utf-8", "cp932", "euc-jp", "iso-2022-jp", "cp1252"],
        },
    ),
]

FilePath = Annotated[
    str,
    Written(
        names.parse_path,
        str,
        {"type": "string", "minLength": 1, "description": "A path.", "examples": ["/var/log/messages"]},
    ),
]

UserName = Annotated[
    int,
    Written(
        accounts.parse_user,
        accounts.user_name,
        {"type": "string", "description": "A user's name.", "examples": ["root"]},
    ),
]

GroupName = Annotated[
    int,
    Written(
        accounts.parse_group,
        accounts.group_name,
        {"type": "string", "description": "A group's name.", "examples": ["adm"]},
    ),
]

SocketPath = Annotated[
    str,
    Written(
        names.parse_socket_path,
        str,
        {
            "type": "string", "minLength": 1, "maxLength": names.MAX_SOCKET_PATH,
            "description": "The path of a unix socket.", "examples": ["/run/collector/control.sock"],
        },
    ),
]  # fmt: skip

Switch = Annotated[
    bool,
    Written(
        values.parse_switch,
        values.format_switch,
        {
            "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": "^(on|off)$"}],
            "description": "on or off; true and false mean the same.",
            "examples": ["on", "off"],
        },
    ),
]

MaxSkew = Annotated[
    float | None,
    Written(
        values.parse_limit,
        values.format_limit,
        {
            "anyOf": [{"type": "string", "pattern": f"^({values.DURATION_PATTERN}|0|none)$"}, {"const": 0}],
            "description": "A duration, or none for no limit.",
            "examples": ["1d", "10m"],
        },
    ),
]
"""Seconds, or None for no limit."""

Domain = Annotated[
    str,
    Written(
        names.parse_domain,
        str,
        {"type": "string", "minLength": 1, "description": "A domain.", "examples": ["example.net"]},
    ),
]
