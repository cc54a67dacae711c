"""The commands within the process of the tests, where nothing of this machine is seen."""

import io
import os
import sys

import pytest

from collector import cli

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
def nothing_of_this_machine(monkeypatch, tmp_path):
    for name in ("COLLECTOR_CONFIG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "access", lambda *_, **__: True)
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
