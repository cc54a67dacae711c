"""What is shipped for systemd is what systemd reads, and does what it is there for."""

import configparser
import os
import pwd
import re
import shutil
import subprocess

import pytest
from service_under_test import ROOT

from collector.config.network import Address
from collector.service.plan import build_plan_from_text

DEPLOY = ROOT / "deploy"
DROP_INS = sorted((DEPLOY / "drop-ins").glob("*.conf"))
OF_SERVICE = {"no-capability.conf", "terminals.conf", "journal.conf"}

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def needs(*programs):
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


def as_root(test):
    return pytest.mark.root(pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users")(test))


@pytest.fixture
def units(tmp_path):
    """A copy in which the program is one that is there."""
    for name in ("collector.service", "collector.socket"):
        text = (DEPLOY / name).read_text().replace("/usr/local/bin/collector", "/bin/true")
        (tmp_path / name).write_text(text.replace("man:syslog.conf(5)", "man:man(1)"))
    return tmp_path


def add(units, drop_in):
    unit = "collector.service" if drop_in.name in OF_SERVICE else "syslog.socket"
    (units / f"{unit}.d").mkdir()
    shutil.copy(drop_in, units / f"{unit}.d")
    return unit


def complaints(folder, *names):
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(folder / name for name in names)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line for line in done.stderr.splitlines() if re.search(r"collector|syslog\.socket|drop-in", line)]


@needs_analyze
def test_systemd_reads_the_units_without_complaint(units):
    assert complaints(units, "collector.service", "collector.socket") == []


@needs_analyze
@pytest.mark.parametrize("drop_in", DROP_INS, ids=lambda path: path.name)
def test_systemd_reads_the_drop_ins_without_complaint(units, drop_in):
    if drop_in.name == "journald.conf":
        pytest.skip("it is for journald, which has no way to check it")
    unit = add(units, drop_in)

    assert complaints(units, unit) == []


@needs_analyze
@pytest.mark.parametrize(("drop_in", "tenths"), [(None, 16), ("no-capability.conf", 15), ("journal.conf", 16)])
def test_the_service_stays_locked_down(units, drop_in, tenths):
    if drop_in:
        add(units, DEPLOY / "drop-ins" / drop_in)
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={tenths}", units / "collector.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Unknown" in done.stderr or "unrecognized" in done.stderr:
        pytest.skip("systemd-analyze is too old to judge a unit offline")

    assert done.returncode == 0, done.stdout[-300:]


def test_the_socket_unit_is_for_the_sources_of_the_shipped_configuration(tmp_path):
    text = (DEPLOY / "collector.yaml").read_text()
    plan, _ = build_plan_from_text(text.replace("/etc/collector/routing.conf", str(ROOT / "rules/routing.conf")), "x")
    unit = (DEPLOY / "collector.socket").read_text()
    kinds = {"Datagram": "udp", "Stream": "tcp"}
    listened = {(kinds[kind], where) for kind, where in re.findall(r"^Listen(\w+)=(\S+)", unit, re.MULTILINE)}

    sources = {(source.kind, str(getattr(source.options, source.kind))) for source in plan.sources}
    assert listened == sources
    assert str(Address("0.0.0.0", 514)) in {where for _, where in listened}


def test_its_buffer_is_that_of_the_sources_and_what_sysctl_allows():
    unit = (DEPLOY / "collector.socket").read_text()
    text = (DEPLOY / "sysctl.conf").read_text()

    assert "\nReceiveBuffer=32M\n" in unit
    assert re.search(r"^net\.core\.rmem_max = (\d+)$", text, re.MULTILINE)[1] == str(32 * 1024 * 1024)


def test_each_drop_in_is_one_section_and_says_how_it_is_installed():
    for path in DROP_INS:
        parser = configparser.ConfigParser(strict=False)
        parser.read(path)

        assert len(parser.sections()) == 1, path
        assert "Install: " in path.read_text()


@as_root
@needs("systemd-sysusers", "systemd-tmpfiles", "getfacl")
def test_the_user_is_made_and_may_write_where_it_has_to(tmp_path):
    for name in ("etc", "var/log", "var/lib"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/group").write_text("root:x:0:\nadm:x:4:\n")
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", DEPLOY / "sysusers.conf"], check=True)
    # An access list is read with the users of this machine, not with those below --root.
    tmpfiles = tmp_path / "tmpfiles.conf"
    tmpfiles.write_text((DEPLOY / "tmpfiles.conf").read_text().replace("u:collector:", "u:nobody:"))
    subprocess.run(["systemd-tmpfiles", f"--root={tmp_path}", "--create", tmpfiles], check=True)
    user = re.search(r"^collector:.*?:(\d+):(\d+):.*:(/[\w/]*)$", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)

    assert user[3] in {"/usr/sbin/nologin", "/sbin/nologin"}
    assert "adm:x:4:collector" in (tmp_path / "etc/group").read_text()
    for name in ("var/log/collector", "var/lib/collector"):
        status = (tmp_path / name).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (int(user[1]), 4, 0o750)
    acl = subprocess.run(
        ["getfacl", "--numeric", "--omit-header", tmp_path / "var/log"], capture_output=True, text=True, check=True
    )
    assert f"user:{pwd.getpwnam('nobody').pw_uid}:rwx" in acl.stdout
