"""
A message to send: text and header fields → the bytes a device would have sent.

    compose("hello", Header(pri=135, hostname="atropos", app_name="test"), now, charset="cp932")
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from collector.config.names import parse_charset
from collector.config.problems import did_you_mean
from collector.config.values import BadValueError
from collector.errors import CollectorError
from collector.priority import DEFAULT_PRI, FACILITY_NUMBERS, PRI_COUNT, SEVERITY_NUMBERS, pri_of
from collector.protocol.timestamp import bsd_stamp, iso

# RFC 5424 §6: the longest HOSTNAME, APP-NAME and PROCID.
_LONGEST = {"host name": 255, "tag": 48, "process id": 128}


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the text; without ``app_name`` an RFC 3164 message has no tag."""

    pri: int = DEFAULT_PRI
    hostname: str = "localhost"
    app_name: str | None = None
    proc_id: str | None = None


def parse_priority(text: str) -> int:
    """``local0.debug`` or the number 135 → 135. Raises CollectorError."""
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) < PRI_COUNT:
        return int(text)
    facility, dot, severity = text.lower().partition(".")
    if not dot:
        raise CollectorError(
            f'"{text}" is not a priority', hint="facility.severity, such as local0.debug, or a number from 0 to 191"
        )
    return pri_of(_number("facility", facility, FACILITY_NUMBERS), _number("severity", severity, SEVERITY_NUMBERS))


def _number(what: str, word: str, known: dict[str, int]) -> int:
    if word not in known:
        raise CollectorError(f'unknown {what} "{word}"', hint=did_you_mean(word, known) or f"one of {', '.join(known)}")
    return known[word]


def compose(text: str, header: Header, now: datetime, *, rfc5424: bool = False, charset: str = "utf-8") -> bytes:
    """
    One message. ``now`` must carry a zone: its local time is the RFC 3164 stamp, its offset is in the RFC 5424 one.

    Raises CollectorError for header fields that the format cannot carry and for text that the charset lacks.
    """
    start = _rfc5424_header(header, now) if rfc5424 else _rfc3164_header(header, now)
    return start.encode("ascii") + encode(text, charset)


def _rfc3164_header(header: Header, now: datetime) -> str:
    """RFC 3164 §4.1: ``<PRI>Mmm dd hh:mm:ss HOSTNAME TAG[PID]: ``, the number in brackets being custom."""
    start = f"<{header.pri}>{bsd_stamp(now)} {_field('host name', header.hostname)} "
    if not header.app_name:
        return start
    process = f"[{_field('process id', header.proc_id)}]" if header.proc_id else ""
    return f"{start}{_field('tag', header.app_name)}{process}: "


def _rfc5424_header(header: Header, now: datetime) -> str:
    """RFC 5424 §6, without message id and structured data; the text is MSG-ANY, so no byte order mark, as logger(1)."""
    app_name = _field("tag", header.app_name) if header.app_name else "-"
    proc_id = _field("process id", header.proc_id) if header.proc_id else "-"
    return f"<{header.pri}>1 {iso(now)} {_field('host name', header.hostname)} {app_name} {proc_id} - - "


def _field(what: str, value: str | None) -> str:
    """RFC 5424 §6 PRINTUSASCII; RFC 3164 fields end at a blank too."""
    if not value or not all("!" <= char <= "~" for char in value):
        raise CollectorError(f'"{value or ""}" cannot be a {what}', hint="printable ASCII without blanks")
    if len(value) > _LONGEST[what]:
        raise CollectorError(f"the {what} has {len(value)} characters", hint=f"at most {_LONGEST[what]} (RFC 5424 §6)")
    return value


def encode(text: str, charset: str) -> bytes:
    """
    Text in a charset; the Japanese ones with the characters Windows adds (① 髙 ㈱).

    Bytes that came from undecodable input (PEP 383 surrogates) go out as they came in UTF-8 only.
    """
    try:
        name = parse_charset(charset)
    except BadValueError as error:
        raise CollectorError(str(error), hint=error.hint) from None
    try:
        if name == "utf-8":
            return text.encode("utf-8", "surrogateescape")
        if name == "euc-jp":
            return b"".join(map(_euc, text))
        if name == "iso-2022-jp":
            return b"".join(_iso_2022_jp(text))
        return text.encode(name)
    except UnicodeEncodeError as error:
        char = error.object[error.start]
        raise CollectorError(
            f"{char!a} (U+{ord(char):04X}) does not exist in {charset}", hint="send it with --charset utf-8"
        ) from None


_NEC = {
    char: pair
    for lead in (0xED, 0xEE)
    for trail in range(0x40, 0xFD)
    if len(char := (pair := bytes((lead, trail))).decode("cp932", "replace")) == 1
}


def _euc(char: str) -> bytes:
    """
    EUC-JP of one character. What the charset proper lacks stands where Windows has it: in the rows of CP932, moved as
    JIS X 0208 annex 1 says; the IBM kanji at their second place, the NEC rows 89 to 92, for their own have no room.
    """
    try:
        return char.encode("euc_jp")
    except UnicodeEncodeError:
        lead, trail = _NEC.get(char) or _two_bytes(char)
    row = 2 * (lead - (0x71 if lead <= 0x9F else 0xB1)) + 1 + (trail >= 0x9F)
    cell = trail - (0x7E if trail >= 0x9F else 0x20 if trail > 0x7F else 0x1F)
    return bytes((row | 0x80, cell | 0x80))


def _two_bytes(char: str) -> bytes:
    pair = char.encode("cp932")
    if len(pair) != 2 or not (0x81 <= pair[0] <= 0x9F or 0xE0 <= pair[0] <= 0xEF):
        raise UnicodeEncodeError("euc-jp", char, 0, 1, "no such character")
    return pair


# ISO-2022-JP (RFC 1468) and its relatives designate by escape what EUC-JP tells apart by the lead byte.
_ASCII, _KANA, _JIS_X_0212, _JIS_X_0208 = b"\x1b(B", b"\x1b(I", b"\x1b$(D", b"\x1b$B"
_DESIGNATIONS = {0x8E: _KANA, 0x8F: _JIS_X_0212}


def _iso_2022_jp(text: str) -> Iterator[bytes]:
    designation = _ASCII
    for designation, chars in groupby(map(_euc, text), key=_designation_of):
        if designation == _ASCII:
            yield b"".join(chars)
        else:
            skip = designation != _JIS_X_0208
            yield designation + b"".join(bytes(byte & 0x7F for byte in char[skip:]) for char in chars) + _ASCII


def _designation_of(euc: bytes) -> bytes:
    return _ASCII if euc < b"\x80" else _DESIGNATIONS.get(euc[0], _JIS_X_0208)
