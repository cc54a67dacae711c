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

from collector.config import names, network, values

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
            "anyOf": [{"type": "string", "pattern": f"^{values.DURATION_PATTERN}$"}, {"const": 0}],
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
