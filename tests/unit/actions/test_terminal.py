import json
import os

import pytest
from alerting import action, message, with_message
from pseudo_terminal import Terminal

from collector.actions import DeliveryError


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)


def show(one=None, said=None, **options):
    action(json.dumps(options), said=said).deliver(one or message(), None)


def test_an_alert_is_a_line_in_the_colour_of_its_severity(terminal):
    show(terminal="echo", path=terminal.path, line="{{ title }}")
    show(message(severity="info"), terminal="echo", path=terminal.path, line="{{ title }}")

    assert terminal.seen() == b"\033[31m192.0.2.7 tried 5 users\033[0m\r\n192.0.2.7 tried 5 users\r\n"


def test_no_color_is_respected(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    show(terminal="bell", path=terminal.path, line="ring")

    assert terminal.seen() == b"ring\a\r\n"


def test_without_a_terminal_it_is_a_line_of_the_own_log(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda _fd: False)
    said = []
    show(said=said, terminal="bell", line="{{ title }}")
    show(message(severity="low"), said=said, terminal="bell", line="{{ title }}")

    assert said == [(level, "alert ssh-spray", "192.0.2.7 tried 5 users") for level in ("warning", "info")]


def test_the_own_log_tells_the_time_itself(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda _fd: False)
    said = []
    show(said=said, terminal="echo")

    assert said[0][2] == "[high] ssh-spray: 192.0.2.7 tried 5 users"


def test_the_terminal_on_which_it_was_started_is_taken(terminal, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda fd: fd == 2)
    monkeypatch.setattr(os, "ttyname", lambda _fd: terminal.path)
    monkeypatch.setattr("collector.sinks.console._check", lambda _terminal, _path: None)
    show(terminal="echo", line="here")

    assert b"here" in terminal.seen()


def test_a_terminal_that_takes_nothing_holds_nothing_up(terminal):
    one = action(json.dumps({"terminal": "echo", "path": terminal.path}))

    def fill():
        for _ in range(10_000):
            one.deliver(message(), None)

    with pytest.raises(DeliveryError) as caught:
        fill()

    assert (caught.value.reason, caught.value.again) == ("full", False)


@pytest.mark.parametrize("path", ["/dev/absent", "/dev/null"])
def test_what_is_no_terminal_is_told(path):
    with pytest.raises(DeliveryError) as caught:
        show(terminal="echo", path=path)

    assert (caught.value.reason, caught.value.again) == ("gone", False)


@pytest.mark.parametrize("text", ["\x1b[2J\x07", "a\r\nb", "\u202ereversed", "\x9b31m", "\0"])
def test_no_message_steers_the_terminal(terminal, text):
    show(with_message(text, severity="info"), terminal="echo", path=terminal.path, line="{{ user }}|")
    seen = terminal.seen().decode()

    assert seen.endswith("|\r\n")
    assert seen[:-2].isprintable()
