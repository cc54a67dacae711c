import errno
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from collector.config.document import MAX_SIZE
from collector.config.load import load_settings

SMALL = "sources: [{udp: ':514'}]\nroutes: ['*.* /x']\n"

EVERYTHING = """
sources:
  - udp: 0.0.0.0:514
charset:
  fallback: [cp1252]
  hosts: {Atropos: euc-jp, 192.0.2.0/24: shift_jis}
timezone: {default: Asia/Tokyo, hosts: {192.0.2.0/24: UTC}}
routes:
  - local0.debug  /var/log/windows
templates: {short: "{{ message }}"}
state_dir: /var/lib/collector
control: /run/collector/control.sock
workers: 4
max_message: 8KiB
max_files: 10
max_paths: 20
"""


@pytest.fixture
def load_file(tmp_path):
    def load_file(content):
        path = tmp_path / "c.yaml"
        path.write_bytes(content)
        settings, problems = load_settings(path, source_kinds=["udp"], sink_kinds=["file"])
        return settings, [str(problem).replace(f"{path}:", "") for problem in problems]

    return load_file


def test_defaults(load):
    settings, problems = load(SMALL)

    assert problems == []
    assert (settings.charset.fallback, settings.charset.hosts) == (("cp932", "euc-jp"), {})
    assert (settings.timezone.default, settings.timezone.hosts) == (None, {})
    assert (settings.templates, settings.state_dir, settings.control, settings.workers) == ({}, None, None, "auto")
    assert (settings.max_message, settings.max_files, settings.max_paths) == (65536, 256, 10_000)


def test_every_setting(load):
    settings, problems = load(EVERYTHING)
    network = IPv4Network("192.0.2.0/24")

    assert problems == []
    assert settings.charset.fallback == ("cp1252",)
    assert settings.charset.hosts == {"atropos": "euc-jp", network: "cp932"}
    assert (str(settings.timezone.default), str(settings.timezone.hosts[network])) == ("Asia/Tokyo", "UTC")
    assert settings.templates == {"short": "{{ message }}"}
    assert (settings.state_dir, settings.control) == ("/var/lib/collector", "/run/collector/control.sock")
    assert (settings.workers, settings.max_message, settings.max_files, settings.max_paths) == (4, 8192, 10, 20)


def test_a_time_zone_alone_is_that_of_every_host(load):
    settings, _ = load(SMALL + "timezone: '+09:00'\n")

    assert str(settings.timezone.default) == "UTC+09:00"


def test_settings_know_their_document(load):
    settings, _ = load(SMALL)

    assert str(settings.document.location(("sources", 0, "udp"))) == "c.yaml:1:17"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("source: x", '3:1: error: unknown key "source" [unknown-key]\n    hint: did you mean "sources"?'),
        ("document: x", '3:1: error: unknown key "document" [unknown-key]'),
        ("charset: cp932", '3:10: error: "cp932" is not a mapping [bad-value]'),
        ("charset:\n  fallback: cp932", '4:13: error: "cp932" is not a list [bad-value]'),
        ("charset: {fallback: [cp932, cp9999]}", '3:29: error: "cp9999" is not a character set [bad-value]'),
        ("charset: {hosts: {192.0.2.1/24: cp932}}", '3:19: error: "192.0.2.1/24" is not an address or network'),
        ("charset: {hosts: {atropos: x}}", '3:28: error: "x" is not a character set [bad-value]'),
        ("charset: {hosts: {a: cp932, A: cp932}}", '3:29: error: "A" is the same as "a" [bad-value]'),
        ("timezone: Asia/Tokio", '3:11: error: "Asia/Tokio" is not a time zone [bad-value]'),
        ("timezone: 9", "3:11: error: 9 is not a mapping [bad-value]"),
        ("timezone: {defualt: UTC}", '3:12: error: unknown key "defualt" [unknown-key]'),
        ("templates: {a: 1}", "3:16: error: 1 is not text [bad-value]"),
        ("state_dir: ''", '3:12: error: "" is not a path [bad-value]'),
        ("control: " + "/x" * 60, "3:10: error:"),
        ("workers: 0", "3:10: error: 0 is too small [bad-value]\n    hint: at least 1"),
        ("workers: 65", "3:10: error: 65 is too large [bad-value]\n    hint: at most 64"),
        ("workers: true", '3:10: error: true is not "auto" or a whole number [bad-value]'),
        ("workers: many", '3:10: error: "many" is not "auto" or a whole number [bad-value]'),
        ("max_message: 479B", '3:14: error: "479B" is too small [bad-value]\n    hint: at least 480B'),
        ("max_message: 2MiB", '3:14: error: "2MiB" is too large [bad-value]\n    hint: at most 1MiB'),
        ("max_files: 0", "3:12: error: 0 is too small [bad-value]"),
        ("max_paths: '5'", '3:12: error: "5" is not a whole number [bad-value]'),
    ],
)
def test_each_bad_setting_is_told_at_its_place(load, text, problem):
    _, problems = load(f"{SMALL}{text}\n")

    assert [problem.level for problem in problems] == ["error"]
    assert str(problems[0]).startswith(f"c.yaml:{problem}")


