import pytest

from collector.protocol.columns import COLUMNS
from collector.sinks.old_files import Reach, old_files
from collector.sinks.paths import PathTemplate

STAMP = "-20261122T101500"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * len(name))


def found(path, folder):
    return sorted(file.path.removeprefix(f"{folder}/") for file, _ in old_files(str(path)))


def test_only_files_of_this_path_with_the_name_of_a_rotated_one_are_found(folder):
    ours = [f"windows{STAMP}", f"windows{STAMP}.gz", "windows-20251122T101500.zst", f"windows{STAMP}.gz.part"]
    put(folder, *ours)
    put(folder, "windows", "windows.1", "windows.2.gz", "windows-20261122", f"windows2{STAMP}", f"windows{STAMP}.bak",
        f"windows{STAMP}{STAMP}", f"a/windows{STAMP}")  # fmt: skip
    (folder / f"windows{STAMP[:-1]}1").mkdir()
    (folder / f"windows{STAMP[:-1]}2").symlink_to(folder / "windows")

    assert found(folder / "windows", folder) == sorted(ours)


def test_sizes_come_with_them(folder):
    put(folder, f"a{STAMP}")

    assert [size for _, size in old_files(f"{folder}/a")] == [len(f"a{STAMP}")]


def test_where_a_path_is_a_link_they_are_beside_what_it_leads_to(folder, tmp_path):
    put(tmp_path, f"elsewhere/real{STAMP}")
    (folder / "windows").symlink_to(tmp_path / "elsewhere/real")

    assert found(folder / "windows", tmp_path) == [f"elsewhere/real{STAMP}"]


def test_of_a_path_with_fields_they_are_found_wherever_it_can_have_led(folder):
    ours = [f"web/2026-11-21.log{STAMP}.gz", f"db/2026.log{STAMP}", f"gate/.log{STAMP}"]
    put(folder, *ours)
    put(folder, f"a.log{STAMP}", f"web/x.txt{STAMP}", f"web/in/x.log{STAMP}", "web/2026-11-22.log")
    (folder / "link").symlink_to(folder / "web")

    assert found(folder / "{{ hostname }}/{{ timestamp | date('%Y-%m') }}.log", folder) == sorted(ours)


def test_a_date_may_be_folders(folder):
    ours = [f"web/2026/07.log{STAMP}.gz", f"db/2026/08.log{STAMP}"]
    put(folder, *ours)
    put(folder, f"web/2026.log{STAMP}", f"web/2026/07/in.log{STAMP}")

    assert found(folder / "{{ hostname }}/{{ timestamp | date('%Y/%m') }}.log", folder) == sorted(ours)


@pytest.mark.parametrize(
    "rest", ["{{ hostname }}_{{ app_name }}.log", "{{ hostname }}/" + "x" * 100 + "{{ app_name }}.log"]
)
def test_a_sender_with_long_names_does_not_make_files_that_are_never_found_again(folder, rest):
    template = PathTemplate(f"{folder}/{rest}", allowed=COLUMNS)
    path = template.path_for({"hostname": "h" * 300, "app_name": "é" * 300})
    put(folder, path.removeprefix(f"{folder}/") + STAMP)

    assert [file.base for file, _ in old_files(template.text)] == [path]
    assert Reach(template.text).leads_to(path)


def test_text_of_the_path_is_no_pattern(folder):
    put(folder, f"a+b.{STAMP}", f"aab.{STAMP}", f"[x]c{STAMP}", f"xc{STAMP}")

    assert found(folder / "{{ hostname }}+b.", folder) == [f"a+b.{STAMP}"]
    assert found(folder / "[x]{{ hostname }}", folder) == [f"[x]c{STAMP}"]


def test_a_part_of_the_path_that_is_there_under_conditions_may_be_missing(folder):
    put(folder, f"web{STAMP}", f"web.crit{STAMP}")
    path = folder / "web{% if severity == 'crit' %}.crit{% endif %}"

    assert found(path, folder) == [f"web.crit{STAMP}"]
    assert found(folder / "{{ hostname }}{{ app_name }}", folder) == [f"web{STAMP}", f"web.crit{STAMP}"]


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert found(tmp_path / "none/windows", tmp_path) == []
    assert found(tmp_path / "none/{{ hostname }}", tmp_path) == []
