import os

import pytest

from collector.config.document import MAX_SIZE
from collector.service.conf_files import ConfFiles


@pytest.fixture
def folder(tmp_path):
    for name in ("20.conf", "10.conf", ".hidden.conf", "a.txt", "b.conf~", "c.conf.bak", "d.conf.rpmsave", "#e.conf#"):
        (tmp_path / name).write_text(f"*.* /{name}\n")
    (tmp_path / "sub.conf").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "dialect", "names"),
    [
        ("", "bsd", ["10.conf", "20.conf"]),
        ("/", "bsd", ["10.conf", "20.conf"]),
        ("/", "rsyslog", ["10.conf", "20.conf", "a.txt"]),
        ("/*.conf", "bsd", ["10.conf", "20.conf"]),
        ("/*", "rsyslog", ["10.conf", "20.conf", "a.txt"]),
        ("/?0.conf", "rsyslog", ["10.conf", "20.conf"]),
        ("/[2]0.conf", "rsyslog", ["20.conf"]),
        ("/a.txt", "bsd", ["a.txt"]),
        ("/b.conf~", "rsyslog", ["b.conf~"]),
        ("/nothing", "bsd", []),
        ("/*.nothing", "rsyslog", []),
    ],
)
def test_an_include_names_files_in_the_order_of_their_names(folder, pattern, dialect, names):
    files = ConfFiles().named(f"{folder}{pattern}", dialect)
    assert [os.path.basename(file.path) for file in files] == names
    assert [file.text for file in files] == [f"*.* /{name}\n" for name in names]


def test_what_was_looked_at_is_remembered(folder):
    files = ConfFiles()
    files.named(f"{folder}/1*.conf", "bsd")
    files.named(f"{folder}/nothing", "bsd")
    files.one(f"{folder}/a.txt")
    assert list(files.places) == [
        f"{folder}/1*.conf",
        str(folder),
        f"{folder}/10.conf",
        f"{folder}/nothing",
        f"{folder}/a.txt",
    ]
    assert files.texts == ["*.* /10.conf\n", "*.* /a.txt\n"]


def test_a_comment_need_not_be_utf_8(tmp_path):
    (tmp_path / "old").write_bytes(
        "# Größe\n*.* /x  # ログ\n".encode("latin-1", "replace") + "# 日本語\n".encode("cp932")
    )
    file = ConfFiles().one(f"{tmp_path}/old")
    assert "*.* /x" in file.text
    [problem] = file.problems
    assert (problem.level, problem.id, problem.location.line) == ("warning", "encoding", 1)
    assert "it is in a comment" in problem.message


@pytest.mark.parametrize("text", ["*.* /Größe\n", "*.* /x#ö\n", "\ufeff".encode("utf-16")])
def test_a_line_that_is_not_utf_8_is_one_problem(tmp_path, text):
    (tmp_path / "old").write_bytes(text if isinstance(text, bytes) else text.encode("latin-1"))
    file = ConfFiles().one(f"{tmp_path}/old")
    assert file.text is None
    [problem] = file.problems
    assert (problem.level, problem.id) == ("error", "encoding")
    assert problem.hint


@pytest.mark.parametrize("dialect", ["bsd", "rsyslog"])
def test_a_folder_without_files_is_there_and_says_nothing(tmp_path, dialect):
    [file] = ConfFiles().named(str(tmp_path), dialect)
    assert (file.text, file.problems) == ("", ())


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    file = ConfFiles().one(f"{tmp_path}/fifo")
    assert (file.text, [problem.id for problem in file.problems]) == (None, ["unreadable"])


def test_a_file_that_is_too_large_is_one_problem(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_SIZE + 1)
    file = ConfFiles().one(f"{tmp_path}/huge")
    assert (file.text, [problem.id for problem in file.problems]) == (None, ["too-large"])


def test_a_link_that_leads_nowhere_is_told(tmp_path):
    (tmp_path / "x.conf").symlink_to("nowhere")
    [file] = ConfFiles().named(str(tmp_path), "bsd")
    assert (file.text, [problem.message for problem in file.problems]) == (None, ["no such file"])
