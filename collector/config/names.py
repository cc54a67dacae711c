"""Names that the system knows: time zones, character sets, files."""

import codecs
import re
import zoneinfo
from datetime import timedelta, timezone, tzinfo
from typing import Any

from collector.config.problems import did_you_mean, quote
from collector.config.values import BadValueError

_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_ZONE_HINT = 'a name such as Asia/Tokyo or UTC, or an offset in quotes: "+09:00"'

# What Python calls them → what everybody calls them. Text labelled Shift_JIS comes from Windows, with characters such
# as ① and 髙 that only cp932 has; it decodes everything that shift_jis does.
_CHARSETS = {"shift_jis": "cp932", "euc_jp": "euc-jp", "iso2022_jp": "iso-2022-jp"}
_ALIASES = {
    "windows-31j": "cp932", "cswindows31j": "cp932", "x-sjis": "cp932",
    "eucjp-ms": "euc-jp", "eucjp-win": "euc-jp", "cp51932": "euc-jp", "x-euc-jp": "euc-jp",
}  # fmt: skip
_ASCII = bytes(range(32, 127))
_CHARSET_HINT = "such as utf-8, cp932, euc-jp, iso-2022-jp, cp1252, iso-8859-1"
_KNOWN_CHARSETS = ("utf-8", "cp932", "shift_jis", "euc-jp", "iso-2022-jp", "iso-8859-1", "cp1252", "gbk", "euc-kr")
# Codecs that undo a notation: one turns the text \n of a message into the end of its line.
_NOT_CHARSETS = frozenset({"charmap", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined"})

MAX_SOCKET_PATH = 107
"""Bytes of sun_path without the closing NUL, unix(7)."""


def parse_timezone(value: Any) -> tzinfo:
    """``"Asia/Tokyo"`` or ``"+09:00"``."""
    if isinstance(value, tzinfo):
        return value
    if not isinstance(value, str):
        raise BadValueError(f"{quote(value)} is not a time zone", hint=_ZONE_HINT)
    offset = _OFFSET.fullmatch(value)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-span if offset[1] == "-" else span)
    try:
        return zoneinfo.ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        hint = did_you_mean(value, zoneinfo.available_timezones()) or _ZONE_HINT
    raise BadValueError(f"{quote(value)} is not a time zone", hint=hint)


def format_timezone(zone: tzinfo) -> str:
    """``Asia/Tokyo`` or ``+09:00``."""
    return str(zone).removeprefix("UTC") or "UTC"


def parse_charset(value: Any) -> str:
    """A character set in which ASCII is ASCII, under one name for all its aliases: Shift_JIS → ``cp932``."""
    name = _codec(value) if isinstance(value, str) else None
    if name is None:
        known = did_you_mean(value, _KNOWN_CHARSETS) if isinstance(value, str) else None
        raise BadValueError(f"{quote(value)} is not a character set", hint=known or _CHARSET_HINT)
    if _ASCII.decode(name, "replace") != _ASCII.decode("ascii"):
        raise BadValueError(
            f"{quote(value)} cannot be used: a syslog header, which is ASCII, is not readable in it", hint=_CHARSET_HINT
        )
    return _CHARSETS.get(name, name)


def _codec(name: str) -> str | None:
    """What Python calls a text encoding."""
    try:
        codec = codecs.lookup(_ALIASES.get(name.lower().replace("_", "-"), name)).name
        if codec.replace("-", "_") not in _NOT_CHARSETS:
            b"A".decode(codec, "replace")  # refuses what is no text, such as base64
            return codec
    except (LookupError, ValueError):
        pass
    return None


_DOMAIN = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def parse_domain(value: Any) -> str:
    """``example.net``, also with a dot before or behind it, in lower case."""
    if not isinstance(value, str) or not _DOMAIN.fullmatch(value) or len(value) > 255:
        raise BadValueError(f"{quote(value)} is not a domain", hint="such as example.net")
    return value.strip(".").lower()


def parse_path(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadValueError(f"{quote(value)} is not a path", hint="such as /var/log/messages")
    if "\0" in value:
        raise BadValueError("a path cannot contain a NUL character", hint="such as /var/log/messages")
    return value


def parse_socket_path(value: Any) -> str:
    path = parse_path(value)
    if len(path.encode(errors="surrogateescape")) > MAX_SOCKET_PATH:
        hint = f"the path of a unix socket has at most {MAX_SOCKET_PATH} bytes"
        raise BadValueError(f"{quote(path)} is too long", hint=hint)
    return path
