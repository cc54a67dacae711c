import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from alerting import action, message, read, with_message
from observing import until

from collector.actions import DeliveryError


def script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(f"#!{sys.executable} -SE\n{text}")
    path.chmod(0o755)
    return str(path)


def shell(tmp_path, text):
    path = tmp_path / "script.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def run(options, **changes):
    action(json.dumps(options)).deliver(message(**changes), None)


def failed(options, **changes):
    with pytest.raises(DeliveryError) as caught:
        run(options, **changes)
    return caught.value


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_the_program_gets_its_arguments_the_alert_and_a_small_environment(tmp_path):
    program = script(
        tmp_path,
        "import json, os, sys\n"
        f"with open({str(tmp_path / 'seen')!r}, 'w') as file:\n"
        "    json.dump([sys.argv[1:], json.load(sys.stdin), dict(os.environ), os.getcwd()], file)\n",
    )
    run({"exec": [program, "--host", "{{ hostname }}", "{{ user }} from {{ ip }}", "$(id)"]})

    arguments, alert, environment, folder = json.loads((tmp_path / "seen").read_text())
    assert arguments == ["--host", "gate", "root from 192.0.2.7", "$(id)"]
    assert alert == message().alert
    environment.pop("LC_CTYPE", None)  # the interpreter's own (PEP 538)
    assert environment == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
        "COLLECTOR_ALERT_ID": "6f1c2d", "COLLECTOR_RULE": "ssh-spray", "COLLECTOR_SEVERITY": "high",
    }  # fmt: skip
    assert folder == "/"


def test_variables_may_be_secrets(tmp_path, secret):
    program = shell(tmp_path, f'printf %s "$TOKEN-$ZONE" > {tmp_path}/seen')
    run({"exec": [program], "environment": {"TOKEN": secret("sesame"), "ZONE": "inside"}})

    assert (tmp_path / "seen").read_text() == "sesame-inside"


def test_a_status_other_than_0_is_a_failure_with_the_beginning_of_what_was_said(tmp_path):
    error = failed({"exec": [shell(tmp_path, "echo no route; echo to host >&2; exit 3")]})

    assert (error.reason, error.again) == ("status", True)
    assert str(error).endswith("script.sh ended with status 3: no route to host")


def test_a_program_that_is_not_there_is_a_failure(tmp_path):
    error = failed({"exec": [str(tmp_path / "absent")]})

    assert (error.reason, error.again) == ("start", True)
    assert "No such file" in str(error)


def test_a_program_that_dies_is_a_failure(tmp_path):
    error = failed({"exec": [shell(tmp_path, "kill -SEGV $$")]})

    assert error.reason == "signal"
    assert "was ended by SIGSEGV" in str(error)


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path):
    pids = tmp_path / "pids"
    program = shell(tmp_path, f"sleep 60 & echo $! $$ > {pids}; wait")
    started = time.monotonic()
    error = failed({"exec": [program], "timeout": "300ms"})

    assert error.reason == "timeout"
    assert time.monotonic() - started < 2
    assert [pid for pid in pids.read_text().split() if alive(pid)] == []


def test_one_that_ignores_being_asked_to_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("collector.actions.processes._GRACE", 0.1)
    pids = tmp_path / "pids"
    program = shell(tmp_path, f"trap '' TERM; echo $$ > {pids}; while :; do sleep 1; done")
    failed({"exec": [program], "timeout": "300ms"})

    assert not alive(pids.read_text().strip())


def test_a_child_that_is_left_behind_is_not_waited_for(tmp_path):
    pid = tmp_path / "pid"
    started = time.monotonic()
    run({"exec": [shell(tmp_path, f"sleep 60 & echo $! > {pid}; exit 0")]})

    assert time.monotonic() - started < 5
    assert alive(pid.read_text().strip())
    os.kill(int(pid.read_text()), signal.SIGKILL)


def test_a_flood_of_output_is_read_and_forgotten(tmp_path):
    program = shell(tmp_path, "head -c 50000000 /dev/zero | tr '\\0' x; exit 1")
    error = failed({"exec": [program]})

    assert error.reason == "status"
    assert len(str(error)) < 500


def test_one_that_never_ends_its_output_is_killed(tmp_path):
    error = failed({"exec": [shell(tmp_path, "exec yes")], "timeout": "200ms"})

    assert error.reason == "timeout"


def test_a_program_that_does_not_read_its_input_gets_a_large_alert_all_the_same(tmp_path):
    run({"exec": [shell(tmp_path, "exit 0")]}, body="x" * 3_000_000)


def test_a_large_alert_arrives_whole(tmp_path):
    run({"exec": [shell(tmp_path, f"wc -c > {tmp_path}/seen")]}, body="x" * 3_000_000)

    assert int((tmp_path / "seen").read_text()) == len(message(body="x" * 3_000_000).json) + 1


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("-rf", "_rf"),
        ("--config=/evil", "__config=/evil"),
        ("a -b", "a -b"),
        ("$(rm -rf /); `id` | & \" '", "$(rm -rf /); `id` | & \" '"),
        ("one\ntwo", "one\ntwo"),
        ("{{ user }}", "{{ user }}"),
        ("a\0b", "a\ufffdb"),
        ("half \ud83d", "half \ufffd"),
        ("x" * 1_000_000, "x" * 32768),
        ("監" * 100_000, "監" * 10922),
    ],
)
def test_whatever_was_captured_stays_one_argument_and_no_option(tmp_path, text, argument):
    program = script(
        tmp_path,
        "import sys, os\n"
        f"with open({str(tmp_path / 'seen')!r}, 'wb') as file:\n"
        "    file.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))\n",
    )
    action(json.dumps({"exec": [program, "{{ user }}", "last"]})).deliver(with_message(text), None)

    assert (tmp_path / "seen").read_bytes() == argument.encode() + b"\0last"


def test_what_still_runs_is_ended_with_the_service(tmp_path):
    pid = tmp_path / "pid"
    one = action(json.dumps({"exec": [shell(tmp_path, f"echo $$ > {pid}; exec sleep 60")]}))
    errors = []

    def deliver():
        try:
            one.deliver(message(), None)
        except DeliveryError as error:
            errors.append(error.reason)

    thread = threading.Thread(target=deliver)
    thread.start()
    until(lambda: pid.exists() and pid.read_text())
    one.close()
    thread.join()

    assert errors == ["signal"]


def wrong(options):
    _, problems = read(json.dumps(options, indent=1))
    return [(problem.message, problem.hint) for problem in problems]


def test_a_command_line_is_refused():
    assert wrong({"exec": "/bin/page ops now"}) == [
        ("a command is a list, as there is no shell", "[/bin/page, ops, now]")
    ]


def test_no_message_may_choose_the_program():
    assert wrong({"exec": ["/bin/{{ hostname }}"]}) == [
        ("no message may choose the program", "its whole path, without fields")
    ]


def test_a_program_is_named_by_its_whole_path():
    assert wrong({"exec": ["page"]})[0][1] == "such as /usr/local/bin/page"


def test_a_secret_that_is_written_out_is_refused_and_not_shown():
    [(message_text, hint)] = wrong({"exec": ["/bin/page"], "environment": {"API_TOKEN": "sesame"}})

    assert message_text == "a secret is not written into the configuration"
    assert "${file:" in hint
