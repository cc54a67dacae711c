"""``collector check-rules`` as a program of its own: what it leaves alone, and what a terminal shows."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

RULES = """\
rules:
  - id: burst
    kind: threshold
    on: {text: Failed}
    by: hostname
    within: 1m
    count: 5
    alert: {title: "{{ hostname }}"}
    do: [{exec: [/bin/touch, /tmp/collector-check-rules-must-not-do-this]}, {file: FOLDER/alerts.log}]
    tests: [{lines: [x], alerts: []}]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES.replace("FOLDER", str(tmp_path)))
    (tmp_path / "log").write_text("".join(f"<38>Oct 11 22:14:{n:02} gate x: Failed\n" for n in range(10)))
    return tmp_path


def call(folder, *arguments, **more):
    command = [sys.executable, "-m", "collector", "check-rules", *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC", "PYTHONPATH": os.getcwd(), **more}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)


def test_it_sends_and_writes_nothing(folder):
    before = sorted(folder.iterdir())
    done = call(folder, "rules.yaml", "--log", "log", "--json")
    assert done.returncode == 0, done.stderr
    (alert,) = (one for one in map(json.loads, done.stdout.splitlines()) if one["type"] == "alert")
    assert [action["kind"] for action in alert["actions"]] == ["exec", "file"]
    assert sorted(folder.iterdir()) == before
    assert not os.path.exists("/tmp/collector-check-rules-must-not-do-this")


def test_it_opens_no_port(folder):
    log = folder / "trace"
    script = (
        "import sys, socket\n"
        "def refused(*_, **__): raise AssertionError('a socket')\n"
        "socket.socket.__init__ = refused\n"
        "from collector.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    log.write_text(script)
    command = [sys.executable, str(log), "check-rules", "rules.yaml", "--log", "log"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": os.getcwd()}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_usage_errors_are_told_as_such(folder):
    assert call(folder, "--no-such-option").returncode == 2
    assert call(folder, "rules.yaml", "--year", "x").returncode == 2


def test_a_reader_that_goes_away_is_no_trouble(folder):
    (folder / "log").write_text(
        "".join(f"<38>Oct 11 22:14:15 gate{n} x: Failed\n" for n in range(9_999) for _ in "12345")
    )
    command = f"{sys.executable} -m collector check-rules rules.yaml --log log --year 2025 | head -1"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, timeout=60, check=False
    )
    assert b"2025-10-11 22:14:15  medium    burst" in done.stdout
    assert b"Traceback" not in done.stderr


def test_a_terminal_shows_how_far_it_is(folder):
    """The log is a pipe that has not ended, so that there is time to look."""
    os.mkfifo(folder / "pipe")
    screen, side = pty.openpty()
    command = [sys.executable, "-m", "collector", "check-rules", "rules.yaml", "--log", "pipe"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=side) as process:
        os.close(side)
        with open(folder / "pipe", "w") as pipe:
            seen = b""
            ends = time.monotonic() + 30
            while not re.search(rb"[0-9,]+ lines  [0-9,]+/s  [0-9,]+ alerts", seen) and time.monotonic() < ends:
                pipe.write("<38>Oct 11 22:14:15 gate x: nothing\n" * 30_000)
                pipe.flush()
                while select.select([screen], [], [], 0)[0]:
                    seen += os.read(screen, 1 << 16)
        assert process.wait(30) == 0
    os.close(screen)
    assert re.search(rb"[0-9,]+ lines  [0-9,]+/s  0 alerts", seen)


def test_without_a_terminal_there_is_no_bar(folder):
    done = call(folder, "rules.yaml", "--log", "log")
    assert b"\r" not in done.stderr
    assert b"\033" not in done.stdout + done.stderr
