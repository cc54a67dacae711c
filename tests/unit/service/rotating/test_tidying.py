import gzip
from datetime import datetime

import pytest

from collector.service.rotating.tidying import Task, tidy
from collector.sinks.rotation import RotateOptions

NOON = datetime.fromisoformat("2026-11-22T12:00")


@pytest.fixture
def put(tmp_path):
    def put(*names):
        for name in names:
            (tmp_path / name).write_bytes(gzip.compress(b"x") if name.endswith(".gz") else b"x")

    return put


def done(folder, options, *, fresh=(), named=(), whole=True, go_on=lambda: True):
    """What is said, the folder left out."""
    said = []
    task = Task(
        {f"{folder}/{name}": RotateOptions.model_validate(how) for name, how in options.items()},
        {f"{folder}/{name}": [f"{folder}/{path}" for path in paths] for name, paths in dict(fresh).items()},
        frozenset(f"{folder}/{name}" for name in named),
        tuple(f"{folder}/{name}" for name in options),
        NOON,
        all=whole,
    )
    tidy(task, said.append, go_on)
    return [(what["did"], what.get("path", "").removeprefix(f"{folder}/")) for what in said]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_room_is_made_before_anything_is_compressed(tmp_path, put):
    put("a-20261120T000000", "a-20261121T000000")
    said = done(tmp_path, {"a": {"every": "day", "keep": 1}}, named=["a"])

    assert said == [("delete", "a-20261120T000000"), ("list", ""), ("compress", "a-20261121T000000")]


def test_the_total_is_that_of_compressed_files(tmp_path, put):
    put("a-20261119T000000.gz")
    for name in ("a-20261120T000000", "a-20261121T000000"):
        (tmp_path / name).write_bytes(b"x" * 10_000)
    done(tmp_path, {"a": {"every": "day", "total": 150}}, named=["a"])

    assert names(tmp_path) == ["a-20261119T000000.gz", "a-20261120T000000.gz", "a-20261121T000000.gz"]


def test_only_what_is_fresh_is_compressed_when_not_all_is_looked_for(tmp_path, put):
    put("a-20261120T000000", "a-20261121T000000")
    said = done(tmp_path, {"a": {"every": "day"}}, fresh={"a": ["a-20261120T000000"]}, named=["a"], whole=False)

    assert said == [("list", ""), ("compress", "a-20261120T000000")]


def test_without_compression_they_stay_as_they_are(tmp_path, put):
    put("a-20261120T000000")

    assert done(tmp_path, {"a": {"every": "day", "compress": "none"}}, named=["a"]) == [("list", "")]


def test_old_files_of_a_path_that_is_named_are_no_business_of_one_with_fields(tmp_path, put):
    put("all-20261120T000000.gz", "all-20261121T000000.gz", "web-20261120T000000.gz", "web-20261121T000000.gz")
    done(tmp_path, {"{{ hostname }}": {"every": "day", "keep": 1}}, named=["all"])

    assert names(tmp_path) == ["all-20261120T000000.gz", "all-20261121T000000.gz", "web-20261121T000000.gz"]


def test_what_is_gone_meanwhile_is_no_trouble(tmp_path):
    said = done(tmp_path, {"a": {"every": "day"}}, fresh={"a": ["a-20261120T000000"]}, named=["a"], whole=False)

    assert said == [("list", "")]


def test_one_that_cannot_be_compressed_does_not_hold_up_the_next(tmp_path, put):
    put("a-20261120T000000", "a-20261121T000000")
    (tmp_path / "a-20261120T000000.gz.part").mkdir()
    said = done(tmp_path, {"a": {"every": "day"}}, named=["a"])

    assert said == [("list", ""), ("fail", "a-20261120T000000"), ("compress", "a-20261121T000000")]


def test_whoever_is_stopped_begins_nothing_new(tmp_path, put):
    put("a-20261120T000000", "a-20261121T000000")
    said = done(tmp_path, {"a": {"every": "day", "total": 1}}, named=["a"], go_on=lambda: False)

    assert said == [("list", "")]
    assert names(tmp_path) == ["a-20261120T000000", "a-20261121T000000"]


def test_of_two_paths_with_fields_that_may_have_led_to_a_file_the_one_with_more_fixed_text_has_left_it(tmp_path, put):
    (tmp_path / "gate").mkdir()
    put(*(f"gate/{name}.log-2026112{day}T000000.gz" for name in ("security", "su") for day in (0, 1)))
    done(
        tmp_path,
        {
            "{{ hostname }}/{{ app_name }}.log": {"every": "day", "keep": 1},
            "{{ hostname }}/security.log": {"every": "day", "keep": "all"},
        },
    )

    assert names(tmp_path / "gate") == [
        "security.log-20261120T000000.gz", "security.log-20261121T000000.gz", "su.log-20261121T000000.gz",
    ]  # fmt: skip


def test_a_file_that_fits_two_paths_alike_was_left_by_the_first(tmp_path, put):
    put(*(f"su-2026112{day}T000000.gz" for day in (0, 1, 2)))
    done(tmp_path, {"{{ hostname }}": {"every": "day", "keep": 2}, "{{ app_name }}": {"every": "day", "keep": 1}})

    assert names(tmp_path) == ["su-20261121T000000.gz", "su-20261122T000000.gz"]
