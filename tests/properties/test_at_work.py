from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from collector.rules.at_work import is_at_work
from collector.rules.times import MIDNIGHT, Times

ZONES = st.sampled_from([UTC, *map(ZoneInfo, ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe"))])
SPAN = st.tuples(st.integers(0, MIDNIGHT - 1), st.integers(0, MIDNIGHT)).filter(lambda span: span[0] != span[1])


@given(
    st.integers(int(datetime(2025, 12, 30, tzinfo=UTC).timestamp()), int(datetime(2027, 1, 2, tzinfo=UTC).timestamp())),
    st.frozensets(st.integers(0, 6)),
    st.lists(SPAN, min_size=1, max_size=3),
    ZONES,
)
def test_it_agrees_with_a_calendar_of_all_spans(moment, days, hours, zone):
    """What the clock on the wall shows, looked up in the spans that begin today or began yesterday."""
    wall = datetime.fromtimestamp(moment, zone).replace(tzinfo=None)
    today = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    covered = False
    for day in (today, today - timedelta(days=1)):
        for start, end in hours:
            begins, ends = day + timedelta(minutes=start), day + timedelta(minutes=end)
            ends += timedelta(days=1) if end <= start else timedelta()
            covered = covered or (day.weekday() in days and begins <= wall < ends)
    assert is_at_work(Times(days, tuple(hours), zone), moment) is covered
