import os

import pytest

from collector.service.naming.hosts import MOST_HOSTS, HostsWatch, parse_hosts, read_hosts


def as_it_is(name):
    return name


TABLE = """\
# comment
127.0.0.1\tlocalhost
192.0.2.7   gate.example.net gate   # the first name counts
192.0.2.7   other
2001:DB8::7 six
::ffff:192.0.2.9 mapped

fe80::1%eth0 link
"""


def test_the_first_name_of_an_address_counts():
    names, problems = parse_hosts(TABLE, "hosts", as_it_is)

    assert names == {
        "127.0.0.1": "localhost", "192.0.2.7": "gate.example.net", "2001:db8::7": "six", "192.0.2.9": "mapped",
        "fe80::1%eth0": "link",
    }  # fmt: skip
    assert problems == []


def test_names_are_shortened():
    assert parse_hosts("192.0.2.7 gate.example.net", "hosts", lambda name: name.partition(".")[0])[0] == {
        "192.0.2.7": "gate"
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("gate 192.0.2.7", 'hosts:1:1: warning: "gate" is not an address [hosts]'),
        ("  192.0.2 gate", 'hosts:1:3: warning: "192.0.2" is not an address [hosts]'),
        ("192.0.2.7", "hosts:1:1: warning: 192.0.2.7 has no name [hosts]"),
        ("192.0.2.7 192.0.2.8", 'hosts:1:11: warning: "192.0.2.8" is not a host name [hosts]'),
        ("192.0.2.7 ../gate", 'hosts:1:11: warning: "../gate" is not a host name [hosts]'),
    ],
)
def test_a_bad_line_is_told_with_its_place_and_the_others_count(line, message):
    names, problems = parse_hosts(f"{line}\n192.0.2.9 good\n", "hosts", as_it_is)

    assert str(problems[0]).splitlines()[0] == message
    assert names == {"192.0.2.9": "good"}


def test_of_a_file_that_is_no_hosts_table_not_every_line_is_told():
    _, problems = parse_hosts("x\n" * 1000, "hosts", as_it_is)

    assert len(problems) == 20


def test_a_table_that_cannot_be_read_is_a_problem(tmp_path):
    names, problems = read_hosts(str(tmp_path / "hosts"), as_it_is)

    assert names is None
    assert [problem.message for problem in problems] == ["no such file"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("192.0.2.7 gate\n")
    return path


def test_a_change_of_the_table_is_seen_once(table):
    watch = HostsWatch(str(table), as_it_is, {"192.0.2.7": "gate"})
    assert watch.look() is None
    table.write_text("192.0.2.7 router\n")

    assert watch.look().names == {"192.0.2.7": "router"}
    assert watch.look() is None


def test_a_table_that_is_other_than_was_known_is_a_change(table):
    assert HostsWatch(str(table), as_it_is, {}).look().names == {"192.0.2.7": "gate"}


def test_a_table_that_says_the_same_in_another_way_is_no_change(table):
    watch = HostsWatch(str(table), as_it_is, {"192.0.2.7": "gate"})
    watch.look()
    table.write_text("# new\n192.0.2.7 gate alias\n")

    assert watch.look() is None


def test_a_table_that_vanishes_is_told_once_and_comes_back(table):
    watch = HostsWatch(str(table), as_it_is, {"192.0.2.7": "gate"})
    watch.look()
    os.rename(table, f"{table}.away")
    change = watch.look()
    assert change.names is None
    assert change.sentence == f"Hosts table {table}: no such file. The names known so far stay."
    assert watch.look() is None
    table.write_text("192.0.2.8 other\nbad line\nworse\n")

    change = watch.look()
    assert change.names == {"192.0.2.8": "other"}
    assert change.sentence == f'Hosts table {table}:2:1: "bad" is not an address, and 1 lines more like it.'


def test_without_a_table_there_is_nothing_to_see():
    assert HostsWatch(None, as_it_is, {}).look() is None


def test_a_table_that_is_too_long_is_told_once():
    lines = (f"10.{i >> 16}.{i >> 8 & 255}.{i & 255} h{i}\n" for i in range(MOST_HOSTS + 2))
    names, problems = parse_hosts("".join(lines), "hosts", as_it_is)

    assert len(names) == MOST_HOSTS
    assert [(problem.message, problem.location.line) for problem in problems] == [("more than 20,000 hosts", 20_001)]
