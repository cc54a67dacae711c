"""Names, periods and retention of rotated files, against slow ways to say the same."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from collector.sinks.paths import NAME_MAX, PathTemplate
from collector.sinks.periods import began
from collector.sinks.rotated import Kept, Rotated, expired, next_stamp, read_name

BEIRUT = ZoneInfo("Asia/Beirut")  # where days without a midnight are, and the hour before it comes twice
clock = datetime.fromisoformat
"""What a clock on the wall shows."""

ZONES = [BEIRUT, *map(ZoneInfo, ["Asia/Tokyo", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata",
                                 "America/Santiago", "America/St_Johns", "Pacific/Apia"])]  # fmt: skip
SINCE, UNTIL = datetime(2005, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
PERIODS = {
    "hour": lambda wall: (wall.date(), wall.hour),
    "day": lambda wall: wall.date(),
    "week": lambda wall: wall.isocalendar()[:2],
    "month": lambda wall: (wall.year, wall.month),
}


def near_transitions(zone):
    """Moments around the changes of a zone's offset, where mistakes live."""
    days = [SINCE + timedelta(days=number) for number in range((UNTIL - SINCE).days)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    changes = [day.timestamp() for day, one, two in zip(days, offsets, offsets[1:], strict=False) if one != two]
    return [change + minutes * 60 for change in changes for minutes in range(-60, 26 * 60, 10)]


TURNS = {zone: near_transitions(zone) for zone in ZONES}


def wall(now, zone):
    return datetime.fromtimestamp(now, zone)


@st.composite
def moments(draw):
    zone = draw(st.sampled_from(ZONES))
    somewhen = st.integers(int(SINCE.timestamp()), int(UNTIL.timestamp()))
    return zone, draw(st.one_of(somewhen, st.sampled_from(TURNS[zone])) if TURNS[zone] else somewhen)


@given(moments(), st.sampled_from(["hour", "day", "week", "month"]))
def test_a_period_begins_where_nothing_earlier_shows_its_name(moment, period):
    zone, now = moment
    name_of = PERIODS[period]
    begin = began(period, now, zone)

    assert begin <= now
    assert name_of(wall(begin, zone)) == name_of(wall(now, zone))
    earlier = (begin - 1, begin - 60, begin - 1800, begin - 3600, begin - 7200)
    assert all(name_of(wall(moment, zone)) < name_of(wall(now, zone)) for moment in earlier)


@given(moments(), st.sampled_from(["hour", "day", "week", "month"]))
def test_a_second_later_it_is_the_same_or_begins_now(moment, period):
    zone, now = moment

    assert began(period, now + 1, zone) in (began(period, now, zone), now + 1)


NAMES = st.text(st.sampled_from("ab-.T0129gzstpar"), min_size=1, max_size=40)
STAMPS = st.datetimes(clock("1000-01-01"), clock("9999-12-30")).map(lambda moment: moment.replace(microsecond=0))
SUFFIXES = st.sampled_from([("", False), (".gz", False), (".zst", False), (".gz", True), (".zst", True)])


@given(NAMES, STAMPS, SUFFIXES)
def test_a_name_can_be_read_again(name, stamp, suffix):
    rotated = Rotated(f"/var/log/{name}", stamp, *suffix)

    assert read_name(rotated.path) == rotated


@given(NAMES | st.builds("{}-20261122T{}{}".format, NAMES, st.integers(0, 999999), st.sampled_from(["", ".gz"])))
def test_what_is_read_as_a_name_is_that_name(text):
    rotated = read_name(f"/{text}")

    assert rotated is None or rotated.path == f"/{text}"


@given(NAMES | st.builds("{}-20261122T101500{}".format, NAMES, st.sampled_from(["", ".gz", ".zst.part"])))
def test_no_message_makes_a_path_that_looks_rotated_or_has_no_room_for_the_suffix(text):
    forms = {"/l/{{ hostname }}": text, "/l/x/{{ hostname }}.gz": text, "/l/" + 3 * "{{ hostname }}": 8 * text}
    for form, value in forms.items():
        path = PathTemplate(form, allowed={"hostname"}).path_for({"hostname": value})
        longest = Rotated(path, clock("2026-11-22T10:15"), ".zst", part=True).path

        assert read_name(path) is None
        assert len(longest.rpartition("/")[2]) <= NAME_MAX


@given(st.lists(st.tuples(st.sampled_from(ZONES), st.integers(0, 5000)), min_size=1, max_size=30), st.data())
def test_names_of_one_clock_are_in_order_and_different(steps, data):
    zone = steps[0][0]
    now, newest = data.draw(st.sampled_from(TURNS[zone] or [0.0])), None
    for _, step in steps:
        now += step
        stamp = next_stamp(wall(now, zone), newest)
        assert newest is None or stamp > newest
        assert stamp - wall(now, zone).replace(tzinfo=None) <= timedelta(hours=2)
        newest = stamp


@st.composite
def folders(draw):
    """Files of a few paths, some of them there twice."""
    count = draw(st.integers(0, 12))
    now = clock("2026-11-22T12:00")
    return [
        (
            Rotated(
                draw(st.sampled_from(["/l/a", "/l/b", "/l/c"])),
                now - timedelta(hours=draw(st.integers(-3, 20))),
                draw(st.sampled_from(["", ".gz"])),
            ),
            draw(st.integers(0, 100)),
        )
        for _ in range(count)
    ], now


LIMITS = st.builds(
    Kept,
    st.none() | st.integers(1, 5),
    st.none() | st.integers(0, 20).map(lambda hours: hours * 3600.0),
    st.none() | st.integers(0, 400),
)


@given(folders(), LIMITS)
def test_what_goes_is_what_goes_one_by_one(folder, kept):
    sizes, now = folder
    sizes = list(dict(sizes).items())

    assert {file.path for file in expired(sizes, kept, now)} == one_by_one(sizes, kept, now)


def one_by_one(sizes, kept, now):
    """Delete the oldest while there is a reason to."""
    there = dict(sizes)

    def turns(base=None):
        return sorted({(file.stamp, file.base) for file in there if base in (None, file.base)})

    def delete(turn):
        for file in [file for file in there if (file.stamp, file.base) == turn]:
            del there[file]

    for turn in turns():
        if kept.age is not None and turn[0] + timedelta(seconds=kept.age) < now:
            delete(turn)
    for base in {file.base for file in there}:
        while kept.files is not None and len(turns(base)) > kept.files:
            delete(turns(base)[0])
    while kept.total is not None and sum(there.values()) > kept.total and len(turns()) > 1:
        delete(turns()[0])
    return {file.path for file, _ in sizes} - {file.path for file in there}
