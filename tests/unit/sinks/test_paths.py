import os
import posixpath
import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from observing import open_descriptors

from collector.errors import CollectorError
from collector.sinks.paths import PathTemplate, SafePaths, open_append, safe_piece
from collector.templates import TemplateError

ALLOWED = {"hostname", "app_name", "timestamp", "received_at", "structured_data"}
NOON = datetime(2026, 7, 3, 12, 0, 0, tzinfo=UTC)


def template(text):
    return PathTemplate(text, allowed=ALLOWED)


def path_of(text, **values):
    return template(text).path_for({"hostname": "gate", "app_name": "sshd", "timestamp": NOON} | values)


def error_of(text):
    with pytest.raises(TemplateError) as caught:
        template(text)
    return caught.value


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "piece"),
    [
        ("gate-7.Example.net", "gate-7.Example.net"),
        ("../../etc/cron.d/x", "___.._etc_cron.d_x"),
        ("/etc/passwd", "_etc_passwd"),
        (".", "_"),
        ("..", "__"),
        ("...", "___"),
        (".ssh", "_ssh"),
        ("-rf", "_rf"),
        ("", "unknown"),
        (None, "unknown"),
        ("a\0b\nc\x1b[31m\x7f\x85", "a_b_c_[31m__"),
        ("a\u2028b\u202egpj.exe", "a_b_gpj.exe"),
        ("bad\udcff\udc80", "bad__"),
        ("日本語 ホスト", "日本語 ホスト"),
        ("a b;$(x)'\"\\*", "a b;$(x)'\"\\*"),
    ],
)
def test_a_value_becomes_a_piece_of_one_component(value, piece):
    assert piece == safe_piece(value)


def test_a_long_value_is_cut_between_characters():
    assert safe_piece("x" * 300) == "x" * 200
    assert safe_piece("a" + "日" * 300) == "a" + "日" * 66


# --- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/log/{{ hostname }}.log", "/log/gate.log"),
        ("/log/h-{{ hostname }}/{{ app_name }}", "/log/h-gate/sshd"),
        ("/log/{{ timestamp | date('%Y/%m/%d') }}.log", "/log/2026/07/03.log"),
        ("./{{ hostname }}.log", "./gate.log"),
        ("{{ hostname }}/x", "./gate/x"),
        ("/{{ hostname }}", "/gate"),
        ("/var/../log/{{ hostname }}", "/log/gate"),
        ("/log/{% if app_name == 'sshd' %}auth{% else %}rest{% endif %}", "/log/auth"),
        ("/log/{{ hostname | upper }}", "/log/GATE"),
    ],
)
def test_a_template_makes_a_path(text, path):
    assert path == path_of(text)


def test_a_template_tells_its_fixed_part():
    fields = template("/var/log/h-{{ hostname }}/{{ app_name }}.log")
    assert (fields.literal, fields.below, fields.variables) == (None, "/var/log", {"hostname", "app_name"})
    literal = template("/var/log/windows")
    assert (literal.literal, literal.below, literal.variables) == ("/var/log/windows", None, frozenset())
    assert literal.path_for({}) == "/var/log/windows"
    assert template("{{ hostname }}.log").below == "."


@pytest.mark.parametrize(
    "value",
    ["..", ".", "../..", "../../etc/cron.d/x", "/", "//", "", None, "a/../..", "\0", "\n", "-", "x" * 300, "\udcff/"],
)
@pytest.mark.parametrize(
    "text",
    [
        "/log/{{ hostname }}",
        "/log/{{ hostname }}/x",
        "/log/{{ hostname }}{{ app_name }}",
        "/log/.{{ hostname }}",
        "/log/{{ hostname }}./x",
        "/log/{{ hostname | truncate(0) }}/x",
        "/log/{{ hostname | replace('_', '/') }}/x",
        "/log/{{ hostname | replace('_', '.') }}/x",
        "/log/{{ hostname[1:3] }}/{{ hostname | first }}",
        "/log/{{ app_name | default(hostname) }}",
    ],
)
def test_no_value_leaves_the_folder(text, value):
    path = path_of(text, hostname=value, app_name=None)
    parts = path.removeprefix("/log/").split("/")
    assert path.startswith("/log/")
    assert posixpath.normpath(path) == path
    assert not {"", ".", ".."} & set(parts)
    assert all(len(part.encode()) <= 255 for part in parts)
    assert path.isprintable()


