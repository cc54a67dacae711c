"""
On a host with systemd: `make install`, the unit, its sandbox, reload, socket activation, the journal, `make uninstall`.

The host is made for the test: systemd-nspawn boots the files of this machine, with a layer above that takes all that is
written, and without its network.
"""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from open_python import open_python
from service_under_test import ROOT

SCRIPT = ROOT / "tests/deploy/on_a_host.sh"

# Stands for Python with a virtual environment, and fetches nothing.
PYTHON = """#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" "$3/lib" && cp "$0" "$3/bin/python" ;;
  "-m pip install "*)
    printf '#!/bin/sh\\nPYTHONPATH=/source:/packages exec {python} -m collector "$@"\\n' >"$(dirname "$0")/collector"
    chmod 755 "$(dirname "$0")/collector" ;;
  "-m compileall "*) ;;
  *) exec {python} "$@" ;;
esac
"""

UNIT = """
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/bin/bash /script >/said 2>&1'
ExecStopPost=/usr/bin/systemctl --no-block poweroff
"""

BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs none {folder}/layer
mkdir {folder}/layer/files {folder}/layer/work
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/layer/files,workdir={folder}/layer/work {folder}/root
cd {folder}/root
rm -rf var/log/windows var/log/collector etc/collector etc/systemd/system/*.wants etc/systemd/system/syslog.service
touch said script python
mkdir source packages
cp {folder}/test.service etc/systemd/system/
mkdir etc/systemd/system/multi-user.target.wants
ln -s ../test.service etc/systemd/system/multi-user.target.wants/
exec systemd-nspawn --quiet --directory={folder}/root --register=no --keep-unit --private-network --boot \\
  --bind={folder}/said:/said --bind-ro={script}:/script --bind-ro={folder}/python:/python \\
  --bind-ro={source}:/source --bind-ro={packages}:/packages
"""

TOOLS = ("systemd-nspawn", "unshare", "mount", "make", "logger", "setpriv", "setfacl", "ip", "useradd")

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot a host"),
    pytest.mark.skipif(not Path("/usr/lib/systemd/systemd").exists(), reason="systemd is not installed"),
]


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """What each step of the script said, as lines."""
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    python = open_python()
    if python is None:
        pytest.skip("a user without rights cannot read this Python")
    folder = tmp_path_factory.mktemp("host")
    for name in ("layer", "root"):
        (folder / name).mkdir()
    (folder / "said").touch()
    (folder / "test.service").write_text(UNIT)
    (folder / "python").write_text(PYTHON.format(python=python[0]))
    (folder / "python").chmod(0o755)
    boot = BOOT.format(folder=folder, script=SCRIPT, source=ROOT, packages=sysconfig.get_path("purelib"))
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", boot],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False,
    )  # fmt: skip
    said = (folder / "said").read_text()
    if not said:
        pytest.skip(f"no host can be booted here: {done.stdout.decode(errors='replace')[-300:]}")
    assert "\n== end\n" in said, said
    found = re.findall(r"^== (\S+)\n(.*?)(?=^== |\Z)", said, re.MULTILINE | re.DOTALL)
    return {name: body.splitlines() for name, body in found}


def test_after_make_install_the_service_runs_and_starts_with_the_host(steps):
    assert steps["install"][-3:] == ["exit 0", "active", "enabled"]
    assert "the service runs as user collector, group adm" in steps["install"]


def test_it_writes_what_windows_machines_send_to_var_log(steps):
    assert steps["write"] == ["collector adm 640", "app: from a windows machine"]


def test_a_member_of_adm_reads_files_and_journal_and_asks_for_status(steps):
    status, line, count = steps["ann"]

    assert re.match(r"collector \S+, running, pid ", status)
    assert line == "app: from a windows machine"
    assert count == "1"


def test_others_do_not(steps):
    text = "\n".join(steps["bob"])

    assert "collector: error: no permission to use the control socket /run/collector/control.sock" in text
    assert "cat: /var/log/windows: Permission denied" in text


def test_a_reload_of_a_bad_configuration_fails_and_the_service_goes_on(steps):
    assert steps["reload"] == ["fine", "refused", "active"]


def test_it_runs_with_the_rights_of_the_unit(steps):
    rights = dict(line.rstrip(":").replace(":\t", "\t").split("\t") for line in steps["rights"])

    assert rights["Uid"] != "0"
    assert (rights["CapEff"], rights["NoNewPrivs"], rights["Seccomp"]) == ("0000000000000400", "1", "2")


def test_an_upgrade_restarts_it_and_keeps_the_configuration(steps):
    kept = [line.partition(" (")[0] for line in steps["upgrade"] if line.startswith("kept ")]

    assert kept == ["kept /etc/collector/collector.yaml as it is"]
    assert steps["upgrade"][-3:] == ["exit 0", "another process", "1"]


def test_an_upgrade_with_a_bad_configuration_leaves_the_service_alone(steps):
    assert "error: the configuration has problems, so the service is left as it is" in steps["bad-upgrade"]
    assert steps["bad-upgrade"][-2:] == ["exit 2", "the same process"]


def test_sockets_of_systemd_need_no_capability_and_lose_nothing_between_stop_and_start(steps):
    assert steps["socket"] == ["by udp", "by tcp", "kept", "still listening", "0000000000000000"]


def test_what_the_journal_passes_on_is_received_and_its_own_log_is_not(steps):
    assert steps["journal"] == ["by the journal", "0"]


def test_uninstalling_leaves_logs_configuration_and_user(steps):
    said, active, *rest = steps["uninstall"]

    assert said.startswith("removed the program and its units. Left as they are: the logs")
    assert active == "inactive"
    assert rest == [
        "/etc/collector/collector.yaml", "/var/log/collector", "/var/log/windows", "no command", "0",
        "collector:/var/lib/collector",
    ]  # fmt: skip


def test_nothing_has_failed_on_the_way(steps):
    assert steps["failed-units"] == []
