"""A message built of fields gives the fields back; a stamp built of a time gives the time back."""

import string
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from collector.protocol.parsers import Context, parse
from collector.protocol.timestamp import bsd_stamp, iso, parse_bsd, parse_iso, resolve_year

_RECEIVED = datetime(2026, 2, 3, 8, 9, 10, tzinfo=UTC)
_CONTEXT = Context(_RECEIVED, UTC, "192.0.2.7:514", "utf-8", None)

_ASCII = st.characters(min_codepoint=33, max_codepoint=126)
_FIELD = st.text(_ASCII, min_size=1, max_size=48)
_NAME = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='="]'), min_size=1, max_size=32)
_VALUE = st.text(st.characters(codec="utf-8"), max_size=30)
_DATA = st.dictionaries(_NAME, st.dictionaries(_NAME, _VALUE, max_size=3), max_size=3)
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=60)
_OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30), timezones=_OFFSETS)  # noqa: DTZ001 - given by timezones

_HOST = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,5})?", fullmatch=True).filter(
    lambda name: name not in ("last", "message")
)
_TAG = st.text(string.ascii_letters + string.digits + "_./()-", min_size=1, max_size=32)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _written(data: dict[str, dict[str, str]]) -> str:
    elements = (f"[{id_}" + "".join(f' {k}="{_escaped(v)}"' for k, v in p.items()) + "]" for id_, p in data.items())
    return "".join(elements) or "-"


@given(st.integers(0, 191), _TIMES, st.tuples(_FIELD, _FIELD, _FIELD, _FIELD), _DATA, _TEXT)
def test_a_message_of_rfc_5424_gives_its_fields_back(pri, time, fields, data, text):
    record = parse(f"<{pri}>1 {time.isoformat()} {' '.join(fields)} {_written(data)} {text}", _CONTEXT)

    hostname, *others = (None if field == "-" else field for field in fields)
    assert (record.pri, record.timestamp, record.marks) == (pri, time, ())
    assert record.hostname == (hostname or "192.0.2.7")
    assert [record.app_name, record.proc_id, record.msg_id] == others
    assert record.structured_data == data
    assert record.message == text


@given(st.integers(0, 191), st.integers(-360 * 86400, 86400), _HOST, _TAG, st.integers(0, 2**22) | st.none(), _TEXT)
def test_a_message_of_rfc_3164_gives_its_fields_back(pri, seconds, host, tag, pid, text):
    time = _RECEIVED + timedelta(seconds=seconds)
    suffix = "" if pid is None else f"[{pid}]"
    record = parse(f"<{pri}>{bsd_stamp(time)} {host} {tag}{suffix}: {text}", _CONTEXT)

    assert (record.pri, record.timestamp, record.marks) == (pri, time, ())
    assert (record.hostname, record.app_name, record.message) == (host, tag, text)
    assert record.proc_id == (None if pid is None else str(pid))
    assert record.text == f"{tag}{suffix}: {text}"
    assert record.stamp == bsd_stamp(time)


@given(_TIMES)
def test_iso_text_gives_the_time_back(time):
    assert parse_iso(iso(time), UTC) == time


@given(st.datetimes(datetime(1990, 1, 2), datetime(2098, 12, 30)), st.dates())  # noqa: DTZ001 - wall clocks
def test_the_year_is_the_newest_that_lies_no_more_than_a_day_ahead(clock, date):
    zone = ZoneInfo("America/New_York")
    received_at = clock.replace(tzinfo=UTC)
    found = resolve_year(date.month, date.day, 12, 0, 0, 0, received_at, zone)

    limit = received_at.astimezone(zone) + timedelta(days=1)
    years = [year for year in range(clock.year - 9, clock.year + 2) if (date.month, date.day) != (2, 29) or _leap(year)]
    candidates = [datetime(year, date.month, date.day, 12, tzinfo=zone) for year in years]
    assert found == max(moment for moment in candidates if moment <= limit)


@given(st.datetimes(datetime(2025, 2, 4, 9), datetime(2026, 2, 4)))  # noqa: DTZ001 - wall clocks
def test_a_bsd_stamp_in_any_zone_is_shown_as_it_was_sent(clock):
    zone = ZoneInfo("Europe/Berlin")
    stamp = bsd_stamp(clock)
    found = parse_bsd(stamp, _RECEIVED, zone)

    assert found is not None
    assert bsd_stamp(found) == stamp


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