def test_a_value_adds_no_folder():
    assert path_of("/log/{{ hostname }}/{{ app_name }}", hostname="a/b", app_name="/c/").count("/") == 3


def test_what_stands_beside_a_long_value_is_kept():
    assert path_of("/log/{{ hostname }}.log", hostname="h" * 300) == "/log/" + "h" * 200 + ".log"


def test_absent_values_are_unknown_unless_the_template_has_a_default():
    assert path_of("/log/{{ hostname }}.log", hostname=None) == "/log/unknown.log"
    assert path_of("/log/{{ hostname | default('none') }}.log", hostname=None) == "/log/none.log"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the path is empty"),
        ("/log/", "the path names a folder"),
        ("/log/" + "a" * 256, "the path is longer than the system allows"),
        ("/log/" + "é" * 128, "the path is longer than the system allows"),
        ("/log/" * 820 + "a", "the path is longer than the system allows"),
        ("/" + "a" * 1_000_000, "the path is longer than the system allows"),
        ("/log/{{ hostname }}/", "the path names a folder"),
        ("/log/{{ hostname }}/../x", '"//", "." and ".." cannot follow a variable'),
        ("/log/{{ hostname }}//x", '"//", "." and ".." cannot follow a variable'),
        ("/log/{{ hostname }}\0", "a path cannot hold control characters"),
        ("/log/\nx", "a path cannot hold control characters"),
        ("/log/{{ hostnam }}", 'unknown variable "hostnam"'),
        ("/log/{{ structured_data['a'].b }}", "structured_data is no text, which a path is made of"),
    ],
)
def test_a_path_that_cannot_work_is_refused(text, message):
    assert message == str(error_of(text))


# --- the cap ----------------------------------------------------------------------------------------------------------


def test_new_paths_end_at_the_cap_and_known_ones_stay():
    paths = SafePaths(template("/log/{{ hostname }}"), max_paths=3)
    assert [paths.path_for({"hostname": name}, 0) for name in "abcda"] == ["/log/a", "/log/b", "/log/c", None, "/log/a"]


def test_different_values_of_one_path_count_once():
    paths = SafePaths(template("/log/{{ hostname }}"), max_paths=1)
    assert [paths.path_for({"hostname": name}, 0) for name in ("a/b", "a_b", "a\0b")] == ["/log/a_b"] * 3


def test_paths_that_are_no_longer_used_make_room():
    paths = SafePaths(template("/log/{{ hostname }}"), max_paths=2, forget_after=100)
    assert paths.path_for({"hostname": "a"}, 0) == "/log/a"
    assert paths.path_for({"hostname": "b"}, 50) == "/log/b"
    assert paths.path_for({"hostname": "c"}, 99) is None
    assert paths.path_for({"hostname": "a"}, 120) == "/log/a"
    assert paths.path_for({"hostname": "c"}, 160) == "/log/c"
    assert paths.path_for({"hostname": "b"}, 161) is None


def test_the_cache_is_bounded_and_its_loss_changes_nothing():
    paths = SafePaths(template("/log/{{ hostname | truncate(1) }}"), max_paths=2)
    found = [paths.path_for({"hostname": f"a{number}"}, 0) for number in range(100)]
    assert set(found) == {"/log/a"}
    assert len(paths._cache) <= 8


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("/log/{{ timestamp | date('%Y-%m-%d') }}", 2),
        ('/log/{{ timestamp|date("%b%d") }}', 2),
        ("/log/{{ timestamp | date }}", 2),
        ("/log/{{ timestamp | date('%Y%m%d%H') }}", 3),
        ("/log/{{ timestamp | date('%H:%M') }}", 4),
        ("/log/{{ timestamp | date('%S') }}", 5),
        ("/log/{{ timestamp }}", 5),
        ("/log/{{ timestamp | date }}{{ timestamp.hour }}", 5),
    ],
)
def test_a_time_is_cached_as_finely_as_the_template_writes_it(text, entries):
    steps = [timedelta(), timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)]
    cached, fresh = SafePaths(template(text)), template(text)
    for step in steps:
        values = {"timestamp": NOON + step}
        assert fresh.path_for(values) == cached.path_for(values, 0)
    assert entries == len(cached._cache)


