"""The command itself, ``run``, ``check-config``, endings; ``tests/wire/test_commands.py`` runs them as a user does."""

import json
import os
import re
import sys
from types import SimpleNamespace

import pytest
from cli_under_test import CONFIG

from collector import cli
from collector.service import supervisor

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
        def __init__(self, plan, _work, _log, _build):
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


@pytest.mark.parametrize("name", ["", "nosuch"])
def test_a_user_that_is_none_is_not_taken_for_nobody_named(call, config, name):
    code, out, err = call("check-config", "--user", name, config)

    assert (code, out) == (1, "")
    assert f'error: "{name}" is no user of this machine' in err


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


def test_check_config_and_run_tell_what_is_wrong_around_the_configuration(call, tmp_path, monkeypatch):
    (tmp_path / "c.yaml").write_text(CONFIG.replace("/var/log/windows", "./c.yaml/windows"))
    monkeypatch.setattr(supervisor, "Supervisor", lambda *_: SimpleNamespace(run=lambda: 1))
    code, out, err = call("check-config", "c.yaml")

    assert (code, err) == (1, "c.yaml: 1 error.\n")
    assert out.startswith("c.yaml:4:5: error: ./c.yaml is no folder [place]\n")
    assert call("run", "--config", "c.yaml") == (1, "", out)


def test_what_this_user_may_not_do_is_a_warning(call, config, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, *_, **__: path != "/var/log")
    code, out, err = call("check-config", config)

    assert code == 0
    assert out.count("may not write in the folder /var/log [no-right]\n    hint: ") == 2
    assert f"{config}: fine, 2 warnings: " in err


def test_a_folder_is_no_configuration(call, tmp_path):
    code, out, _ = call("check-config", str(tmp_path))

    assert code == 1
    assert out.startswith(str(tmp_path))


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
