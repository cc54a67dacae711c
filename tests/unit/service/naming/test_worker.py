import pytest

from collector.config.settings import Dns
from collector.service.naming.plan import NamePlan
from collector.service.naming.worker import HostAddresses, WorkerNames

A, B = "192.0.2.7", "192.0.2.8"


def names(table=(), **options):
    return WorkerNames(NamePlan(Dns(**options), dict(table)))


def test_a_peer_is_named_without_its_port_and_asked_for_once_a_second():
    worker = names(lookups=True)
    assert worker.name_of(f"{A}:4428") == A
    assert worker.questions(1.0) == {"ask": [A]}
    worker.learn({"do": "names", "names": {A: "gate"}})

    assert worker.name_of(f"{A}:514") == "gate"
    assert worker.questions(2.0) == {}


@pytest.mark.parametrize(
    ("peer", "name"), [(None, None), ("/run/log", None), ("here", "here"), ("[2001:db8::7]:5", "2001:db8::7")]
)
def test_peers_without_an_address_are_what_they_were(peer, name):
    assert names().name_of(peer) == name


def test_the_hosts_table_of_the_plan_holds_from_the_first_message_on():
    assert names({A: "gate"}, hosts="/etc/hosts").name_of(f"{A}:1") == "gate"


def test_a_worker_with_a_hosts_table_begins_by_asking_for_the_newest_one():
    worker = names(hosts="/etc/hosts")

    assert worker.questions(1.0) == {"table": True}
    assert worker.questions(2.0) == {}


def test_a_table_that_comes_in_pieces_holds_when_it_is_whole():
    worker = names({A: "gate"}, hosts="/etc/hosts")
    worker.learn({"table": {B: "printer"}, "first": True, "last": False})
    assert [worker.name_of(A), worker.name_of(B)] == ["gate", B]
    worker.learn({"table": {}, "first": False, "last": True})

    assert [worker.name_of(A), worker.name_of(B)] == [A, "printer"]


def test_a_new_plan_with_the_same_options_keeps_what_is_known():
    worker = names(lookups=True)
    worker.learn({"names": {A: "gate"}})
    worker.change(NamePlan(Dns(lookups=True), {B: "printer"}))

    assert [worker.name_of(A), worker.name_of(B)] == ["gate", "printer"]


def test_a_new_plan_with_other_options_begins_anew():
    worker = names(lookups=True)
    worker.learn({"names": {A: "gate.example.net"}})
    worker.change(NamePlan(Dns(lookups=True, fqdn=False), {}))

    assert worker.name_of(A) == A


def test_the_addresses_of_a_host_are_unknown_until_they_come():
    worker = names()
    assert worker.resolve("central") is None
    assert worker.questions(1.0) == {"hosts": ["central"]}
    worker.learn({"addresses": {"central": ["192.0.2.1"], "stranger": ["192.0.2.2"]}})

    assert worker.resolve("central") == ("192.0.2.1",)


def test_known_addresses_in_use_are_asked_for_every_five_minutes_and_unknown_ones_every_ten_seconds():
    hosts = HostAddresses()

    def asked_at(*moments):
        found = []
        for now in moments:
            hosts.of("central")
            found += [now] * len(hosts.questions(now))
        return found

    assert asked_at(1.0, 2.0, 10.0, 11.0, 12.0) == [1.0, 11.0]
    hosts.learn({"central": ["192.0.2.1"]})
    assert asked_at(21.0, 310.0, 311.0, 312.0) == [311.0]
    hosts.learn({"central": []})
    assert hosts.of("central") == ()
    assert asked_at(320.0, 321.0) == [321.0]


def test_addresses_nobody_uses_any_more_are_not_asked_for():
    hosts = HostAddresses()
    hosts.of("central")
    hosts.questions(1.0)
    hosts.learn({"central": ["192.0.2.1"]})

    assert hosts.questions(1000.0) == []
