"""The options and targets of ``collector send``."""

import argparse
import socket

import pytest

from collector.errors import CollectorError
from collector.service.send import Target, add_arguments, parse_target, run


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def udp_port():
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("udp://127.0.0.1:5514", Target("udp", "127.0.0.1", 5514)),
        ("tcp://[::1]:514", Target("tcp", "::1", 514)),
        ("tcp://loghost.example.net:601", Target("tcp", "loghost.example.net", 601)),
        ("unix:/run/log", Target("unix", path="/run/log")),
        ("unix:///run/log", Target("unix", path="/run/log")),
        ("unix-stream:relative.sock", Target("unix-stream", path="relative.sock")),
    ],
)
def test_a_target_names_transport_and_place(text, target):
    assert parse_target(text) == target


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("127.0.0.1:514", '"127.0.0.1:514" is not a target', "udp://HOST:PORT"),
        ("tpc://127.0.0.1:514", "is not a target", 'did you mean "tcp"?'),
        ("udp:127.0.0.1:514", "is not a target", 'did you mean "udp"?'),
        ("udp://127.0.0.1", "has no port", ":514"),
        ("udp://:514", "has no host", "udp://127.0.0.1:514"),
        ("udp://::1:514", "is not an address", "[::1]:514"),
        ("udp://127.0.0.1:99999", '"99999" is not a port', "65535"),
        ("unix:", "has no path", "unix:/PATH"),
        ("", "is not a target", "udp://HOST:PORT"),
    ],
)
def test_a_target_that_is_none_is_refused_with_a_hint(text, part, hint):
    with pytest.raises(CollectorError) as caught:
        parse_target(text)
    assert part in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "words", [["-p", "13", "a", "b"], ["a", "b", "-p", "13"], ["--framing", "lf", "-p13", "--", "a", "b"]]
)
def test_options_may_stand_before_and_behind_the_message(words):
    arguments = parsed("udp://127.0.0.1:514", *words)
    assert (arguments.message, arguments.priority) == (["a", "b"], "13")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to send"),
        (["hello", "--file", "f"], "give a message or --file, not both"),
        (["hello", "--rate", "0"], "--rate and --count must be more than 0"),
        (["hello", "--rate", "nan"], "--rate and --count must be more than 0"),
        (["hello", "--count", "0"], "--rate and --count must be more than 0"),
        (["--file", "/nonexistent/messages"], "/nonexistent/messages: No such file or directory"),
        (["hello", "-p", "nowhere.debug"], 'unknown facility "nowhere"'),
        (["日本", "--charset", "cp1252"], "'\\u65e5' (U+65E5) does not exist in cp1252"),
    ],
)
def test_what_cannot_be_sent_is_one_clear_error(words, message, udp_port):
    with pytest.raises(CollectorError) as caught:
        run(parsed(f"udp://127.0.0.1:{udp_port}", *words))
    assert str(caught.value) == message
