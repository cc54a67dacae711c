"""Where files are when the configuration does not say: systemd's folders, the system's for root, else the user's."""

import os
from pathlib import Path

NAME = "collector"
_SYSTEM_CONFIG = "/etc/collector/collector.yaml"

CONFIG_HINT = (
    "create it, or name another with --config or COLLECTOR_CONFIG; without them it is "
    "~/.config/collector/collector.yaml (unless root) where that exists, else /etc/collector/collector.yaml"
)


def config_file() -> str:
    """COLLECTOR_CONFIG, else the user's own file if there is one, else /etc/collector/collector.yaml."""
    named = os.environ.get("COLLECTOR_CONFIG")
    if named:
        return named
    own = str(_xdg("XDG_CONFIG_HOME", ".config") / NAME / "collector.yaml")
    # False too where HOME is somebody else's, after su or setpriv, and nobody lets us in.
    return own if os.geteuid() != 0 and os.path.exists(own) else _SYSTEM_CONFIG


def state_dir() -> str:
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]  # systemd.exec(5)
    if given:
        return given
    return f"/var/lib/{NAME}" if os.geteuid() == 0 else str(_xdg("XDG_STATE_HOME", ".local/state") / NAME)


def control(state: str | None) -> str:
    """The control socket: beside the state where that is named, else in the folder for sockets."""
    if state:
        return os.path.join(state, "control.sock")
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if given:
        return os.path.join(given, "control.sock")
    if os.geteuid() == 0:
        return f"/run/{NAME}/control.sock"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return os.path.join(runtime, NAME, "control.sock") if runtime else os.path.join(state_dir(), "control.sock")


def control_to_ask(config: str) -> str:
    """The control socket of a daemon whose configuration names none: our own, or that of the system's service."""
    own, system = control(None), f"/run/{NAME}/control.sock"
    if os.path.exists(own):
        return own
    return system if config == _SYSTEM_CONFIG or os.path.exists(system) else own


def _xdg(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default)
