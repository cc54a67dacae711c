"""``parse`` and ``explain``."""

import io
import json
import os
import re
import sys

import pytest
from cli_under_test import CONFIG, MESSAGE, RECEIVED

from collector import cli

# --- parse ------------------------------------------------------------------------------------------------------------


def test_messages_of_a_file_are_records(call, tmp_path):
    (tmp_path / "log").write_text(f"{MESSAGE}\n<38>no header\n")
    code, out, err = call("parse", "log", "--timezone", "Asia/Tokyo", *RECEIVED, "--peer", "192.0.2.7:514")

    assert (code, err) == (0, "")
    first, second = map(json.loads, out.splitlines())
    assert (first["timestamp"], first["app_name"]) == ("2026-07-23T15:54:31+09:00", "security")
    assert first["message"] == "861 NT AUTHORITY\\SYSTEM 着信"
    assert (second["hostname"], second["peer"]) == ("192.0.2.7", "192.0.2.7:514")


def test_messages_come_from_stdin_when_no_file_is_named(call, stdin):
    stdin(b"<34>one\n<34>two\n")

    assert [json.loads(line)["message"] for line in call("parse")[1].splitlines()] == ["one", "two"]


def test_stdin_may_be_named_among_files(call, stdin, tmp_path):
    stdin(b"<34>two\n")
    (tmp_path / "a").write_text("<34>one")
    out = call("parse", "a", "-", "a")[1]

    assert [json.loads(line)["message"] for line in out.splitlines()] == ["one", "two", "one"]


def test_a_whole_file_may_be_one_message(call, tmp_path):
    (tmp_path / "datagram").write_bytes(b"<34>one\ntwo\n")

    assert json.loads(call("parse", "--whole", "datagram")[1])["message"] == "one\ntwo"


def test_nothing_is_no_record(call, stdin):
    stdin(b"")

    assert call("parse") == (0, "", "")


def test_parse_takes_charsets_and_zones_from_a_configuration(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG + "charset: {fallback: [cp1252]}\n")
    (tmp_path / "log").write_bytes(b"<34>Jul 23 15:54:31 gate su: caf\xe9\n")
    record = json.loads(call("parse", "--config", "c.yaml", "log", *RECEIVED)[1])

    assert (record["message"], record["timestamp"]) == ("café", "2026-07-23T15:54:31+09:00")


def test_parse_with_a_bad_configuration_tells_its_problems(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG.replace("local0", "locl0"))
    code, out, err = call("parse", "--config", "c.yaml", "log")

    assert (code, out) == (1, "")
    assert 'unknown facility "locl0"' in err
    assert err.endswith("collector: error: 1 error in the configuration\n")


@pytest.mark.parametrize(("name", "reason"), [("missing", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_one_clear_error(call, name, reason):
    assert call("parse", name) == (1, "", f"collector: error: {name}: {reason}\n")


def test_nothing_of_a_message_reaches_the_terminal_as_a_control_character(call, stdin):
    stdin("<34>\x1b[31m \x7f \x9b31m \u2028 \x85\n".encode())
    out = call("parse")[1]

    assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", out)
    assert json.loads(out)["message"] == "\x1b[31m \x7f \x9b31m \u2028 \x85"


@pytest.mark.parametrize("encoding", ["ascii", "euc_jp", "latin-1"])
def test_a_locale_that_lacks_a_character_gets_it_as_an_escape(stdin, monkeypatch, encoding):
    stdin("<34>髙 é ß €\n".encode())
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding, write_through=True))

    assert cli.main(["parse"]) == 0
    assert json.loads(out.getvalue())["message"] == "髙 é ß €"


# --- explain ----------------------------------------------------------------------------------------------------------


def test_a_message_is_explained(call, config):
    code, out, err = call("explain", MESSAGE, "--config", config, *RECEIVED)

    assert (code, err) == (0, "")
    assert "  app_name   security\n" in out
    assert f"yes {config}:4:5: local0.debug selects local0.debug\n" in out
    assert "        → /var/log/windows\n" in out
    assert f"no  {config}:5:" in out
    assert out.endswith("written to 1 file\n")


def test_a_message_is_explained_as_json(call, config):
    code, out, _ = call("explain", "--json", MESSAGE, "--config", config, *RECEIVED)

    found = json.loads(out)
    assert code == 0
    assert found["line"] == MESSAGE[5:]
    assert [route["taken"] for route in found["routes"]] == [True, False]


def test_the_message_to_explain_may_come_from_stdin(call, config, stdin):
    stdin("<135>着信を\n".encode("cp932"))
    out = call("explain", "-", "--config", config)[1]

    assert "  charset    cp932\n" in out
    assert "  message    着信を\n" in out


def test_bytes_on_the_command_line_are_taken_as_they_are(call, config):
    out = call("explain", os.fsdecode("<135>着信を".encode("euc_jp")), "--config", config)[1]

    assert "  charset    euc-jp\n" in out


def test_a_time_without_a_zone_is_in_the_configured_one(call, config):
    out = call("explain", "--json", "x", "--config", config, "--received-at", "2026-07-23T15:54:32")[1]

    assert json.loads(out)["record"]["received_at"] == "2026-07-23T15:54:32+09:00"


def test_explain_needs_a_configuration(call):
    code, out, err = call("explain", "x", "--config", "missing.yaml")

    assert (code, out) == (1, "")
    assert "missing.yaml" in err
