"""The names of senders, from a real DNS server on loopback, asked by the system's own resolver."""

import os
import signal
import socket
import time

import pytest
from observing import until
from service_under_test import run

LINE = b"<13>Feb  3 08:09:10 liar app: text"
CONFIG = """
sources: [{{udp: "127.0.0.1:0", hostname: peer}}]
routes: [{{select: "*.*", to: {{file: "./out/{{{{ hostname }}}}.log"}}}}, "*.*  ./all"]
dns: {dns}
workers: 2
"""


@pytest.fixture
def serve_asking(serve, asking):
    return lambda options="on": serve(CONFIG.format(dns=options), prefix=asking)


def send(service, sender, *datagrams):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((sender, 0))
        for datagram in datagrams or [LINE]:
            sock.sendto(datagram, service.address("udp"))


def hosts_in(service, name="all"):
    path = service.folder / name
    return [line.split()[3] for line in path.read_text().splitlines()] if path.exists() else []


def sent_until(service, sender, host):
    """Messages are sent until one of them is written with that host name."""

    def named():
        send(service, sender)
        return host in hosts_in(service)

    until(named)


def test_a_name_is_there_a_moment_after_the_first_message(serve_asking, dns):
    dns.names["127.0.9.1"] = "gate.example.net"
    service = serve_asking()
    sent_until(service, "127.0.9.1", "gate.example.net")

    hosts = hosts_in(service)
    assert hosts[0] == "127.0.9.1"
    assert set(hosts) == {"127.0.9.1", "gate.example.net"}
    assert dns.asked == ["1.9.0.127.in-addr.arpa"]
    assert (service.folder / "out/gate.example.net.log").exists()


def test_a_dead_dns_holds_no_message_up_and_is_told_once(serve_asking, dns):
    dns.dead = True
    service = serve_asking("{lookups: on, timeout: 1s, negative_ttl: 1s}")
    begun = time.monotonic()
    senders = [f"127.0.9.{last}" for last in range(1, 41)]
    for sender in senders:
        send(service, sender)
    until(lambda: sorted(hosts_in(service)) == sorted(senders))
    assert time.monotonic() - begun < 2.0
    until(lambda: dns.asked)
    while "DNS does not answer" not in service.said():
        sent, count = time.monotonic(), len(hosts_in(service))
        send(service, "127.0.9.1")
        until(lambda: len(hosts_in(service)) > count)  # noqa: B023 - called at once
        assert time.monotonic() - sent < 1.0
    dns.dead, dns.names["127.0.9.1"] = False, "gate"
    sent_until(service, "127.0.9.1", "gate")

    assert service.said().count("DNS does not answer") == 1
    assert service.said().count("DNS answers again") == 1
    until(lambda: service.count("name_lookups", result="failed") > 0)


def test_with_dns_off_nobody_is_asked(serve_asking, dns):
    service = serve_asking("off")
    send(service, "127.0.9.1", *[LINE] * 10)
    until(lambda: hosts_in(service) == ["127.0.9.1"] * 10)
    service.stop()

    assert dns.asked == []


def test_a_name_that_could_mislead_is_not_shown(serve_asking, dns):
    bad = ["10.0.0.1", ["..", "evil"], ["a\nb"], ["a/b", "net"], ["a" * 63] * 4]
    dns.names |= {f"127.0.9.{number}": name for number, name in enumerate(bad, 2)} | {"127.0.9.1": "good"}
    service = serve_asking()
    for sender in dns.names:
        send(service, sender)
    sent_until(service, "127.0.9.1", "good")
    until(lambda: len(set(dns.asked)) == 6)
    service.counts(1, "name_lookups", result="found")
    for sender in list(dns.names)[:-1]:
        send(service, sender)
        until(lambda: hosts_in(service).count(sender) == 2)  # noqa: B023 - called at once

    assert {path.name for path in (service.folder / "out").iterdir()} == {
        "good.log", *(f"{sender}.log" for sender in dns.names),
    }  # fmt: skip


def test_only_a_name_that_leads_back_is_believed_where_that_is_asked_for(serve_asking, dns):
    dns.names |= {"127.0.9.1": "dc1.example.net", "127.0.9.2": "gate.example.net"}
    dns.addresses |= {"dc1.example.net": ["192.0.2.1"], "gate.example.net": ["127.0.9.2"]}
    service = serve_asking("{lookups: on, confirm: on, strip_domains: [example.net]}")
    send(service, "127.0.9.1")
    sent_until(service, "127.0.9.2", "gate")
    until(lambda: service.count("name_lookups", result="refused") == 1)
    send(service, "127.0.9.1")
    until(lambda: hosts_in(service).count("127.0.9.1") == 2)


def test_a_hosts_table_holds_from_the_first_message_and_changes_without_a_reload(serve, tmp_path):
    table = tmp_path / "hosts"
    table.write_text("127.0.9.1 gate.example.net\n")
    service = serve(CONFIG.format(dns=f"{{hosts: '{table}', fqdn: off}}"))
    send(service, "127.0.9.1")
    until(lambda: hosts_in(service) == ["gate"])
    table.write_text("127.0.9.1 router\n127.0.9.2 printer\n")
    sent_until(service, "127.0.9.2", "printer")
    sent_until(service, "127.0.9.1", "router")
    table.unlink()
    service.hears("no such file. The names known so far stay")
    send(service, "127.0.9.2")

    until(lambda: hosts_in(service)[-1] == "printer")


def test_a_reload_may_change_where_names_come_from(serve, tmp_path):
    table = tmp_path / "hosts"
    table.write_text("127.0.9.1 gate.example.net\n")
    service = serve(CONFIG.format(dns="off") + "watch: false\n")
    send(service, "127.0.9.1")
    until(lambda: hosts_in(service) == ["127.0.9.1"])
    for options, host in (("", "gate.example.net"), (", fqdn: off", "gate")):
        reloaded(service, CONFIG.format(dns=f"{{hosts: '{table}'{options}}}"))
        send(service, "127.0.9.1")
        until(lambda: hosts_in(service)[-1] == host)  # noqa: B023 - called at once
    table.write_text("127.0.9.1 router.example.net\n")

    sent_until(service, "127.0.9.1", "router")


def test_a_worker_that_is_started_again_knows_the_table_as_it_is_now(serve, tmp_path):
    table = tmp_path / "hosts"
    table.write_text("127.0.9.1 gate\n")
    service = serve(CONFIG.format(dns=f"{{hosts: '{table}'}}").replace("workers: 2", "workers: 1"))
    table.write_text("127.0.9.1 router\n")
    sent_until(service, "127.0.9.1", "router")
    os.kill(service.workers()[0], signal.SIGKILL)
    service.hears("is started again")
    until(lambda: service.status()["workers"][0]["ready"])
    (service.folder / "all").unlink()

    sent_until(service, "127.0.9.1", "router")


def reloaded(service, config):
    (service.folder / "collector.yaml").write_text(f"{config}\nwatch: false\nstate_dir: ./state\n")
    code, out, err = run("reload", "--control", str(service.control), folder=service.folder)
    assert code == 0, out + err
