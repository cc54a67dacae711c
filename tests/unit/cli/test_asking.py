"""``status``, ``send``, ``schema`` and ``version``."""

import json
import os
import re
import socket
from contextlib import closing

import pytest
from cli_under_test import CONFIG
from status_answers import answer

from collector import __version__
from collector.service import control

# --- status -----------------------------------------------------------------------------------------------------------


COUNTERS = {("received_messages", "source=udp 127.0.0.1:5514"): 3, ("routed_messages",): 3}


@pytest.fixture
def daemon(monkeypatch):
    """Answers every question; returns the control sockets it was asked on."""
    asked = []

    def request(path, question):
        assert question == {"ask": "status"}
        asked.append(path)
        return answer(COUNTERS)

    monkeypatch.setattr(control, "request", request)
    return asked


def test_status_is_a_table_without_colours_unless_on_a_terminal(call, daemon):
    code, out, err = call("status", "--control", "/run/sock")

    assert (code, err, daemon) == (0, "", ["/run/sock"])
    assert out.startswith("collector 0.1.0, running, pid 4242")
    assert "\x1b" not in out


def test_status_as_json_is_the_answer(call, daemon):
    assert json.loads(call("status", "--json")[1]) == json.loads(json.dumps(answer(COUNTERS)))


def test_status_for_prometheus(call, daemon):
    assert 'received_messages_total{source="udp 127.0.0.1:5514"} 3' in call("status", "--prometheus")[1]


def test_status_asks_where_the_configuration_says(call, daemon, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG + "control: /run/there.sock\n")
    call("status", "--config", "c.yaml")

    assert daemon == ["/run/there.sock"]


def test_status_asks_there_whatever_else_is_wrong_in_the_configuration(call, daemon, tmp_path):
    text = CONFIG.replace("local0", "locl0").replace("mail", "mail.none") + "workers: x\n"
    (tmp_path / "c.yaml").write_text(text + "state_dir: /srv\n")

    assert call("status", "--config", "c.yaml")[::2] == (0, "")
    assert daemon == ["/srv/control.sock"]


def test_status_asks_at_the_usual_place_when_the_configuration_cannot_be_read(call, daemon, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/collector")
    (tmp_path / "c.yaml").write_text("sources: [\n")

    assert call("status", "--config", "c.yaml")[::2] == (0, "")
    assert daemon == ["/run/collector/control.sock"]


def test_status_says_so_when_the_named_configuration_does_not_exist(call, daemon):
    code, _, err = call("status", "--config", "missing.yaml")

    assert (code, daemon) == (1, [])
    assert err.startswith("collector: error: missing.yaml: no such file\n")


def test_status_says_so_when_the_named_configuration_must_not_be_read(call, daemon, tmp_path, monkeypatch):
    (tmp_path / "c.yaml").write_text("sources: []\n")
    monkeypatch.setattr(os, "access", lambda *_: False)
    code, _, err = call("status", "--config", "c.yaml")

    assert (code, daemon) == (1, [])
    assert err.startswith("collector: error: c.yaml: no permission to read it\n")


def test_status_without_a_configuration_asks_at_the_usual_place(call, daemon, monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/collector")
    monkeypatch.setenv("COLLECTOR_CONFIG", "missing.yaml")
    call("status")

    assert daemon == ["/run/collector/control.sock"]


def test_status_without_a_daemon_says_so(call, tmp_path):
    code, out, err = call("status", "--control", str(tmp_path / "none.sock"))

    assert (code, out) == (1, "")
    assert err.startswith("collector: error: ")
    assert str(tmp_path / "none.sock") in err


# --- send, schema, version --------------------------------------------------------------------------------------------


def test_send_sends(call):
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
        receiver.bind(("127.0.0.1", 0))
        target = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        code, out, err = call("send", target, "-p", "local0.debug", "--tag", "me", "hello", "there", "--count", "2")
        messages = [receiver.recv(999) for _ in range(2)]

    assert (code, out) == (0, "")
    assert re.fullmatch(r"Sent 2 messages, \d+ bytes, in \d+\.\d{3} s\.\n", err)
    assert messages[0].startswith(b"<135>")
    assert re.search(rb" me\[\d+\]: hello there$", messages[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("upd://127.0.0.1:9", "x"), 'did you mean "udp"?'),
        (("udp://127.0.0.1:9",), "nothing to send"),
        (("udp://127.0.0.1:9", "-p", "locl0.info", "x"), 'did you mean "local0"?'),
        (("unix:./missing.sock", "x"), "missing.sock"),
        (("udp://127.0.0.1:9", "--file", "missing"), "missing"),
        (("udp://127.0.0.1:9", "x", "--charset", "klingon"), "klingon"),
    ],
)
def test_what_cannot_be_sent_is_one_clear_error(call, arguments, message):
    code, out, err = call("send", *arguments)

    assert (code, out) == (1, "")
    assert err.startswith("collector: error: ")
    assert message in err


def test_the_schema_is_json_and_knows_sources_and_routes(call):
    code, out, err = call("schema")

    assert (code, err) == (0, "")
    assert {"sources", "routes"} <= set(json.loads(out)["properties"])


def test_the_schema_of_rules_is_json_and_knows_kinds_and_destinations(call):
    code, out, err = call("schema", "--rules")
    known = json.loads(out)["$defs"]

    assert (code, err) == (0, "")
    assert {"MatchOptions", "ThresholdOptions", "condition"} <= set(known)
    assert {"mail", "exec", "webhook"} <= {part.get("title") for part in known["destination"]["anyOf"]}


def test_version_names_the_program_and_what_it_stands_on(call):
    assert re.fullmatch(
        rf"collector {re.escape(__version__)}  \(.*Python 3\.\d+.*\)\n", call("version")[1], re.IGNORECASE
    )
    assert json.loads(call("version", "--json")[1])["collector"] == __version__
