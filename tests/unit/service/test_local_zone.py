import pickle
from datetime import UTC, datetime

import pytest

from collector.service import local_zone as module
from collector.service.local_zone import local_zone


def hours(zone):
    """The offsets of a summer and a winter day."""
    return [datetime(2026, month, 1, tzinfo=zone).utcoffset().total_seconds() / 3600 for month in (7, 1)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Asia/Tokyo", [9, 9]),
        (":Europe/Berlin", [2, 1]),
        ("JST-9", [9, 9]),
        ("EST5EDT,M3.2.0,M11.1.0", [-4, -5]),
        ("<+0530>-5:30", [5.5, 5.5]),
        ("UTC", [0, 0]),
        ("Nowhere/Such", [0, 0]),
        ("", [0, 0]),
        (":", [0, 0]),
        ("../../etc/passwd", [0, 0]),
        ("/etc/passwd", [0, 0]),
        ("/missing", [0, 0]),
        ("\ud800", [0, 0]),
    ],
)
def test_tz_names_a_zone_or_is_a_rule(monkeypatch, tmp_path, name, expected):
    block = b"TZif2" + bytes(15) + bytes(16) + b"\0\0\0\1\0\0\0\4" + b"\0\0\0\0\0\0" + b"UTC\0"
    (tmp_path / "localtime").write_bytes(2 * block + b"\nNZST-12NZDT,M9.5.0,M4.1.0/3\n")
    monkeypatch.setattr(module, "_LOCALTIME", str(tmp_path / "localtime"))
    monkeypatch.setattr(module.os, "environ", {"TZ": name})
    assert expected == hours(local_zone())


def test_without_tz_it_is_the_zone_of_the_machine(monkeypatch, tmp_path):
    monkeypatch.setattr(module.os, "environ", {})
    monkeypatch.setattr(module, "_LOCALTIME", str(tmp_path / "localtime"))
    assert local_zone() is UTC

    block = b"TZif2" + bytes(15) + bytes(16) + b"\0\0\0\1\0\0\0\4" + b"\0\0\0\0\0\0" + b"UTC\0"
    (tmp_path / "localtime").write_bytes(2 * block + b"\nNZST-12NZDT,M9.5.0,M4.1.0/3\n")
    assert hours(local_zone()) == [12, 13]


def test_a_zone_file_may_be_named(monkeypatch, tmp_path):
    block = b"TZif2" + bytes(15) + bytes(16) + b"\0\0\0\1\0\0\0\4" + b"\0\0\0\0\0\0" + b"UTC\0"
    (tmp_path / "zone").write_bytes(2 * block + b"\nIST-5:30\n")
    monkeypatch.setattr(module.os, "environ", {"TZ": f":{tmp_path}/zone"})

    assert hours(local_zone()) == [5.5, 5.5]


@pytest.mark.parametrize("name", ["Asia/Tokyo", "NZST-12NZDT,M9.5.0,M4.1.0/3", "/usr/share/zoneinfo/Asia/Tokyo", ""])
def test_it_can_be_handed_to_another_process(monkeypatch, name):
    monkeypatch.setattr(module.os, "environ", {"TZ": name})
    zone = local_zone()
    again = pickle.loads(pickle.dumps(zone))
    assert again == zone
    assert hours(again) == hours(zone)
