import socket

import pytest

from collector.config.settings import Dns
from collector.service.naming import system as names_system
from collector.service.naming.lookups import Answer, Question
from collector.service.naming.plan import NamePlan
from collector.service.naming.system import asker

A = "192.0.2.7"


@pytest.fixture
def dns(monkeypatch):
    """What the system says: names by address, addresses by host; an exception is raised."""
    said = {}

    def getnameinfo(address, flags):
        assert flags == socket.NI_NAMEREQD
        return given(said[address[0]]), "0"

    def getaddrinfo(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (address, 0)) for address in given(said[host])]

    monkeypatch.setattr(names_system.socket, "getnameinfo", getnameinfo)
    monkeypatch.setattr(names_system.socket, "getaddrinfo", getaddrinfo)
    return said


def given(value):
    if isinstance(value, Exception):
        raise value
    return value


def name_of(address=A, **options):
    return asker(NamePlan(Dns(**options), {}))(Question("name", address))


def test_the_name_of_an_address_is_found_and_shortened(dns):
    dns[A] = "gate.example.net"

    assert name_of() == Answer("found", ("gate.example.net",))
    assert name_of(fqdn=False) == Answer("found", ("gate",))
    assert name_of(strip_domains=["example.net"]) == Answer("found", ("gate",))


@pytest.mark.parametrize("name", ["198.51.100.1", "a b", "x" * 256, "../../etc", "localhost", "localhost.localdomain"])
def test_a_name_that_could_mislead_is_refused(dns, name):
    dns[A] = name

    assert name_of() == Answer("refused")


def test_this_machine_may_be_called_localhost(dns):
    dns["127.0.0.1"] = "localhost"

    assert name_of("127.0.0.1") == Answer("found", ("localhost",))


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "nameless"),
        (socket.gaierror(socket.EAI_NODATA, ""), "nameless"),
        (socket.gaierror(socket.EAI_AGAIN, ""), "failed"),
        (socket.gaierror(socket.EAI_FAIL, ""), "failed"),
        (OSError(24, "Too many open files"), "failed"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, ""), "refused"),
    ],
)
def test_that_there_is_no_name_is_one_thing_and_that_nobody_answers_another(dns, error, result):
    dns[A] = error

    assert name_of() == Answer(result)


def test_a_name_that_does_not_lead_back_is_refused_where_that_is_asked_for(dns):
    dns |= {A: "gate", "gate": ["198.51.100.1"]}

    assert name_of(confirm=False) == Answer("found", ("gate",))
    assert name_of(confirm=True) == Answer("refused")


def test_a_name_that_leads_back_is_confirmed(dns):
    dns |= {A: "gate", "gate": ["198.51.100.1", A]}

    assert name_of(confirm=True) == Answer("found", ("gate",))


@pytest.mark.parametrize(("code", "result"), [(socket.EAI_NONAME, "refused"), (socket.EAI_AGAIN, "failed")])
def test_a_name_without_an_address_is_refused_and_one_nobody_tells_about_is_not(dns, code, result):
    dns |= {A: "gate", "gate": socket.gaierror(code, "")}

    assert name_of(confirm=True) == Answer(result)


def test_the_addresses_of_a_host_are_found_each_once(dns):
    dns["central"] = ["192.0.2.1", "192.0.2.2", "192.0.2.1"]

    assert asker(NamePlan(Dns(), {}))(Question("addresses", "central")) == Answer("found", ("192.0.2.1", "192.0.2.2"))


def test_a_host_that_no_dns_can_have_has_no_addresses():
    assert asker(NamePlan(Dns(), {}))(Question("addresses", "a" * 300)) == Answer("refused")
