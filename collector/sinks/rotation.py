"""
When a file is rotated, and how much is kept: the option ``rotate`` of a file.

    to: {file: /var/log/windows, rotate: {size: 100MiB, every: day, age: 90d, compress: zstd}}
    to: {file: /var/log/windows, rotate: daily}
    to: {file: /var/log/windows, rotate: 100MiB}
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from collector.config.options import Duration, Options, Size
from collector.config.problems import did_you_mean, quote
from collector.config.values import SIZE_PATTERN, BadValueError, parse_size
from collector.sinks import compression
from collector.sinks.periods import Period
from collector.sinks.rotated import Kept

_WORDS: dict[str, Period] = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
_FILES = 30
_HINT = (
    "a size (100MiB), one of hourly, daily, weekly, monthly, or a mapping with size, every, keep, age, total, compress"
)


class RotateOptions(Options):
    """At least one of ``size`` and ``every`` says when; the first that is reached counts."""

    size: Annotated[Size, Field(ge=1024)] | None = None
    """Rotate a file that has reached this size; looked at once a second."""

    every: Period | None = None
    """Rotate a file that began before this hour, day, week (from Monday) or month, by the clock of this machine."""

    keep: Literal["all"] | Annotated[int, Field(ge=1)] | None = None
    """Rotated files kept of each path: 30, or, where age or total sets a limit, all."""

    age: Annotated[Duration, Field(ge=60)] | None = None
    """Delete a file this long after it was rotated."""

    total: Size | None = None
    """Room for all rotated files of this destination together; the oldest are deleted first."""

    compress: Literal["gzip", "zstd", "none"] = "gzip"
    """How rotated files are compressed; zstd needs Python 3.14 or the program zstd."""

    @property
    def kept(self) -> Kept:
        limited = self.age is not None or self.total is not None
        files = self.keep or ("all" if limited else _FILES)
        return Kept(None if files == "all" else files, self.age, self.total)

    @model_validator(mode="after")
    def _say_when(self) -> Self:
        if self.size is None and self.every is None:
            raise BadValueError("nothing says when to rotate", hint="add size: 100MiB or every: day, or both")
        return self

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.total is not None and self.size is not None and self.total < self.size:
            raise BadValueError("the total is less than the size of one file", hint="raise it", option="total")
        return self

    @model_validator(mode="after")
    def _can_compress(self) -> Self:
        if self.compress == "zstd" and not compression.has_zstd():
            hint = "install the program zstd (a package of that name), or write compress: gzip"
            raise BadValueError("zstd is not on this machine", hint=hint, option="compress")
        return self


class _Short:
    """``rotate: daily`` and ``rotate: 100MiB`` beside the mapping."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_written_out, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        size = {"type": ["string", "integer"], "pattern": f"^{SIZE_PATTERN}$", "minimum": 1024}
        return {"anyOf": [handler(schema), {"enum": [*_WORDS]}, size]}


Rotate = Annotated[RotateOptions, _Short()]


def _written_out(value: Any) -> Any:
    if isinstance(value, dict | RotateOptions):
        return value
    if isinstance(value, str) and value in _WORDS:
        return {"every": _WORDS[value]}
    if type(value) is int or (isinstance(value, str) and value[:1].isdigit()):
        return {"size": parse_size(value)}
    near = did_you_mean(value, _WORDS) if isinstance(value, str) else None
    raise BadValueError(f"{quote(value)} does not say when to rotate", hint=near or _HINT)
