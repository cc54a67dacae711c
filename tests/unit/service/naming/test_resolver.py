"""The resolver, in a thread of the test, with lookups that the test answers."""

import json
import queue
import socket
import threading
import time

import pytest
from observing import until

from collector.config.settings import Dns
from collector.service.naming import resolver as names_resolver
from collector.service.naming.lookups import Answer, Question
from collector.service.naming.plan import NamePlan
from collector.service.naming.resolver import Resolver

A, B = "192.0.2.7", "192.0.2.8"


class Served:
    """``asks`` are the questions that came to the system; ``answer`` lets one of them return."""

    def __init__(self, **options):
        self.ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.settimeout(10)
        self.asks = queue.Queue()
        self._answers = {}
        resolver = Resolver(NamePlan(Dns(**options), {}), self._theirs, self._look_up)
        self._thread = threading.Thread(target=resolver.run, daemon=True)
        self._thread.start()
        self.said = []

    def _look_up(self, question):
        answer = self._answers.setdefault(question, queue.Queue())
        self.asks.put(question)
        return answer.get()

    def tell(self, **order):
        self.ours.send(json.dumps(order).encode())

    def answer(self, question, *answer):
        self._answers[question].put(Answer(*answer))

    def hear(self, what):
        """The next message that has ``what`` in it; the others are kept in ``said``."""
        while True:
            self.said.append(json.loads(self.ours.recv(1 << 18)))
            if what in self.said[-1]:
                return self.said[-1]

    def end(self):
        self.ours.close()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._theirs.close()


@pytest.fixture
def resolver(monkeypatch):
    monkeypatch.setattr(names_resolver, "_REST", 0.0)
    monkeypatch.setattr(names_resolver, "_TICK", 0.05)
    made = []

    def start(**options):
        made.append(Served(lookups=True, **options))
        return made[-1]

    yield start
    for one in made:
        one.end()


def test_questions_are_answered(resolver):
    served = resolver()
    served.tell(ask=[A], hosts=["central"])
    name, addresses = sorted((served.asks.get(timeout=10), served.asks.get(timeout=10)), reverse=True)
    served.answer(name, "found", ("gate",))
    assert served.hear("names") == {"names": {A: "gate"}}
    served.answer(addresses, "found", ("192.0.2.1", "192.0.2.2"))

    assert served.hear("addresses") == {"addresses": {"central": ["192.0.2.1", "192.0.2.2"]}}


@pytest.mark.parametrize("result", ["nameless", "refused"])
def test_that_there_is_no_name_is_said(resolver, result):
    served = resolver()
    served.tell(ask=[A])
    served.answer(served.asks.get(timeout=10), result)

    assert served.hear("names") == {"names": {A: None}}


def test_what_is_known_is_answered_without_asking_again(resolver):
    served = resolver()
    served.tell(ask=[A])
    served.answer(served.asks.get(timeout=10), "found", ("gate",))
    served.hear("names")
    served.tell(ask=[A])

    assert served.hear("names") == {"names": {A: "gate"}}
    assert served.asks.empty()


def test_a_question_under_way_is_not_asked_twice(resolver):
    served = resolver()
    served.tell(ask=[A])
    question = served.asks.get(timeout=10)
    served.tell(ask=[A, A])
    served.tell(ask=[B])
    assert served.asks.get(timeout=10) == Question("name", B)
    served.answer(question, "found", ("gate",))
    served.hear("names")

    assert served.asks.empty()


def test_a_dead_dns_is_told_once_with_the_cure_and_told_again_when_it_answers(resolver):
    served = resolver()
    for address in (A, B):
        served.tell(ask=[address])
        served.answer(served.asks.get(timeout=10), "failed")
    assert "Cure: mend the servers in /etc/resolv.conf" in served.hear("log")["message"]
    until(lambda: counted(served) == {"failed": 2})
    served.tell(ask=[A])
    served.answer(served.asks.get(timeout=10), "nameless")
    served.hear("names")

    logged = [said["message"] for said in served.said if "log" in said]
    assert len(logged) == 2
    assert logged[1] == "DNS answers again."


def counted(served):
    served.hear("counts")
    total = {}
    for said in served.said:
        for result, count in said.get("counts", {}).items():
            total[result] = total.get(result, 0) + count
    return total


def test_while_dns_hangs_questions_do_not_pile_up_and_are_asked_when_wanted_again(resolver):
    served = resolver(timeout="100ms")
    hanging = [f"2001:db8::{number:x}" for number in range(names_resolver._THREADS)]
    served.tell(ask=hanging)
    held = [served.asks.get(timeout=10) for _ in hanging]
    served.tell(ask=[A])
    tell_at = time.monotonic()
    until(lambda: time.monotonic() > tell_at + 0.15)
    for question in held:
        served.answer(question, "failed")
    until(lambda: counted(served).get("dropped") == 1)
    assert served.asks.empty()
    assert any("questions are dropped" in said.get("message", "") for said in served.said)
    served.tell(ask=[A])

    assert served.asks.get(timeout=10) == Question("name", A)


def test_a_table_that_changes_is_said_in_pieces(resolver, tmp_path, monkeypatch):
    monkeypatch.setattr(names_resolver, "_PER_DATAGRAM", 2)
    table = tmp_path / "hosts"
    table.write_text("192.0.2.1 a\n192.0.2.2 b\n192.0.2.3 c\n")
    served = resolver(hosts=str(table))

    assert served.hear("table") == {"table": {"192.0.2.1": "a", "192.0.2.2": "b"}, "first": True, "last": False}
    assert served.hear("table") == {"table": {"192.0.2.3": "c"}, "first": False, "last": True}
    table.write_text("")
    assert served.hear("table") == {"table": {}, "first": True, "last": True}
    table.unlink()
    assert "The names known so far stay." in served.hear("log")["message"]