def test_equal_instants_of_two_zones_are_two_times():
    paths = SafePaths(template("/log/{{ timestamp | date('%H') }}"))
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert [paths.path_for({"timestamp": time}, 0) for time in (NOON, tokyo)] == ["/log/12", "/log/21"]


def test_long_values_are_not_kept_in_memory():
    paths = SafePaths(template("/log/{{ hostname }}"), max_paths=2)
    long = "h" * 60_000
    assert [paths.path_for({"hostname": long}, 0) for _ in range(2)] == ["/log/" + "h" * 200] * 2
    assert paths._cache == {}


def test_refused_paths_are_not_kept_in_memory():
    paths = SafePaths(template("/log/{{ hostname }}"), max_paths=1)
    assert [paths.path_for({"hostname": name}, 0) for name in "abc"] == ["/log/a", None, None]
    assert list(paths._cache.values()) == ["/log/a"]


# --- opening ----------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_descriptor_stays_open():
    before = open_descriptors()
    yield
    assert open_descriptors() == before


def append(path, data=b"x\n", **options):
    fd = open_append(str(path), **{"refused": pytest.fail, **options})
    try:
        os.write(fd, data)
    finally:
        os.close(fd)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("inside", [True, False])
def test_a_file_and_its_folders_are_created_with_exactly_their_modes(tmp_path, inside):
    path = tmp_path / "a" / "b" / "c.log"
    before = os.umask(0o077)
    try:
        append(path, mode=0o644, dir_mode=0o775, below=str(tmp_path) if inside else None)
    finally:
        os.umask(before)
    assert [mode_of(path), mode_of(path.parent), mode_of(path.parent.parent)] == [0o644, 0o775, 0o775]
    assert path.read_bytes() == b"x\n"


def test_an_existing_file_is_appended_to_and_keeps_its_mode(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"before\n")
    path.chmod(0o600)
    append(path, mode=0o644)
    append(path, below=str(tmp_path))
    assert (path.read_bytes(), mode_of(path)) == (b"before\nx\nx\n", 0o600)


def test_the_descriptor_appends_never_waits_and_is_not_inherited(tmp_path):
    fd = open_append(str(tmp_path / "x"), refused=pytest.fail)
    try:
        assert not os.get_inheritable(fd)
        assert not os.get_blocking(fd)
        (tmp_path / "x").write_bytes(b"12345")
        os.write(fd, b"6")
    finally:
        os.close(fd)
    assert (tmp_path / "x").read_bytes() == b"123456"


