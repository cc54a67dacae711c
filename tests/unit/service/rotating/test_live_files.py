import os
from datetime import UTC, datetime, timedelta

import pytest

from collector.service.rotating import live_files
from collector.service.rotating.birth import birth
from collector.service.rotating.live_files import LiveFiles
from collector.sinks.file import FileOptions

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
HOUR = 3600.0


class Files:
    """Live files in a folder whose file system knows the births it is told."""

    def __init__(self, folder):
        self.folder = folder
        self.births = {}
        self.live = LiveFiles(UTC, lambda path: self.births.get(os.path.basename(path).decode()))

    def use(self, now=MIDNIGHT - HOUR, **rotate):
        """The path ``a``, and ``*/x`` for hosts."""
        paths = [f"{self.folder}/{name}" for name in ("a", "{{ hostname }}/x")]
        self.live.change([FileOptions(file=path, rotate=rotate) for path in paths], now)

    def write(self, name="a", size=10, born=None, modified=None):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            file.write(bytes(size))
        if born is not None:
            self.births[path.name] = born
        if modified is not None:
            os.utime(path, (modified, modified))

    def opened(self, *names):
        self.live.opened(f"{self.folder}/{{{{ hostname }}}}/x", [f"{self.folder}/{name}" for name in names])

    def due(self, now=MIDNIGHT - HOUR, monotonic=0.0):
        return [os.path.relpath(live.real, self.folder) for live in self.live.look(now, monotonic)]


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def test_a_file_is_due_at_its_size(files):
    files.use(size=5000)
    files.write(size=4999)
    assert files.due() == []
    files.write(size=1)
    assert files.due() == ["a"]


def test_a_file_that_is_not_there_is_never_due(files):
    files.use(size=5000, every="day")

    assert files.due() == files.due(MIDNIGHT) == []


@pytest.mark.parametrize("born", [MIDNIGHT - HOUR, None])
def test_a_file_is_due_when_the_day_in_which_it_began_is_over(files, born):
    files.use(every="day")
    files.write(born=born, modified=MIDNIGHT - HOUR)

    assert files.due(MIDNIGHT - 0.1) == []
    assert files.due(MIDNIGHT) == ["a"]


def test_a_service_that_was_down_at_midnight_rotates_at_its_start(files):
    files.write(born=MIDNIGHT - HOUR)
    files.use(MIDNIGHT + HOUR, every="day")

    assert files.due(MIDNIGHT + HOUR) == ["a"]


def test_where_births_are_unknown_the_last_change_before_the_start_counts(files):
    files.write(modified=MIDNIGHT - HOUR)
    files.use(MIDNIGHT + HOUR, every="day")
    files.write(modified=MIDNIGHT + HOUR)

    assert files.due(MIDNIGHT + HOUR) == ["a"]


def test_a_file_of_this_day_is_not_due(files):
    files.write(born=MIDNIGHT + 1)
    files.use(MIDNIGHT + HOUR, every="day")

    assert files.due(MIDNIGHT + HOUR) == []
    assert files.due(MIDNIGHT + 24 * HOUR - 1) == []


def test_an_empty_file_is_not_due_and_begins_with_its_first_line(files):
    files.write(size=0, born=MIDNIGHT - HOUR)
    files.use(every="day")
    assert files.due(MIDNIGHT + HOUR) == []
    files.write(size=1)
    assert files.due(MIDNIGHT + 2 * HOUR) == []
    assert files.due(MIDNIGHT + 24 * HOUR) == ["a"]


def test_a_file_that_was_emptied_begins_anew(files):
    """As ``copytruncate`` of logrotate does it."""
    files.use(every="day")
    files.write(size=100, born=MIDNIGHT - HOUR)
    assert files.due(MIDNIGHT - 1) == []
    os.truncate(files.folder / "a", 0)
    files.write(size=50)

    assert files.due(MIDNIGHT - 0.5) == []
    assert files.due(MIDNIGHT + 1) == ["a"]
    os.truncate(files.folder / "a", 40)
    assert files.due(MIDNIGHT + 2) == []


def test_what_was_rotated_begins_after_that_however_slow_the_clock_of_the_file_system(files):
    files.use(every="day")
    files.write(born=MIDNIGHT - HOUR)
    (live,) = files.live.look(MIDNIGHT, 0.0)
    (files.folder / "a").rename(files.folder / "old")
    live.rotated = MIDNIGHT + 0.001
    files.write(born=MIDNIGHT - 0.003)

    assert files.due(MIDNIGHT + 1) == []


