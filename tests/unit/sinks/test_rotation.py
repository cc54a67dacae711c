import pytest
from pydantic import ValidationError

from collector.sinks import compression
from collector.sinks.file import FileOptions
from collector.sinks.rotated import Kept

SCHEMA = FileOptions.model_json_schema()
DAY = 86400.0


def rotate(value):
    return FileOptions.model_validate({"file": "/var/log/windows", "rotate": value}).rotate


def problem(value):
    with pytest.raises(ValidationError) as caught:
        rotate(value)
    (error,) = caught.value.errors()
    cause = error.get("ctx", {}).get("error")
    return f"{error['loc'][1:]} {cause or error['msg']}; {getattr(cause, 'hint', '')}"


def test_without_it_nothing_is_rotated():
    assert FileOptions(file="/var/log/windows").rotate is None


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("daily", {"every": "day"}),
        ("hourly", {"every": "hour"}),
        ("weekly", {"every": "week"}),
        ("monthly", {"every": "month"}),
        ("100MiB", {"size": "100MiB"}),
        (10485760, {"size": "10MiB"}),
    ],
)
def test_a_short_form_is_the_long_one(short, long):
    assert rotate(short) == rotate(long)


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, Kept(30, None, None)),
        ({"keep": 5}, Kept(5, None, None)),
        ({"keep": "all"}, Kept(None, None, None)),
        ({"age": "90d"}, Kept(None, 90 * DAY, None)),
        ({"total": "10GiB"}, Kept(None, None, 10 << 30)),
        ({"age": "90d", "keep": 5}, Kept(5, 90 * DAY, None)),
        ({"age": "90d", "keep": "all"}, Kept(None, 90 * DAY, None)),
    ],
)
def test_thirty_files_are_kept_unless_something_else_limits_them(more, kept):
    assert rotate({"every": "day", **more}).kept == kept


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("dayly", '"dayly" does not say when to rotate; did you mean "daily"?'),
        ("100M", '"100M" is not a size; write 100MiB'),
        (True, "true does not say when to rotate; a size (100MiB), one of hourly"),
        ({}, "nothing says when to rotate; add size"),
        ({"keep": 3}, "nothing says when to rotate"),
        ({"size": "10MiB", "total": "9MiB"}, "the total is less than the size of one file"),
        ({"size": 100}, "('size',) Input should be greater than or equal to 1024"),
        ({"every": "day", "age": "5s"}, "('age',)"),
    ],
)
def test_what_makes_no_sense_is_told_with_a_cure(value, said):
    assert said in problem(value)


def test_zstd_is_refused_where_it_is_not(monkeypatch):
    monkeypatch.setattr(compression, "has_zstd", lambda: False)

    assert "zstd is not on this machine; install the program zstd" in problem({"every": "day", "compress": "zstd"})


def test_options_survive_being_shown():
    options = FileOptions.model_validate({"file": "/l/a", "rotate": {"size": "1MiB", "age": "36h", "total": "1GiB"}})

    assert FileOptions.model_validate_json(options.model_dump_json()) == options


def test_the_schema_knows_the_short_forms():
    assert {"enum": ["hourly", "daily", "weekly", "monthly"]} in SCHEMA["properties"]["rotate"]["anyOf"]