@pytest.mark.root
def test_new_files_and_folders_get_their_owner(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    append(tmp_path / "a" / "x", owner=(1, 2), below=str(tmp_path))
    owners = [(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / "a", tmp_path / "a" / "x")]
    assert owners == [(1, 2), (1, 2)]


def test_a_file_that_cannot_be_given_away_is_opened_all_the_same_and_told(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(os, "fchown", lambda *_: os.chown("/proc/self/nothing", 1, 1))
    append(tmp_path / "a" / "x", owner=(1, 2), refused=told.append)
    assert (tmp_path / "a" / "x").read_bytes() == b"x\n"
    assert [type(error) for error in told] == [FileNotFoundError] * 2


def test_a_relative_path_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    append("x.log")
    append("./h/y.log", below=".")
    assert (tmp_path / "x.log").exists()
    assert (tmp_path / "h" / "y.log").exists()


def test_names_that_are_no_utf_8_work_in_a_literal_path(tmp_path):
    append(os.fsdecode(bytes(tmp_path) + b"/\xff.log"))
    assert os.listdir(bytes(tmp_path)) == [b"\xff.log"]


def test_links_of_the_administrator_are_followed(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "log").symlink_to("data")
    (tmp_path / "data" / "now").symlink_to("later")
    append(tmp_path / "log" / "windows")
    append(tmp_path / "log" / "now")
    append(tmp_path / "log" / "gate" / "x", below=str(tmp_path / "log"))
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["gate", "later", "now", "windows"]


def test_no_link_is_followed_where_messages_name_the_files(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "cron").write_bytes(b"")
    log = tmp_path / "log"
    log.mkdir()
    (log / "gate").symlink_to(outside)
    (log / "file").symlink_to(outside / "cron")
    (log / "new").symlink_to(outside / "made")
    for name in ("gate/x", "gate/sub/x", "file", "new"):
        with pytest.raises(CollectorError, match="is a symbolic link"):
            append(str(log / name), below=str(log))
    assert [path.name for path in outside.iterdir()] == ["cron"]
    assert (outside / "cron").read_bytes() == b""


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a//x", "./x", "/etc/x"])
def test_a_path_that_is_not_below_its_folder_is_refused(tmp_path, name):
    with pytest.raises(CollectorError, match="is not below"):
        append(name if name.startswith("/") else f"{tmp_path}/{name}", below=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("inside", [True, False])
def test_what_is_no_file_is_refused_by_its_kind(tmp_path, inside):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    kinds = {"folder": "a folder", "fifo": "a named pipe", "socket": "a socket"}
    for name, kind in kinds.items():
        with pytest.raises(CollectorError, match=f"is {kind}"):
            append(str(tmp_path / name), below=str(tmp_path) if inside else None)


def test_a_pipe_with_a_reader_is_refused_too(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(CollectorError, match="is a named pipe"):
            append(str(tmp_path / "fifo"))
    finally:
        os.close(reader)


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path):
    (tmp_path / "gate").write_bytes(b"")
    with pytest.raises(CollectorError, match="'gate' in it is no folder"):
        append(str(tmp_path / "gate" / "x"), below=str(tmp_path))
    with pytest.raises(NotADirectoryError):
        append(str(tmp_path / "gate" / "x"))


def test_of_the_devices_only_null_and_terminals_are_written():
    append("/dev/null")
    master, slave = os.openpty()
    try:
        append(os.ttyname(slave), b"hello\n")
        assert os.read(master, 100) == b"hello\r\n"
    finally:
        os.close(master)
        os.close(slave)
    for device in ("/dev/zero", "/dev/random", "/dev/ptmx"):
        with pytest.raises(CollectorError, match="is a device"):
            append(device)
    with pytest.raises(CollectorError, match="is a device"):
        append("/dev/null", below="/dev")


def test_what_the_system_refuses_stays_an_os_error(tmp_path):
    with pytest.raises(OSError, match="File name too long"):
        append(str(tmp_path / ("x" * 300)))


def test_file_names_are_utf_8_in_every_locale(tmp_path):
    program = (
        "import os, sys\n"
        "from collector.sinks.files import OpenFiles\n"
        "from collector.sinks.paths import open_append\n"
        "from collector.sinks.torn import end_torn_line\n"
        "path = './\\u65e5\\u672c/\\u30db\\u30b9\\u30c8'\n"
        "files = OpenFiles(2)\n"
        "fd = files.fd(path, lambda path: open_append(path, below='.', refused=print), None)\n"
        "os.write(fd, b'torn')\n"
        "files.forget_moved()\n"
        "print(sys.getfilesystemencoding(), len(files), end_torn_line(path, fd, patient=False))\n"
    )
    environ = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("ascii 1 True\n", "")
    assert os.listdir(bytes(tmp_path) + b"/\xe6\x97\xa5\xe6\x9c\xac") == ["ホスト".encode()]