def test_a_clock_that_was_wrong_does_not_put_off_rotation_for_years(files):
    files.use(MIDNIGHT + 10 * 365 * 24 * HOUR, every="day")
    files.write(born=MIDNIGHT + 10 * 365 * 24 * HOUR)

    assert files.due(MIDNIGHT - HOUR) == []
    assert files.due(MIDNIGHT) == ["a"]


def test_whichever_comes_first_counts(files):
    files.use(every="day", size=5000)
    files.write(born=MIDNIGHT - HOUR, size=10)
    assert files.due(MIDNIGHT - 1) == []
    assert files.due(MIDNIGHT) == ["a"]


def test_files_of_a_path_with_fields_are_known_when_a_worker_opens_them(files):
    files.use(size=5000)
    files.write("web/x", size=5000)
    files.write("foreign/x", size=5000)
    assert files.due() == []
    files.opened("web/x")
    assert files.due() == ["web/x"]


def test_links_are_followed_only_where_the_configuration_names_them(files):
    files.use(size=5000)
    files.write("real/data", size=5000)
    (files.folder / "a").symlink_to(files.folder / "real/data")
    (files.folder / "web").mkdir()
    (files.folder / "web/x").symlink_to(files.folder / "real/data")
    files.opened("web/x")

    assert files.due() == ["real/data"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_left_alone(files, make):
    make(files.folder / "a")
    files.use(size=4096, every="hour")

    assert files.due(MIDNIGHT) == []


def test_who_could_not_be_rotated_rests(files):
    files.use(size=5000)
    files.write(size=5000)
    (live,) = files.live.look(MIDNIGHT, 100.0)
    live.rest_until = 160.0

    assert files.due(monotonic=159.0) == []
    assert files.due(monotonic=160.0) == ["a"]


def test_new_options_are_used_and_what_is_known_of_the_files_stays(files):
    files.use(size=5000)
    files.write("web/x", size=6000, born=MIDNIGHT - HOUR)
    files.opened("web/x")
    files.use(every="day")
    assert files.due(MIDNIGHT - 1) == []
    assert files.due(MIDNIGHT) == ["web/x"]

    files.live.change([FileOptions(file=f"{files.folder}/a")], MIDNIGHT)
    assert files.due(MIDNIGHT) == []
    assert len(files.live) == 0
    files.opened("web/x")
    assert files.due(MIDNIGHT) == []


def test_a_file_of_a_path_with_fields_that_is_gone_is_forgotten_some_hours_after_it_was_rotated(files):
    files.use(size=5000)
    files.opened("web/x", "db/x")
    files.live._live[f"{files.folder}/web/x"].rotated = MIDNIGHT - HOUR

    assert len(files.live) == 3
    assert files.due(MIDNIGHT) == []
    assert len(files.live) == 2
    assert files.due(MIDNIGHT + 3 * HOUR) == []
    assert len(files.live) == 1


def test_so_many_files_are_looked_at_that_it_takes_a_moment_and_all_have_their_turn(files):
    files.use(size=5000)
    files.opened(*(f"{number}/x" for number in range(3000)))
    for number in range(3000):
        files.live._live[f"{files.folder}/{number}/x"].rotated = MIDNIGHT
    files.write("2999/x", size=5000)
    turns = 0
    while files.due(MIDNIGHT) != ["2999/x"]:
        turns += 1
        assert turns < 1000
    assert turns >= 5


def test_of_very_many_files_the_idle_ones_are_forgotten(files, monkeypatch):
    monkeypatch.setattr(live_files, "_MOST", 40)
    files.use(size=5000)
    for number in range(39):
        files.write(f"{number}/x", modified=MIDNIGHT - (number + 1) * HOUR)
        files.opened(f"{number}/x")
    files.due(MIDNIGHT)
    files.opened("new/x")
    known = {os.path.relpath(path, files.folder) for path in files.live._live}

    assert known == {"a", "new/x", *(f"{number}/x" for number in range(29))}


def test_the_birth_of_a_file_is_when_it_was_made(tmp_path):
    before = datetime.now(UTC) - timedelta(seconds=1)
    path = tmp_path / "a"
    path.write_text("x")
    found = birth(os.fsencode(path))
    if found is None:
        pytest.skip("this file system does not know when a file was made")
    os.utime(path, (0, 0))

    assert before.timestamp() <= found <= datetime.now(UTC).timestamp()
    assert birth(os.fsencode(path)) == found


def test_the_birth_of_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        birth(os.fsencode(tmp_path / "none"))
