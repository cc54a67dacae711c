import grp
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from service_under_test import NOBODY, environment

from collector.errors import CollectorError
from collector.service import privileges
from collector.service.privileges import Identity, ask_as, identity, make_folders, to_become, user_called


def as_root(test):
    skip = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    return pytest.mark.root(skip(test))


SOMEBODY = Identity("somebody", NOBODY, NOBODY, (NOBODY,))


def run(program):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOW_PORT = 997

BECOME = f"""
import os, socket
from collector.service.privileges import Identity, become, renounce
become(Identity("somebody", {NOBODY}, {NOBODY}, ({NOBODY}, 7)))
"""

TELL = """
status = [line.split() for line in open("/proc/self/status") if ":" in line]
print(os.getresuid(), os.getresgid(), os.getgroups())
print([words[1] for words in status if words[0] in ("CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:")])
print([words[1] for words in status if words[0] == "NoNewPrivs:"])
try:
    os.setuid(0)
except PermissionError:
    print("stays")
"""

TRY_LOW_PORT = f"""
with socket.socket() as sock:
    sock.bind(("127.0.0.9", {LOW_PORT}))
    print("bound")
renounce()
with socket.socket() as sock:
    try:
        sock.bind(("127.0.0.9", {LOW_PORT}))
    except PermissionError:
        print("refused")
"""


@pytest.fixture
def root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def ordinary(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 1234)


def test_an_identity_has_all_groups_of_the_user():
    entry = pwd.getpwuid(os.getuid())
    found = identity(entry.pw_uid)

    assert (found.name, found.gid) == (entry.pw_name, entry.pw_gid)
    assert set(found.groups) == set(os.getgrouplist(entry.pw_name, entry.pw_gid))
    assert identity(entry.pw_uid, 4).gid == 4
    assert 4 in identity(entry.pw_uid, 4).groups


def test_without_a_setting_nobody_is_become(root):
    assert to_become(None, None) is None
    assert to_become(0, None) is None


def test_root_becomes_who_is_named(root):
    entry = pwd.getpwnam("nobody")

    assert to_become(entry.pw_uid, None) == identity(entry.pw_uid)
    assert to_become(entry.pw_uid, 4) == identity(entry.pw_uid, 4)


def test_a_group_alone_would_leave_root_its_rights(root):
    with pytest.raises(CollectorError, match="group is set and user is not"):
        to_become(None, 4)


def test_who_is_not_root_can_be_nobody_else_and_is_told_the_cure(ordinary):
    nobody = pwd.getpwnam("nobody").pw_uid
    group = grp.getgrgid(0).gr_name

    assert to_become(1234, 1234) is None
    with pytest.raises(CollectorError, match="only root can become the user nobody") as error:
        to_become(nobody, None)
    assert "User=nobody" in error.value.hint
    with pytest.raises(CollectorError, match=f"only root can become the group {group}"):
        to_become(1234, 0)


def test_a_user_that_is_not_there_is_an_error():
    with pytest.raises(CollectorError, match='"nosuchuser" is no user of this machine'):
        user_called("nosuchuser")


@as_root
def test_all_rights_but_the_one_for_low_ports_are_given_up_for_good():
    ids = f"({NOBODY}, {NOBODY}, {NOBODY})"
    low_ports = "0000000000000400"
    none = "0000000000000000"

    assert run(BECOME + TELL).splitlines() == [
        f"{ids} {ids} [7, {NOBODY}]", str([none, low_ports, low_ports, low_ports, none]), "['1']", "stays",
    ]  # fmt: skip


@as_root
def test_low_ports_can_be_used_until_that_is_renounced():
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= LOW_PORT:
        pytest.skip("every user may listen on every port here")

    assert run(BECOME + TRY_LOW_PORT) == "bound\nrefused\n"


@as_root
def test_missing_folders_are_made_for_the_user_and_others_left_alone(tmp_path):
    (tmp_path / "there").mkdir()
    make_folders([str(tmp_path / "new/state"), str(tmp_path / "there")], SOMEBODY)

    assert [(tmp_path / name).stat().st_uid for name in ("new", "new/state", "there")] == [NOBODY, NOBODY, 0]


@as_root
def test_a_question_is_answered_with_the_rights_of_the_user(tmp_path):
    (tmp_path / "file").touch()
    tmp_path.chmod(0o700)

    assert ask_as(SOMEBODY, lambda: os.access(tmp_path / "file", os.W_OK)) is False
    assert os.access(tmp_path / "file", os.W_OK)
    assert os.getresuid() == (0, 0, 0)


@as_root
def test_an_answer_that_does_not_come_is_an_error():
    with pytest.raises(CollectorError, match="cannot look at the files as the user somebody"):
        ask_as(SOMEBODY, lambda: os._exit(3))


def test_a_system_that_does_not_let_root_is_told(root, monkeypatch):
    def refuse(_groups):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setgroups", refuse)
    monkeypatch.setattr(privileges, "_call", lambda *_: None)
    with pytest.raises(CollectorError, match="cannot become the user somebody: Operation not permitted") as error:
        privileges.become(SOMEBODY)
    assert "CAP_SETUID" in error.value.hint
