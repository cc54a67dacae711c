"""Names in the supervisor, with a companion that only notes what it is told."""

from types import SimpleNamespace

import pytest

from collector.config.settings import Dns
from collector.service.naming import names as module
from collector.service.naming.names import LOOKUPS, Names

A, B = "192.0.2.7", "192.0.2.8"


class Companion:
    def __init__(self, *_):
        self.told, self.events = [], []

    def start(self):
        self.events.append("start")

    def stop(self):
        self.events.append("stop")

    def tell(self, message):
        self.told.append(message)
        return True


class Workers:
    def __init__(self):
        self.told = []

    def tell_all(self, command):
        self.told.append(("all", command))

    def tell(self, slots, command):
        self.told.append((*slots, command))


@pytest.fixture
def rig(monkeypatch):
    monkeypatch.setattr(module, "Companion", Companion)

    def make(**options):
        lines, counted, workers = [], [], Workers()
        log = SimpleNamespace(write=lambda *line: lines.append(line))
        names = Names(Dns(**options), SimpleNamespace(own_log=log), workers, lambda *one: counted.append(one))
        return SimpleNamespace(names=names, companion=names.companion, workers=workers, log=lines, counted=counted)

    return make


def test_no_resolver_is_started_before_there_is_something_to_ask(rig):
    made = rig(lookups=True)
    made.names.chore(1.0)
    assert made.companion.events == []
    made.names.hear_worker(0, {"event": "names", "ask": [A]})
    made.names.hear_worker(1, {"event": "names", "hosts": ["central"]})

    assert made.companion.events == ["start"]
    assert made.companion.told == [{"ask": [A]}, {"hosts": ["central"]}]


def test_a_resolver_watches_a_hosts_table_from_the_beginning(rig):
    made = rig(hosts="/etc/hosts")
    made.names.chore(1.0)
    made.names.chore(2.0)

    assert made.companion.events == ["start"]
    assert made.companion.told == []


def test_every_worker_hears_every_answer_and_the_supervisor_knows_the_name(rig):
    made = rig(lookups=True)
    made.names.hear({"names": {A: "gate", B: None}})

    assert made.workers.told == [("all", {"do": "names", "names": {A: "gate", B: None}})]
    assert [made.names.name_of(A), made.names.name_of(B)] == ["gate", None]


def test_the_supervisor_asks_for_names_of_its_own(rig):
    made = rig(lookups=True)
    assert made.names.name_of(A) is None
    made.names.chore(1.0)

    assert made.companion.told == [{"ask": [A]}]


def test_a_worker_that_begins_later_gets_the_hosts_table_as_it_is_now(rig):
    made = rig(hosts="/etc/hosts")
    made.names.hear_worker(0, {"event": "names", "table": True})
    assert made.workers.told == []
    pieces = [{"table": {A: "gate"}, "first": True, "last": False}, {"table": {B: "dc"}, "first": False, "last": True}]
    for piece in pieces:
        made.names.hear(piece)
    made.workers.told.clear()
    made.names.hear_worker(3, {"event": "names", "table": True})

    assert made.workers.told == [(3, {"do": "names", **piece}) for piece in pieces]
    assert made.names.name_of(B) == "dc"


def test_results_are_counted_and_lines_logged(rig):
    made = rig(lookups=True)
    made.names.hear({"counts": {"found": 2, "dropped": 1}})
    made.names.hear({"log": "warning", "class": "dns", "message": "DNS is away."})

    assert made.counted == [(LOOKUPS["found"], 2), (LOOKUPS["dropped"], 1)]
    assert made.log == [("warning", "DNS is away.", "dns")]


def test_a_reload_with_other_options_begins_with_another_resolver(rig):
    made = rig(lookups=True)
    made.names.hear_worker(0, {"event": "names", "ask": [A]})
    made.names.hear({"names": {A: "gate.example.net"}})
    made.names.change(Dns(lookups=True))
    assert made.names.name_of(A) == "gate.example.net"
    made.names.change(Dns(lookups=True, fqdn=False))

    assert made.companion.events == ["start", "stop"]
    assert made.names.name_of(A) is None
    made.names.chore(1.0)
    assert made.companion.events == ["start", "stop", "start"]
