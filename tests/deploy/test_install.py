"""`make install` and `make uninstall`, into a folder of the test."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from service_under_test import NOBODY, ROOT

# Does what the script asks of Python, but fetches nothing.
PYTHON = f"""#!/bin/sh
case "$*" in
  "-m venv "*)
    mkdir -p "$3/bin" "$3/lib"
    cp "$0" "$3/bin/python"
    echo "command = $0 -m venv $3" > "$3/pyvenv.cfg" ;;
  "-m pip install "*)
    test ! -e "$(dirname "$0")/fail" || exit 1
    printf '#!%s\\necho collector\\n' "$0" > "$(dirname "$0")/collector"
    chmod 755 "$(dirname "$0")/collector" ;;
  "-m compileall "*) ;;
  *base_prefix*) echo "${{PYTHON_IS_IN:-/usr}}" ;;
  *) exec {sys.executable} "$@" ;;
esac
"""

UNITS = {"etc/systemd/system/collector.service", "etc/systemd/system/collector.socket"}
CONFIGURATION = {f"etc/collector/{name}" for name in ("collector.yaml", "routing.conf", "environment")} | {
    f"etc/collector/rules/{path.name}" for path in (ROOT / "rules").iterdir() if path.suffix in {".yaml", ".md"}
}
SYSTEM = {
    "etc/sysusers.d/collector.conf", "etc/tmpfiles.d/collector.conf", "etc/sysctl.d/60-collector.conf",
    "etc/logrotate.d/collector",
}  # fmt: skip

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def python(tmp_path):
    path = tmp_path / "python"
    path.write_text(PYTHON)
    path.chmod(0o755)
    return path


@pytest.fixture
def make(tmp_path, python):
    """``make("install", PREFIX="/usr")``: what it said; the files are in ``tmp_path/dest``."""

    def call(target, code=0, **variables):
        variables = {"DESTDIR": str(tmp_path / "dest"), "PYTHON": str(python), **variables}
        done = subprocess.run(
            ["make", "--no-print-directory", target, *(f"{name}={value}" for name, value in variables.items())],
            cwd=ROOT, capture_output=True, text=True, check=False, umask=0o077,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stderr

    return call


@pytest.fixture
def installed(tmp_path):
    def found(folder="."):
        root = tmp_path / "dest"
        return {str(path.relative_to(root)) for path in (root / folder).rglob("*") if not path.is_dir()}

    return found


def test_everything_has_its_place(make, installed, tmp_path):
    said = make("install")

    assert installed("etc") == UNITS | CONFIGURATION | SYSTEM
    assert os.readlink(tmp_path / "dest/usr/local/bin/collector") == "/usr/local/lib/collector/bin/collector"
    assert "installed the program in /usr/local/lib/collector" in said


def test_nothing_that_is_installed_names_the_folder_it_was_built_in(make, tmp_path):
    make("install")
    files = [path for path in (tmp_path / "dest").rglob("*") if path.is_file() and path.name != "python"]

    assert [path for path in files if str(tmp_path / "dest") in path.read_text()] == []


def test_everybody_can_read_it_whatever_the_umask(make, tmp_path):
    make("install")

    files = [path for path in (tmp_path / "dest").rglob("*") if not path.is_symlink()]
    closed = [path for path in files if path.stat().st_mode & 0o444 != 0o444]
    assert closed == []


def test_a_package_leaves_etc_to_the_administrator(make, installed, tmp_path):
    make("install", PREFIX="/usr")

    assert installed("etc") == CONFIGURATION | {"etc/logrotate.d/collector"}
    assert {f"usr/lib/{name}" for name in (
        "systemd/system/collector.service", "systemd/system/collector.socket", "sysusers.d/collector.conf",
        "tmpfiles.d/collector.conf", "sysctl.d/60-collector.conf",
    )} <= installed("usr/lib")  # fmt: skip
    unit = (tmp_path / "dest/usr/lib/systemd/system/collector.service").read_text()
    assert set(re.findall(r"^Exec\w+=(\S+)", unit, re.MULTILINE)) == {"/usr/bin/collector"}


def test_an_edited_configuration_is_kept_and_an_old_unit_is_not(make, tmp_path):
    make("install")
    config, unit = (tmp_path / "dest" / name for name in ("etc/collector/collector.yaml", min(UNITS)))
    config.write_text("sources: []\n")
    unit.write_text("[Service]\n")
    said = make("install")

    assert config.read_text() == "sources: []\n"
    assert "kept /etc/collector/collector.yaml as it is" in said
    assert "kept /etc/collector/routing.conf" not in said
    assert "ExecStart=" in unit.read_text()


def test_uninstalling_leaves_the_configuration_and_the_logs(make, installed, tmp_path):
    make("install")
    logs = tmp_path / "dest/var/log"
    (logs / "collector").mkdir(parents=True)
    for name in ("windows", "collector/messages"):
        (logs / name).write_text("a line\n")
    said = make("uninstall")

    assert installed() == CONFIGURATION | {"var/log/windows", "var/log/collector/messages"}
    assert "Left as they are: the logs, /etc/collector" in said


def test_uninstalling_what_is_not_installed_is_fine(make, installed):
    make("uninstall")

    assert installed() == set()


def test_pip_that_finds_nothing_is_told_with_its_cure(make, tmp_path):
    (tmp_path / "dest/usr/local/lib/collector/bin/fail").mkdir(parents=True)

    said = make("install", code=2)
    assert "error: pip could not get what the program needs" in said
    assert "hint: it needs the network" in said


def test_a_python_that_the_service_cannot_see_is_refused(make, monkeypatch):
    monkeypatch.setenv("PYTHON_IS_IN", "/home/ann/.pyenv")

    said = make("install", code=2)
    assert "is in /home/ann/.pyenv, which the service cannot see" in said
    assert "PYTHON=/usr/bin/python3" in said


def test_a_python_that_is_not_there_is_told(make):
    assert "Python 3.11 or later is needed" in make("install", code=2, PYTHON="no-such-python")


def test_only_root_can_install_into_the_system(tmp_path, python):
    prefix = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv of util-linux is not installed")
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    for target in ("install", "uninstall"):
        done = subprocess.run(
            [*prefix, ROOT / "deploy/install.sh", target], capture_output=True, text=True, check=False, cwd="/"
        )

        assert done.returncode == 1
        assert f"error: only root can {target}" in done.stderr
        assert f"sudo make {target}" in done.stderr


@pytest.mark.parametrize("folder", ["with blanks", "a|b", "a.*[x]", "dest/"])
def test_the_folder_of_a_package_may_have_any_name(make, tmp_path, folder):
    root = f"{tmp_path}/{folder}"
    make("install", DESTDIR=root)
    own = Path(root) / "usr/local/lib/collector"

    assert os.readlink(f"{root}/usr/local/bin/collector") == "/usr/local/lib/collector/bin/collector"
    assert (own / "bin/collector").read_text().startswith("#!/usr/local/lib/collector/bin/python\n")
    assert "/usr/local/lib/collector" in (own / "pyvenv.cfg").read_text()
    make("uninstall", DESTDIR=root)
    assert not own.exists()


@pytest.mark.parametrize("prefix", ["opt", "/opt/my apps", "/opt/a|b", "/opt/a;b"])
def test_a_prefix_that_a_unit_cannot_name_is_refused(make, installed, prefix):
    said = make("install", code=2, PREFIX=prefix)
    assert "error: PREFIX is" in said
    assert installed() == set()