def test_all_mistakes_of_a_file_are_told_in_one_go_in_its_order(told):
    text = (
        "sources:\n- upd: x\n- tcp: x\n  unix: y\n"
        "routes:\n- *.info /var/log/messages\n- !sshd\n- {select: a}\n"
        "charset: {fallbck: []}\nworkers: 0\nworkers: 1\n10: x\n<<: {}\n"
    )

    assert [line.removeprefix("c.yaml:").split(": error: ") for line in told(text)] == [
        ["2:3", 'unknown kind of source "upd" [unknown-kind]'],
        ["4:3", '"tcp" and "unix" in one source [two-kinds]'],
        ["6:3", "text that begins with * must be quoted [yaml-syntax]"],
        ["7:3", "text that begins with ! must be quoted [yaml-syntax]"],
        ["8:3", 'missing key "to" [missing-key]'],
        ["9:11", 'unknown key "fallbck" [unknown-key]'],
        ["10:10", "0 is too small [bad-value]"],
        ["11:1", 'the key "workers" appears twice [duplicate-key]'],
        ["12:1", "the key 10 is not text [key-type]"],
        ["13:1", "merge keys (<<) are not read [yaml-merge-key]"],
    ]


def test_the_good_part_of_a_bad_file_can_be_judged_further(load):
    settings, problems = load(
        "sources:\n- udp: ':514'\n- upd: x\n- tcp: *:514\n"
        "routes:\n- a.b /x\n- *.info /y\n- {select: *.*, to: /z}\n- {select: c, to: [/v, {file: !x}]}\n- 5\n"
        "workers: 0\nmax_files: 7\nroles: []\ntemplates: {good: text, bad: 5}\ncharset: {fallback: [x]}\n"
    )

    assert len([problem for problem in problems if problem.level == "error"]) == 10
    assert [spec.kind for spec in settings.sources] == ["udp"]
    assert [spec.text for spec in settings.routes] == ["a.b /x"]
    assert (settings.workers, settings.max_files, settings.charset.fallback) == ("auto", 7, ("cp932", "euc-jp"))
    assert settings.templates == {"good": "text", "bad": ""}


@pytest.mark.parametrize("text", ["a list", "- a\n- b\n", "5", "|\n  *.* /x\n"])
def test_a_file_that_is_no_mapping_is_told(told, text):
    (line,) = told(text)

    assert line.startswith("c.yaml:1:1: error: ")
    assert line.endswith(" is not a mapping [bad-value]")


def test_a_file_is_read(load_file):
    settings, problems = load_file(SMALL.encode())

    assert (settings.sources[0].kind, problems) == ("udp", [])


def test_windows_line_ends_change_nothing(load_file):
    settings, problems = load_file(EVERYTHING.replace("\n", "\r\n").encode())

    assert problems == []
    assert settings.routes[0].location.line == 9


def test_a_byte_order_mark_is_a_warning(load_file):
    settings, (problem,) = load_file(b"\xef\xbb\xbf" + SMALL.encode())

    assert settings is not None
    assert problem.startswith("1:1: warning: the file begins with a byte order mark [encoding]")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("# 着信\na: é".encode("cp932", "replace"), "1:3: error: the byte 0x92 is not UTF-8 [encoding]"),
        ("# 着信\na: 着".encode()[:-1], "2:4: error: the byte 0xE7 is not UTF-8 [encoding]"),
        (b"a: b\n\xff", "2:1: error: the byte 0xFF is not UTF-8 [encoding]"),
        (SMALL.encode("utf-16"), "1:1: error: the file is UTF-16 [encoding]"),
        (SMALL.encode("utf-16-be"), "1:1: error: the character U+0000 cannot stand in a configuration file [encoding]"),
        (b"a: \0", "1:4: error: the character U+0000 cannot stand in a configuration file [encoding]"),
        (b"", "1:1: error: the file is empty [empty]"),
        (b"#" * (MAX_SIZE + 1), "1:1: error: the file is larger than 16 MiB [too-large]\n    hint: no config"),
    ],
)
def test_bytes_that_are_no_text_are_one_problem(load_file, content, told):
    settings, (problem,) = load_file(content)

    assert settings is None
    assert problem.startswith(told)


def told_of(path):
    settings, (problem,) = load_settings(path, source_kinds=["udp"], sink_kinds=["file"])
    assert settings is None
    assert problem.hint
    return problem.id, problem.message


def test_a_missing_file_is_a_problem(tmp_path):
    assert told_of(tmp_path / "c.yaml") == ("unreadable", "no such file")


def test_a_folder_is_a_problem(tmp_path):
    assert told_of(str(tmp_path)) == ("unreadable", "this is a folder")


def test_a_file_without_permission_is_a_problem(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so a mode would prove nothing

    assert told_of(tmp_path / "c.yaml") == ("unreadable", "no permission to read it")


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "/dev/null/c.yaml"])
def test_a_path_that_can_be_no_file_is_a_problem(path):
    assert told_of(path)[0] == "unreadable"
