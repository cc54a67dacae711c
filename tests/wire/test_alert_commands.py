"""``collector alerts`` and ``collector mute``, as an administrator types them, against a service that runs."""

import json
import re
import signal
import subprocess
from types import SimpleNamespace

import pytest
from observing import DEADLINE, until
from service_under_test import COLLECTOR, environment, run
from watched import ask, delivered, now, watched, watcher

from collector.errors import CollectorError

RULES = r"""
rules:
  - id: login
    kind: match
    on: {re: 'login of (?P<user>.+) from (?P<ip>\S+)'}
    alert: {severity: high, title: "{{ user }} from {{ ip }}"}
    do: log
  - id: visit
    kind: match
    on: {re: 'visit of (?P<user>.+) from (?P<ip>\S+)'}
    alert: {severity: high, title: "{{ user }} from {{ ip }}"}
    do: log
  - id: door
    kind: threshold
    on: {text: the door is open}
    by: hostname
    within: 1h
    count: 2
    alert: {title: "{{ hostname }} is open"}
    do: log
"""


def login(user):
    return f"<38>{now()} gate app: login of {user} from 192.0.2.7\n".encode()


def visit(user, ip="192.0.2.7"):
    return f"<38>{now()} gate app: visit of {user} from {ip}\n".encode()


@pytest.fixture(scope="module")
def service(serve_all):
    service = watched(serve_all, RULES)
    service.tcp(*(login(f"u{number}") for number in range(30)))
    until(lambda: len(delivered(service)) == 30)
    service.tcp(f"<38>{now()} gate app: the door is open\n".encode() * 2)
    until(lambda: len(delivered(service)) == 31)
    return service


def collector(service, *arguments):
    return run(*arguments, "--config", "collector.yaml", folder=service.folder)


@pytest.fixture
def here(call, monkeypatch):
    """The same within this process, for what needs none of its own: to start one takes a third of a second."""

    def typed(service, *arguments):
        monkeypatch.chdir(service.folder)
        return call(*arguments, "--config", "collector.yaml")

    return typed


@pytest.fixture
def alerts(here):
    return lambda service, *arguments: lines_of(here(service, "alerts", *arguments))


@pytest.fixture
def mute(here):
    return lambda service, *arguments: lines_of(here(service, "mute", *arguments))


def lines_of(ended):
    code, out, err = ended
    assert (code, err) == (0, "")
    return out.splitlines()


def test_the_last_alerts_are_a_line_each(service, alerts):
    lines = alerts(service, "-n", "1", "--rule", "login") + alerts(service, "-n", "1", "--rule", "door")
    assert [re.sub(r"^20\S+ \S+", "WHEN", line) for line in lines] == [
        "WHEN  high      login  u29 from 192.0.2.7",
        "WHEN  medium    door  gate is open",
    ]
    assert len(lines_of(collector(service, "alerts"))) == 20
    assert alerts(service, "-n", "0") == []


def test_those_of_one_rule_are_found_behind_others(service, alerts):
    assert [line[-12:] for line in alerts(service, "--rule", "door", "-n", "1")] == ["gate is open"]
    assert len(alerts(service, "--rule", "login", "-n", "25")) == 25
    assert alerts(service, "--rule", "unknown") == []


def test_as_json_they_are_what_was_delivered(service, alerts):
    shown = [json.loads(line) for line in alerts(service, "--json", "-n", "31", "--rule", "login")]
    assert shown == [alert for alert in delivered(service) if alert["rule"] == "login"]


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "99999", ""])
def test_a_number_that_is_none_is_wrong_usage(service, here, number):
    code, out, err = here(service, "alerts", f"--number={number}")
    assert (code, out) == (2, "")
    assert "a number from 0 to 1000" in err


def test_control_characters_that_were_captured_do_not_reach_the_terminal(service, alerts):
    service.tcp(b"<38>" + now().encode() + b" gate app: visit of \x1b]0;evil\x07\xe2\x80\xae\xc2\x9b2J from \x1b[2J\n")
    line = until(lambda: next((line for line in alerts(service, "-n", "9") if "evil" in line), None))
    assert line.isprintable()


