"""From the socket to the alert, with real processes: nothing is lost or raised twice, whoever dies in between."""

import os
import signal

import pytest
from observing import until
from watched import ask, delivered, now, wait_for, watched, watcher, write_rules

from collector.errors import CollectorError

SPRAY = r"""
rules:
  - id: spray
    kind: threshold
    on: {app_name: sshd, re: 'Failed password for (?P<user>\S+) from (?P<ip>\S+)'}
    by: ip
    within: 1h
    count: {distinct: user, gte: 3}
    alert: {severity: high, title: "{{ ip }} tried {{ count }} users"}
    do: log
"""
EACH = r"""
rules:
  - id: each
    kind: match
    on: {re: 'number (?P<number>[0-9]+) is bad'}
    alert: {title: "{{ number }}"}
    do: log
"""


def failed(user, ip="192.0.2.7"):
    return f"<38>{now()} gate sshd[411]: Failed password for {user} from {ip} port 22 ssh2\n".encode()


def bad(number):
    return f"<13>{now()} gate app: number {number} is bad\n".encode()


def test_an_alert_goes_from_the_socket_to_its_destination(serve):
    service = watched(serve, SPRAY)
    service.udp(b"<13>Jul 23 15:54:31 gate app: nothing to see")
    service.tcp(*map(failed, ("bob", "eve", "mal", "zed")))

    (alert,) = wait_for(service, 1)
    assert (alert["rule"], alert["severity"], alert["title"]) == ("spray", "high", "192.0.2.7 tried 3 users")
    assert (alert["key"], alert["count"]) == ({"ip": "192.0.2.7"}, 3)
    assert [record["message"].split()[3] for record in alert["records"]] == ["bob", "eve", "mal"]
    until(lambda: watcher(service)["by_rule"]["spray"]["hits"] == 4)
    assert len(delivered(service)) == 1


def test_events_of_all_workers_and_sources_count_together(serve):
    service = watched(serve, SPRAY)
    for user in ("bob", "eve", "mal"):
        service.udp(failed(user)[:-1])

    assert wait_for(service, 1)[0]["count"] == 3


def test_rules_see_the_line_that_files_show(serve):
    service = watched(
        serve,
        r"""
rules:
  - id: line
    kind: match
    on: {re: '^[A-Z][a-z]{2} [ 0-9][0-9] \S+ gate sshd\[411\]: Accepted'}
    alert: {title: "{{ app_name }} {{ proc_id }}"}
    do: log
""",
    )
    service.tcp(b"<38>1 2026-11-22T12:00:00Z gate sshd 411 - - Accepted publickey\n")
    service.tcp(b"<38>Nov 22 12:00:00 gate sshd[411]: Accepted publickey\n")

    assert [alert["title"] for alert in wait_for(service, 2)] == ["sshd 411"] * 2


@pytest.mark.parametrize("name", ["correlator", "dispatcher"])
def test_no_alert_is_lost_when_a_process_is_killed_again_and_again(serve, name):
    service = watched(serve, EACH)
    service.tcp(bad(0))
    wait_for(service, 1)
    for number in range(1, 3):
        service.tcp(*(bad(100 * number + each) for each in range(100)))
        pid = watcher(service)[name]
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: watcher(service)[name] not in {0, pid})

    until(lambda: len({alert["id"] for alert in delivered(service)}) == 201)
    assert {alert["title"] for alert in delivered(service)} == {
        "0", *(str(100 * number + each) for number in range(1, 3) for each in range(100))
    }  # fmt: skip
    until(lambda: watcher(service)["alerts"] == 201)


def test_what_was_counted_before_a_restart_counts_after_it(serve):
    service = watched(serve, SPRAY)
    service.tcp(failed("bob"), failed("eve"))
    until(lambda: watcher(service)["by_rule"].get("spray", {}).get("hits") == 2)
    service.stop()
    service = serve((service.folder / "collector.yaml").read_text())
    service.tcp(failed("mal"))

    assert wait_for(service, 1)[0]["count"] == 3


def test_new_rules_come_into_force_and_others_keep_what_they_have_counted(serve):
    service = watched(serve, SPRAY)
    service.tcp(failed("bob"), failed("eve"))
    until(lambda: watcher(service)["by_rule"].get("spray", {}).get("hits") == 2)
    write_rules(service.folder, EACH, "more.yaml")
    service.hears("added rule each")
    service.tcp(bad(7), failed("mal"))

    assert {alert["title"] for alert in wait_for(service, 2)} == {"7", "192.0.2.7 tried 3 users"}


def test_a_broken_rule_is_refused_and_the_old_ones_go_on(serve):
    service = watched(serve, EACH)
    write_rules(service.folder, EACH.replace("[0-9]+", "[0-9+"))
    service.hears(r"rules/some.yaml:5:\d+: error: ")
    service.tcp(bad(7))

    assert wait_for(service, 1)[0]["title"] == "7"
    assert service.status()["reload"]["result"] == "refused"


def test_rules_may_come_and_go_while_it_runs(serve):
    service = watched(serve, EACH)
    (service.folder / "rules" / "some.yaml").unlink()
    service.hears("removed rule each")
    until(lambda: service.status()["watcher"] is None)
    service.tcp(bad(1))
    service.counts(1)
    write_rules(service.folder, EACH)
    service.hears("added rule each")
    service.tcp(bad(2))

    assert [alert["title"] for alert in wait_for(service, 1)] == ["2"]


def test_alerts_are_shown_and_rules_muted_over_the_control_socket(serve):
    service = watched(serve, EACH)
    service.tcp(bad(1))
    wait_for(service, 1)
    shown = ask(service, ask="alerts", after=0, most=10)
    assert [alert["title"] for alert in shown["alerts"]] == ["1"]
    (mute,) = ask(service, ask="mute", rule="each", key=None, until=4e9)["mutes"]
    assert (mute["rule"], mute["until"]) == ("each", 4e9)
    service.tcp(bad(2))
    until(lambda: watcher(service)["by_rule"]["each"]["suppressed"] == 1)
    assert ask(service, ask="mute", rule="each", key=None, until=0.0)["mutes"] == []
    service.tcp(bad(3))

    assert [alert["title"] for alert in wait_for(service, 3)][-1] == "3"
    with pytest.raises(CollectorError, match="no rule"):
        ask(service, ask="mute", rule="none", key=None, until=4e9)
