"""The commands within this process; ``tests/wire/test_commands.py`` runs them as a user does."""

import io
import json
import os
import re
import socket
import sys
from contextlib import closing

import pytest
from status_answers import answer

from collector import __version__, cli
from collector.service import control, supervisor

CONFIG = """\
sources:
  - udp: 127.0.0.1:5514
routes:
  - local0.debug   /var/log/windows
  - select: "*.info"
    to: {file: "/var/log/{{ hostname }}.json", format: json}
timezone: Asia/Tokyo
"""
MESSAGE = "<135>Jul 23 15:54:31 atropos security[failure] 861 NT AUTHORITY\\SYSTEM 着信"
RECEIVED = ("--received-at", "2026-07-23T15:54:32+09:00")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch, tmp_path):
    for name in ("COLLECTOR_CONFIG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "collector.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture
def call(capsys):
    """``call("parse", …)`` → exit code, stdout, stderr."""

    def call(*arguments):
        try:
            code = cli.main(arguments)
        except SystemExit as ending:
            code = ending.code
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def stdin(monkeypatch):
    def given(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return given


# --- the command itself -----------------------------------------------------------------------------------------------


def test_without_a_command_it_shows_the_commands(call):
    code, out, err = call()

    assert (code, err) == (0, "")
    for command in ("run", "check-config", "parse", "explain", "status", "send", "schema", "version"):
        assert re.search(rf"^    {command}\b", out, re.MULTILINE), command


@pytest.mark.parametrize(
    "arguments",
    [
        ("prase",), ("check-config", "--jsn"), ("parse", "--timezone", "Asia/Tokio"),
        ("parse", "--received-at", "noon"),
        ("parse", "--received-at", "9999-12-31T23:59:59Z"), ("explain",), ("status", "--json", "--prometheus"),
        ("run", "--log-level", "loud"), ("send",), ("send", "udp://127.0.0.1:9", "x", "--count", "many"),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_tells_why(call, arguments):
    code, out, err = call(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith("usage: collector")
    assert "error: " in err


def test_a_zone_that_does_not_exist_has_a_hint(call):
    assert 'did you mean "Asia/Tokyo"?' in call("parse", "--timezone", "Asia/Tokio")[2]


# --- run --------------------------------------------------------------------------------------------------------------


def test_run_with_a_bad_configuration_ends_with_78(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG.replace("local0", "locl0"))
    code, out, err = call("run", "--config", "c.yaml")

    assert (code, out) == (78, "")
    assert err.splitlines() == [
        'c.yaml:4:5: error: unknown facility "locl0" [selector]',
        '    hint: did you mean "local0"?',
        "Not started: 1 error in the configuration.",
    ]


def test_run_without_a_configuration_ends_with_78(call):
    code, _, err = call("run", "--config", "missing.yaml")

    assert code == 78
    assert "missing.yaml" in err


def test_run_gives_the_plan_to_the_supervisor_and_ends_with_its_code(call, config, monkeypatch):
    plans = []

    class Stub:
        def __init__(self, plan, _work, _log):
            plans.append(plan)

        def run(self):
            return 3

    monkeypatch.setattr(supervisor, "Supervisor", Stub)
    code, out, err = call("run", "--config", config)

    assert (code, out, err) == (3, "", "")
    assert [source.name for source in plans[0].sources] == ["udp 127.0.0.1:5514"]


# --- check-config -----------------------------------------------------------------------------------------------------


def test_a_good_configuration_is_fine(call, config):
    code, out, err = call("check-config", config)

    assert (code, out) == (0, "")
    assert re.fullmatch(rf"{config}: fine: 1 source, 2 routes, 2 destinations, plan [0-9a-f]{{12}}\.\n", err)


def test_the_configuration_may_come_from_the_environment(call, config, monkeypatch):
    monkeypatch.setenv("COLLECTOR_CONFIG", config)

    assert call("check-config")[0] == 0


def test_a_warning_is_shown_and_fine(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG.replace("local0.debug", "mail.none"))
    code, out, err = call("check-config", "c.yaml")

    assert code == 0
    assert out == 'c.yaml:4:5: warning: "mail.none" selects nothing [empty-selector]\n'
    assert "c.yaml: fine, 1 warning: " in err


def test_mistakes_are_data_and_their_number_is_talk(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG.replace("local0", "locl0").replace("json}", "jsn}"))
    code, out, err = call("check-config", "c.yaml")

    assert (code, err) == (1, "c.yaml: 2 errors.\n")
    assert [line.split(" [")[0] for line in out.splitlines() if "hint" not in line] == [
        'c.yaml:4:5: error: unknown facility "locl0"',
        'c.yaml:6:56: error: unknown format "jsn"',
    ]


def test_mistakes_as_json_are_one_object_a_line(call, tmp_path):
    (tmp_path / "c.yaml").write_text(CONFIG.replace("local0", "locl0").replace("json}", "jsn}"))
    code, out, _ = call("check-config", "c.yaml", "--json")

    assert code == 1
    found = [json.loads(line) for line in out.splitlines()]
    assert [(one["type"], one["file"], one["line"], one["column"]) for one in found] == [
        ("problem", "c.yaml", 4, 5),
        ("problem", "c.yaml", 6, 56),
    ]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0", b"- a\n- b\n", b"sources: [\n", b"\0"])
def test_what_is_no_configuration_is_told_so(call, tmp_path, content):
    (tmp_path / "c.yaml").write_bytes(content)
    code, out, _ = call("check-config", "c.yaml")

    assert code == 1
    assert out.startswith("c.yaml:")


def test_a_folder_is_no_configuration(call, tmp_path):
    code, out, _ = call("check-config", str(tmp_path))

    assert code == 1
    assert out.startswith(str(tmp_path))


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


def test_version_names_the_program_and_what_it_stands_on(call):
    assert re.fullmatch(
        rf"collector {re.escape(__version__)}  \(.*Python 3\.\d+.*\)\n", call("version")[1], re.IGNORECASE
    )
    assert json.loads(call("version", "--json")[1])["collector"] == __version__


# --- endings ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stdout_of(monkeypatch):
    """Makes stdout a real file descriptor, closed at the end."""
    files = []

    def make(fd):
        files.append(os.fdopen(fd, "w"))
        monkeypatch.setattr(sys, "stdout", files[-1])

    yield make
    for file in files:
        file.close()


def test_a_reader_who_has_gone_is_no_crash(stdout_of, capfd):
    read, write = os.pipe()
    os.close(read)
    stdout_of(write)

    assert cli.main(["schema"]) == 1
    assert capfd.readouterr().err == ""


def test_a_full_disk_behind_stdout_is_one_clear_error(stdout_of, capsys):
    stdout_of(os.open("/dev/full", os.O_WRONLY))

    assert cli.main(["schema"]) == 1
    assert capsys.readouterr().err == "collector: error: no room for the output\n"


def test_without_stdout_there_is_no_crash(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)

    assert cli.main(["version"]) == 0


def test_ctrl_c_ends_with_130(call, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("collector.service.inspect.frames", interrupted)

    assert call("parse", "-") == (130, "", "")


def test_another_error_of_the_system_is_not_swallowed(monkeypatch):
    def failing(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("collector.service.versions.versions", failing)
    with pytest.raises(PermissionError):
        cli.main(["version"])
