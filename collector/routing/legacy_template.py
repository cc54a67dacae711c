r"""
Templates of rsyslog → templates of ours.

    "/var/log/%HOSTNAME%/%$YEAR%-%$MONTH%.log"      → /var/log/{{ hostname }}/{{ received_at | date('%Y') }}-….log
    "%timegenerated% %syslogtag%%msg%\n"            → {{ received_at | date('%b %e %H:%M:%S') }} {{ tag }} {{ message }}

    text       = *( literal / "\" char / "%" property ["::" …] "%" )
    property   = name [":" from ":" to [":" options]]

``msg`` of rsyslog begins with the blank that follows the tag, ours does not: ``%msg%`` becomes a blank and the
message, ``%msg:2:$%`` and ``%msg:::sp-if-no-1st-sp%%msg%`` the same in their ways. Options that make text harmless
(``escape-cc``, ``drop-last-lf``, ``secpath-replace`` …) are left out, as every format and path here is harmless
already. What cannot be said is refused by name.
"""

import re
from dataclasses import dataclass

from collector.config.problems import did_you_mean, quote
from collector.errors import CollectorError, every
from collector.routing.property_filter import FIELDS

RSYSLOG = {
    "rsyslog_fileformat": ("RSYSLOG_FileFormat", r"%TIMESTAMP:::date-rfc3339% %HOSTNAME% %syslogtag%%msg%\n"),
    "rsyslog_forwardformat": (
        "RSYSLOG_ForwardFormat",
        r"<%PRI%>%TIMESTAMP:::date-rfc3339% %HOSTNAME% %syslogtag%%msg%\n",
    ),
    "rsyslog_traditionalforwardformat": (
        "RSYSLOG_TraditionalForwardFormat",
        r"<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag%%msg%\n",
    ),
    "rsyslog_sysklogdfileformat": ("RSYSLOG_SysklogdFileFormat", r"%TIMESTAMP% %HOSTNAME% %syslogtag%%msg%\n"),
}
"""Formats that every rsyslog has and that are none of ours: name and text, by the name in lower case."""

_PIECE = re.compile(r"\\(?P<escaped>[0-7]{1,3}|.)|%(?P<property>[^%]*)%|(?P<text>[^\\%]+|.)", re.DOTALL)
_PROPERTY = re.compile(r"(?P<name>[^:]*)(?::(?P<first>[^:]*):(?P<last>[^:]*)(?::(?P<options>.*))?)?", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}

_FIELDS = {
    **FIELDS, "pri": "pri", "syslogfacility-text": "facility", "syslogseverity-text": "severity",
    "syslogpriority-text": "severity",
}  # fmt: skip
_COMPOSED = {"pri-text": "{{ facility }}.{{ severity }}"}
_TIMES = {
    "timereported": "timestamp", "timestamp": "timestamp", "date-reported": "timestamp",
    "timegenerated": "received_at",
}  # fmt: skip
_PARTS_OF_NOW = {
    "now": "%Y-%m-%d", "year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "wday": "%w",
    "hhour": None, "qhour": None, "now-utc": None,
}  # fmt: skip

_RFC3164 = ("%b", " ", "%e", " ", "%H", ":", "%M", ":", "%S")
_RFC3339 = ("%Y", "-", "%m", "-", "%d", "T", "%H", ":", "%M", ":", "%S")
_WIDTHS = {"%b": 3, "%Y": 4}
_DATES: dict[str, tuple[str, ...]] = {
    "date-rfc3164": _RFC3164, "date-rfc3164-buggyday": _RFC3164, "date-rfc3339": _RFC3339,
    "date-mysql": ("%Y", "%m", "%d", "%H", "%M", "%S"), "date-pgsql": (*_RFC3339[:5], " ", *_RFC3339[6:]),
    "date-unixtimestamp": ("%s",), "date-year": ("%Y",), "date-month": ("%m",), "date-day": ("%d",),
    "date-hour": ("%H",), "date-minute": ("%M",), "date-second": ("%S",), "date-wday": ("%w",),
    "date-wdayname": ("%a",), "date-ordinal": ("%j",), "date-iso-week": ("%V",),
    "date-iso-week-year": ("%G",),
}  # fmt: skip
_NOTHING = {
    "escape-cc", "drop-cc", "space-cc", "drop-last-lf", "secpath-drop", "secpath-replace", "mandatory-field", "",
    "compressspace",
}  # fmt: skip
_CASES = {"lowercase": "lower", "uppercase": "upper"}


@dataclass(frozen=True, slots=True)
class LegacyTemplate:
    """``$template name,"text"``: the text between the quotes as written."""

    name: str
    text: str

    def as_path(self) -> str:
        """A path template. Raises CollectorError for what cannot be said."""
        return _translated(self.text, path=True)

    def as_line(self) -> str:
        """A line format; without the LF that ends it, as all formats end their lines."""
        text = _translated(self.text, path=False).removesuffix("\n").removesuffix("\r")
        if "\n" in text:
            raise CollectorError("a line format is one line", hint=r"\n may stand at its end only")
        return text


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    first: str
    last: str
    options: tuple[str, ...]
    written: str


def _translated(text: str, *, path: bool) -> str:
    pieces = every(lambda piece: _piece(piece, path=path), _PIECE.finditer(text))
    return "".join(pieces)


