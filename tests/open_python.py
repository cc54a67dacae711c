"""A Python that a user without rights can run, with what this one has installed."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from service_under_test import NOBODY, ROOT

_CANDIDATES = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
_ASK = "import sys; print(*sys.version_info[:2], sys.base_prefix)"
_HIDDEN = ("/home/", "/root/", "/run/user/")  # by ProtectHome= of systemd


def open_python() -> tuple[str, str] | None:
    """The interpreter and its PYTHONPATH; None where each is somebody's own, as below /root."""
    for python in (Path(candidate).resolve() for candidate in _CANDIDATES):
        done = subprocess.run(
            # By way of a shell: setpriv itself may still execute what it may not when it is the user.
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             "sh", "-c", 'exec "$0" "$@"', python, "-c", _ASK],
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        found = done.stdout.split()
        wanted = [str(part) for part in sys.version_info[:2]]
        if not done.returncode and found[:2] == wanted and not found[2].startswith(_HIDDEN):
            return str(python), os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    return None
