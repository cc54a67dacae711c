import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from observing import until

from collector.errors import CollectorError
from collector.service.lock import StateLock

ROOT = Path(__file__).parents[3]

HOLDER = """
import os, sys
from collector.service.lock import StateLock
StateLock(sys.argv[1])
if sys.argv[2] == "forks" and os.fork():
    os._exit(0)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock on tmp_path; with "forks", its child does after it is gone."""
    running = []

    def hold(way):
        command = [sys.executable, "-c", HOLDER, str(tmp_path), way]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ))
        running[-1].stdout.readline()
        return running[-1]

    yield hold
    for process in running:
        with process:
            process.stdin.close()
            process.stdout.read()


def test_it_makes_the_folder_for_the_owner_and_its_group(tmp_path):
    StateLock(str(tmp_path / "a" / "state")).release()

    assert stat.S_IMODE((tmp_path / "a" / "state").stat().st_mode) == 0o750
    assert (tmp_path / "a" / "state" / "lock").read_text() == f"{os.getpid()}\n"


def test_a_second_one_is_refused_and_told_the_pid_of_the_first(tmp_path, holder):
    pid = holder("stays").pid

    with pytest.raises(CollectorError, match=re.escape(f"another collector (pid {pid}) is running")) as caught:
        StateLock(str(tmp_path))
    assert "state_dir" in caught.value.hint


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path, holder):
    process = holder("stays")
    process.send_signal(signal.SIGKILL)
    process.wait()

    StateLock(str(tmp_path)).release()


def test_workers_that_outlive_their_supervisor_keep_the_lock_and_are_named(tmp_path, holder):
    process = holder("forks")
    process.wait()

    with pytest.raises(CollectorError, match="workers of a collector that died") as caught:
        StateLock(str(tmp_path))
    assert caught.value.hint == "try again in a few seconds"


def test_a_supervisor_that_died_is_not_called_running_while_its_parent_has_not_noticed(tmp_path, holder):
    pid = holder("forks").pid
    until(lambda: b") Z " in Path("/proc", str(pid), "stat").read_bytes())

    with pytest.raises(CollectorError, match=re.escape(f"(pid {pid}) are still finishing")):
        StateLock(str(tmp_path))


def test_a_released_lock_can_be_taken_again(tmp_path):
    StateLock(str(tmp_path)).release()
    StateLock(str(tmp_path)).release()

    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CollectorError, match=r"cannot use the state folder .*/file/state: Not a directory"):
        StateLock(str(tmp_path / "file" / "state"))


def test_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")

    with pytest.raises(CollectorError, match="cannot use the state folder"):
        StateLock(str(tmp_path))
    assert (tmp_path / "precious").read_text() == "kept"
