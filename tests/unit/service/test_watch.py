import json
import math
import os
import signal
import socket

import pytest
from nest_rig import Rig

from collector.service import watch
from collector.service.stamp import stamp
from collector.service.watch import ConfigurationWatch, places


class Bench:
    def __init__(self):
        self.rig = Rig()
        self.changes = 0
        self.watch = ConfigurationWatch(self._changed, self.rig.nest)
        self.rig.looked_after += [self.watch.companion, self.watch]
        self.watch.companion.start()

    def _changed(self):
        self.changes += 1

    def reads(self, *paths):
        return {str(path): stamp(str(path)) for path in paths}

    def hears(self, number=1):
        self.rig.until(lambda: self.changes >= number)

    def watches(self, *paths):
        """Watch them, and wait until it is so: that something else differs is told when all folders are watched."""
        differs = str(paths[0]) + "/differs"
        self.watch.change({**self.reads(*paths), differs: [0, 0, 0]})
        self.rig.until(lambda: self.watch.due < math.inf)
        self.watch.due = self.watch._first = math.inf


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.setattr(watch, "_SETTLED", 0.05)
    monkeypatch.setattr(watch, "_UNSETTLED", 0.3)
    one = Bench()
    yield one
    one.watch.companion.stop()
    one.rig.selector.close()


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "etc" / "collector.yaml"
    path.parent.mkdir()
    path.write_text("old")
    return path


def written_over(path):
    path.write_text("new")


def as_vim_does(path):
    path.rename(path.with_name("collector.yaml~"))
    path.write_text("new")


def renamed_over(path):
    new = path.with_name(".new")
    new.write_text("new")
    new.rename(path)


def deleted(path):
    path.unlink()


def given_other_rights(path):
    path.chmod(0o600)


@pytest.mark.parametrize("change", [written_over, as_vim_does, renamed_over, deleted, given_other_rights])
def test_whatever_way_a_file_is_changed_it_is_noticed(bench, config, change):
    bench.watches(config)
    change(config)

    bench.hears()


@pytest.mark.parametrize("change", [written_over, renamed_over, deleted])
def test_a_change_before_the_watch_began_is_noticed(bench, config, change):
    read = bench.reads(config)
    change(config)
    bench.watch.change(read)

    bench.hears()


def test_a_change_while_the_watcher_was_dead_is_noticed(bench, config):
    bench.watches(config)
    os.kill(bench.watch.companion.pid, signal.SIGKILL)
    bench.rig.until(lambda: not bench.watch.companion.pid)
    config.write_text("new")

    bench.hears()
    assert "The configuration watcher was killed by SIGKILL. It is started again in 0.5 s." in bench.rig.log


def test_a_file_that_comes_to_be_is_noticed_and_so_is_its_folder(bench, tmp_path):
    bench.watches(tmp_path / "syslog.d" / "more.conf")
    (tmp_path / "syslog.d").mkdir()

    bench.hears()


def test_a_new_file_in_a_folder_is_noticed(bench, tmp_path):
    folder = tmp_path / "syslog.d"
    folder.mkdir()
    bench.watches(folder)
    (folder / "10-more.conf").write_text("*.* /x")

    bench.hears()


@pytest.mark.parametrize("name", [".10-more.conf.swp", "10-more.conf~", "4913.tmp", "x.dpkg-new"])
def test_what_is_no_part_of_the_configuration_is_not_told(bench, tmp_path, name):
    folder = tmp_path / "syslog.d"
    folder.mkdir()
    bench.watches(folder)
    (folder / name).write_text("x")
    (folder / "last.conf").write_text("x")
    bench.hears()

    assert bench.changes == 1


def test_a_link_that_is_switched_is_noticed(bench, tmp_path):
    """As Kubernetes mounts a ConfigMap: collector.yaml → ..data/collector.yaml, ..data → ..1, which becomes ..2."""
    for version in ("..1", "..2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "collector.yaml").write_text("same")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "collector.yaml").symlink_to("..data/collector.yaml")
    bench.watches(tmp_path / "collector.yaml")
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")

    bench.hears()


def test_a_folder_that_was_replaced_is_watched_again_when_it_is_told_again(bench, config):
    bench.watches(config)
    config.parent.rename(config.parent.with_name("away"))
    config.parent.mkdir()
    config.write_text("new")
    bench.watches(config)
    config.write_text("newer")

    bench.hears()


def test_several_changes_at_once_are_one(bench, config):
    bench.watches(config)
    for text in "abcdef":
        config.write_text(text)
    bench.hears()

    assert bench.changes == 1
    assert bench.watch.due == math.inf


def test_a_file_that_changes_all_the_time_is_read_all_the_same(bench, config):
    bench.watches(config)

    def changes():
        config.write_text("again")
        return bench.changes

    bench.rig.until(changes)


def test_what_a_full_link_does_not_take_is_not_waited_with():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for _ in range(10_000):
            watch._say(theirs, changed="/etc/collector.yaml")

        assert json.loads(ours.recv(100)) == {"changed": "/etc/collector.yaml"}


def test_two_thousand_files_are_watched(bench, config):
    files = [f"{config.parent}/{'x' * 40}{number}" for number in range(1500)]
    bench.watches(config, *files)
    config.write_text("new")

    bench.hears()


def test_more_than_can_be_told_is_said(bench):
    bench.watch.change({f"/{'x' * 200}{number}": [] for number in range(5000)})

    assert "its 5,000 files are too many" in bench.rig.log


def test_what_cannot_be_watched_is_told_with_the_cure(bench):
    bench.watch._hear(json.loads('{"unwatched": "/etc", "why": "inotify watch limit reached"}'))

    assert "Changes in /etc are not noticed: inotify watch limit reached; reload with SIGHUP" in bench.rig.log
    assert bench.watch.due == math.inf


def test_each_link_on_the_way_is_a_place(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to(tmp_path / "real")
    (tmp_path / "name").symlink_to("one/../one/file")
    base = os.path.realpath(tmp_path)

    assert {*places(f"{base}/name")} == {f"{base}/{name}" for name in ("name", "one", "two", "real/file")}


def test_links_in_a_circle_come_to_an_end(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")

    assert {f"{tmp_path}/one", f"{tmp_path}/two"} <= {*places(f"{tmp_path}/one")}
