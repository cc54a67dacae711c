"""The version of the program and of what it stands on, for ``collector version`` and bug reports."""

import platform
from importlib.metadata import PackageNotFoundError, version

from collector import __version__

_PARTS = ("PyYAML", "pydantic", "Jinja2", "watchdog", "hyperscan", "tzdata")


def versions() -> dict[str, str]:
    """Name → version; what is not installed is left out."""
    found = {"collector": __version__, "Python": platform.python_version()}
    for part in _PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            continue
    return found
