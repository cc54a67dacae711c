import os

import pytest

from collector.service import places

ROOT, USER = 0, 1000


@pytest.fixture
def at_home(monkeypatch, tmp_path):
    """A home folder, and nothing said by the environment; ``at_home(user, **environment)`` says who asks, and where."""
    for name in (
        "COLLECTOR_CONFIG", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    def at_home(user, **environment):
        monkeypatch.setattr(os, "geteuid", lambda: user)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    return at_home


def test_the_configuration_is_where_the_environment_says(at_home):
    at_home(ROOT, COLLECTOR_CONFIG="./here.yaml")

    assert places.config_file() == "./here.yaml"


def test_a_home_that_lets_nobody_in_has_no_configuration(at_home, monkeypatch):
    """As of root, after ``setpriv`` without another HOME."""

    def shut(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    at_home(USER)
    monkeypatch.setattr(os, "stat", shut)
    assert places.config_file() == "/etc/collector/collector.yaml"


def test_a_user_has_a_configuration_of_his_own_if_it_is_there(at_home, tmp_path):
    at_home(USER)
    assert places.config_file() == "/etc/collector/collector.yaml"

    own = tmp_path / ".config" / "collector" / "collector.yaml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert places.config_file() == str(own)
    at_home(ROOT)
    assert places.config_file() == "/etc/collector/collector.yaml"


@pytest.mark.parametrize(
    ("user", "environment", "expected"),
    [
        (ROOT, {}, "/var/lib/collector"),
        (USER, {}, "HOME/.local/state/collector"),
        (USER, {"XDG_STATE_HOME": "/state"}, "/state/collector"),
        (USER, {"STATE_DIRECTORY": "/var/lib/private/collector"}, "/var/lib/private/collector"),
        (ROOT, {"STATE_DIRECTORY": "/one:/two"}, "/one"),
        (ROOT, {"STATE_DIRECTORY": ""}, "/var/lib/collector"),
    ],
)
def test_the_state_is_in_the_folder_of_systemd_the_system_or_the_user(at_home, tmp_path, user, environment, expected):
    at_home(user, **environment)

    assert places.state_dir() == expected.replace("HOME", str(tmp_path))


def test_who_asks_without_a_daemon_of_their_own_asks_that_of_the_system(at_home, tmp_path, monkeypatch):
    there = set()
    monkeypatch.setattr(os.path, "exists", there.__contains__)
    at_home(USER)
    own, system = f"{tmp_path}/.local/state/collector/control.sock", "/run/collector/control.sock"

    assert places.control_to_ask("/etc/collector/collector.yaml") == system
    assert places.control_to_ask("./mine.yaml") == own
    there.add(system)
    assert places.control_to_ask("./mine.yaml") == system
    there.add(own)
    assert places.control_to_ask("/etc/collector/collector.yaml") == own


@pytest.mark.parametrize(
    ("user", "state", "environment", "expected"),
    [
        (ROOT, None, {}, "/run/collector/control.sock"),
        (ROOT, "./run", {}, "./run/control.sock"),
        (USER, "./run", {"RUNTIME_DIRECTORY": "/run/collector"}, "./run/control.sock"),
        (USER, None, {"RUNTIME_DIRECTORY": "/run/collector:/run/more"}, "/run/collector/control.sock"),
        (USER, None, {"XDG_RUNTIME_DIR": "/run/user/1000"}, "/run/user/1000/collector/control.sock"),
        (USER, None, {}, "HOME/.local/state/collector/control.sock"),
    ],
)
def test_the_control_socket_is_beside_the_state_or_where_sockets_are(
    at_home, tmp_path, user, state, environment, expected
):
    at_home(user, **environment)

    assert places.control(state) == expected.replace("HOME", str(tmp_path))