def test_whoever_follows_sees_what_comes_and_nothing_twice_across_a_restart_of_the_correlator(service):
    service.tcp(visit("f0"))
    until(lambda: delivered(service)[-1]["title"].startswith("f0 "))
    with subprocess.Popen(
        # A shell has what it starts in the background ignore Ctrl-C, and tests with it.
        ["env", "--default-signal=INT", *COLLECTOR, "alerts", "-f", "-n", "1", "--rule", "visit", "--json",
         "--config", "collector.yaml"],
        cwd=service.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    ) as follower:  # fmt: skip
        try:
            follower.stdout.readline()
            service.tcp(visit("f1"))
            assert json.loads(follower.stdout.readline())["title"] == "f1 from 192.0.2.7"
            pid = watcher(service)["correlator"]
            subprocess.run(["kill", "-9", str(pid)], check=True)
            until(lambda: watcher(service)["correlator"] not in {0, pid})
            service.tcp(visit("f2"), visit("f3"))
            found = [json.loads(follower.stdout.readline())["title"] for _ in range(2)]
            assert found == ["f2 from 192.0.2.7", "f3 from 192.0.2.7"]
        finally:
            follower.send_signal(signal.SIGINT)
            out, err = follower.communicate(timeout=DEADLINE)
    assert (follower.returncode, out, err) == (130, b"", b"")


def test_a_rule_is_muted_for_a_key_and_alerts_again(service, here, mute):
    muted = lines_of(collector(service, "mute", "visit", "--key", "ip=192.0.2.99", "--for", "2h"))
    assert re.fullmatch(r"visit \(ip=192\.0\.2\.99\) until 20\S+ \S+, 0 held back", muted[0])
    before = len(delivered(service))
    service.tcp(visit("m1", "192.0.2.99"), visit("m2", "192.0.2.7"))
    until(lambda: len(delivered(service)) > before)
    assert delivered(service)[-1]["title"] == "m2 from 192.0.2.7"
    assert mute(service)[0].endswith("1 held back")
    code, out, err = here(service, "mute", "visit", "--off")
    assert (code, out.count("192.0.2.99")) == (1, 1)
    assert "nothing was muted so, and nothing has changed" in err
    assert mute(service, "visit", "--key", "ip=192.0.2.99", "--off") == ["Nothing is muted."]
    summary = until(lambda: next((alert for alert in delivered(service) if alert["summary"]), None))
    assert summary["count"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("login",), 1, "for how long?"),
        (("--for", "2h"), 1, "no rule is named"),
        (("--off",), 1, "no rule is named"),
        (("--key", "ip=1"), 1, "no rule is named"),
        (("login", "--for", "soon"), 2, "--for"),
        (("login", "--for", "0s"), 2, "between 1s and 366d"),
        (("login", "--for", "9999d"), 2, "between 1s and 366d"),
        (("login", "--for", "2h", "--off"), 2, "not allowed with"),
        (("login", "--key", "ip", "--for", "2h"), 1, '"ip" is not a part of a key'),
        (("login", "--key", "=1", "--for", "2h"), 1, '"=1" is not a part of a key'),
        (("login", "--key", "ipp=1", "--for", "2h"), 1, 'did you mean "ip"?'),
        (("logn", "--for", "2h"), 1, 'did you mean "login"?'),
        (("x\x1b[2J", "--for", "2h"), 1, "there is no rule"),
    ],
)
def test_what_cannot_be_muted_is_one_clear_error(service, here, arguments, code, said):
    found = here(service, "mute", *arguments)
    assert found[:2] == (code, "")
    assert said in found[2]
    assert "\x1b" not in found[2]
    assert ask(service, ask="mutes")["mutes"] == []


@pytest.mark.parametrize(
    "question", [{"ask": "mute"}, {"ask": "alerts", "most": "x"}, {"ask": "mute", "rule": [], "key": 3, "until": None}]
)
def test_nonsense_over_the_control_socket_harms_nobody(service, question):
    pid = watcher(service)["correlator"]
    with pytest.raises(CollectorError, match="the question is not understood"):
        ask(service, **question)
    assert watcher(service)["correlator"] == pid


def test_many_mutes_are_no_more_than_a_datagram(service, mute):
    keys = [{"ip": f"{number}" + "x" * 3500} for number in range(60)]
    for key in keys:
        ask(service, ask="mute", rule="login", key=key, until=4e9)
    answer = ask(service, ask="mutes")
    assert answer["more"] == 60 - len(answer["mutes"]) > 0
    assert mute(service)[-1] == f"and {answer['more']} more"
    for key in keys:
        ask(service, ask="mute", rule="login", key=key, until=0)


def test_without_a_daemon_and_without_rules_it_is_said(serve, here, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "none/collector.yaml").write_text("sources: [{udp: 127.0.0.1:0}]\nroutes: []\nstate_dir: ./state\n")
    for command in ("alerts", "mute"):
        code, out, err = here(SimpleNamespace(folder=tmp_path / "none"), command)
        assert (code, out) == (1, "")
        assert "no collector answers at ./state/control.sock" in err
    service = serve('sources: [{udp: "127.0.0.1:0"}]\nroutes: ["*.* ./all"]\n')
    for command in ("alerts", "mute"):
        code, out, err = here(service, command)
        assert (code, out) == (1, "")
        assert "no rules are configured" in err