def _piece(found: re.Match[str], *, path: bool) -> str:
    if found["property"] is not None:
        return _property(found["property"], path=path)
    if found["escaped"] is not None:
        escaped = found["escaped"]
        return _ESCAPES.get(escaped) or (chr(int(escaped, 8)) if escaped[0] in "01234567" else escaped)
    # What begins an expression of ours, alone or before the next piece, is text in rsyslog.
    return re.sub(r"\{(?=[{%#]|\Z)", "{{ '{' }}", found["text"])


def _property(written: str, *, path: bool) -> str:
    found = _PROPERTY.fullmatch(written)
    assert found  # every piece of the pattern may be empty
    options = tuple(option.strip().lower() for option in (found["options"] or "").split(","))
    asked = _Property(found["name"].strip().lower(), found["first"] or "", found["last"] or "", options, written)
    if asked.first.upper().startswith(("R,", "R ", "F,")) or asked.first.upper() in {"R", "F"}:
        raise _refused(asked, "regular expressions and fields of columns")
    if asked.name in _TIMES:
        return _time(asked)
    if asked.name.startswith("$"):
        return _now(asked)
    return _text(asked, path=path)


def _text(asked: _Property, *, path: bool) -> str:
    if asked.name in _COMPOSED and not (asked.first or asked.last) and set(asked.options) <= _NOTHING:
        return _COMPOSED[asked.name]
    if asked.name not in _FIELDS:
        raise _unknown(asked)
    if "sp-if-no-1st-sp" in asked.options:
        return "" if asked.name == "msg" else f"{{{{ '' if {_FIELDS[asked.name]}[:1] == ' ' else ' ' }}}}"
    field, blank = _FIELDS[asked.name], asked.name == "msg" and not path
    cut = _slice(asked, shift=1 if asked.name == "msg" else 0)
    filters = "".join(_filter(option, asked) for option in asked.options)
    default = " | default('-')" if asked.name in {"procid", "msgid", "structured-data", "app-name"} else ""
    lead = " " if blank and asked.first in {"", "0", "1"} else ""
    return f"{lead}{{{{ {field}{cut}{default}{filters} }}}}"


def _filter(option: str, asked: _Property) -> str:
    if option in _NOTHING:
        return ""
    if option not in _CASES:
        raise _refused(asked, f"the option {quote(option)}")
    return f" | {_CASES[option]}"


def _slice(asked: _Property, *, shift: int) -> str:
    """``from:to`` counts from 1 and includes both ends; ``$`` is the last character."""
    first, last = asked.first or "1", asked.last or "$"
    if not first.isdecimal() or not (last.isdecimal() or last == "$"):
        raise _refused(asked, f"the range {quote(f'{asked.first}:{asked.last}')}")
    start = max(int(first) - 1 - shift, 0)
    end = "" if last == "$" else str(max(int(last) - shift, 0))
    return f"[{start or ''}:{end}]" if start or end else ""


def _time(asked: _Property) -> str:
    field = _TIMES[asked.name]
    dates = [option for option in asked.options if option not in _NOTHING]
    unknown = next((option for option in dates if option not in _DATES), None)
    if unknown or len(dates) > 1:
        raise _refused(asked, f"the option {quote(unknown or dates[1])}")
    whole = not (asked.first or asked.last)
    if dates == ["date-rfc3339"] and whole:
        return f"{{{{ {field} }}}}"
    pattern = _cut(_DATES[dates[0] if dates else "date-rfc3164"], asked)
    return f"{{{{ {field} | date('{pattern}') }}}}"


def _cut(parts: tuple[str, ...], asked: _Property) -> str:
    """The directives that write the characters from ``first`` to ``last``."""
    if not (asked.first or asked.last):
        return "".join(parts)
    borders = [0]
    for part in parts:
        borders.append(borders[-1] + (_WIDTHS.get(part, 2) if part.startswith("%") else 1))
    first = int(asked.first) - 1 if asked.first.isdecimal() else 0
    last = int(asked.last) if asked.last.isdecimal() else borders[-1]
    if first not in borders or last not in borders or parts == ("%s",) or last <= first:
        raise _refused(asked, f"the range {quote(f'{asked.first}:{asked.last}')} of a time")
    return "".join(parts[borders.index(first) : borders.index(last)])


def _now(asked: _Property) -> str:
    name = asked.name.removeprefix("$")
    if name == "myhostname":
        raise _refused(asked, "the name of this machine")
    pattern = _PARTS_OF_NOW.get(name)
    if pattern is None or asked.first or asked.last or not set(asked.options) <= _NOTHING:
        raise _unknown(asked)
    return f"{{{{ received_at | date('{pattern}') }}}}"


def _unknown(asked: _Property) -> CollectorError:
    known = (*_FIELDS, *_COMPOSED, *_TIMES, *(f"${name}" for name in _PARTS_OF_NOW))
    hint = did_you_mean(asked.name, known) or "write the template anew under templates: with the fields there are"
    return CollectorError(f"the property {quote(f'%{asked.written}%')} is not supported", hint=hint)


def _refused(asked: _Property, what: str) -> CollectorError:
    hint = "write the template anew, under templates: or in the path, with the filters there are"
    return CollectorError(f"{what} in {quote(f'%{asked.written}%')} cannot be translated", hint=hint)
