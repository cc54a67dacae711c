import errno
import fcntl
import gzip
import os
import shutil
import signal
import subprocess

import pytest

from collector.errors import CollectorError
from collector.sinks import compression
from collector.sinks.compression import AbandonedError, clear_part, compress

TEXT = b"".join(b"Jul 23 15:54:31 host app: line %d\n" % number for number in range(40_000))
NAME = "windows-20261122T101500"

needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="the program zstd is not installed")


def always():
    return True


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(TEXT)
    path.chmod(0o640)
    os.utime(path, ns=(5_000_000_001, 6_000_000_002))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def unpacked(path):
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    return subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout


@pytest.mark.parametrize(("method", "suffix"), [("gzip", ".gz"), pytest.param("zstd", ".zst", marks=needs_zstd)])
def test_a_compressed_file_takes_the_place_of_the_plain_one(plain, tmp_path, method, suffix):
    before, after = compress(str(plain), method, always)
    made = tmp_path / f"{NAME}{suffix}"

    assert names(tmp_path) == [made.name]
    assert unpacked(made) == TEXT
    assert (before, after) == (len(TEXT), made.stat().st_size)
    assert after < before / 5


@pytest.mark.parametrize("method", ["gzip", pytest.param("zstd", marks=needs_zstd)])
def test_mode_owner_and_times_stay(plain, tmp_path, method):
    if os.geteuid() == 0:
        os.chown(plain, 65534, 65533)
    status = plain.stat()
    compress(str(plain), method, always)
    (made,) = tmp_path.iterdir()

    for field in ("st_mode", "st_uid", "st_gid", "st_mtime_ns"):
        assert getattr(made.stat(), field) == getattr(status, field)


def test_an_empty_file_can_be_compressed(plain, tmp_path):
    plain.write_bytes(b"")
    compress(str(plain), "gzip", always)

    assert unpacked(tmp_path / f"{NAME}.gz") == b""


@pytest.mark.parametrize("method", ["gzip", pytest.param("zstd", marks=needs_zstd)])
def test_whoever_has_no_use_for_it_any_more_leaves_the_plain_file(plain, tmp_path, method):
    with pytest.raises(AbandonedError):
        compress(str(plain), method, lambda: False)

    assert names(tmp_path) == [NAME]
    assert plain.read_bytes() == TEXT


def test_a_full_disk_leaves_the_plain_file_and_nothing_else(plain, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(compression.os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        compress(str(plain), "gzip", always)

    assert names(tmp_path) == [NAME]


@needs_zstd
def test_what_the_program_says_is_told(plain, tmp_path, monkeypatch):
    broken = tmp_path / "bin/zstd"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no room >&2\nexit 70\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent), prepend=":")
    with pytest.raises(CollectorError, match="zstd ended with 70: no room"):
        compress(str(plain), "zstd", always)

    assert names(tmp_path) == ["bin", NAME]


def test_without_the_program_the_cure_is_told(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(compression.shutil, "which", lambda _: None)
    monkeypatch.setattr(compression, "_zstd_in_python", lambda: False)
    with pytest.raises(CollectorError) as caught:
        compress(str(plain), "zstd", always)

    assert caught.value.hint == "install it again, or write compress: gzip"
    assert names(tmp_path) == [NAME]


def test_a_file_that_grows_meanwhile_stays(plain, tmp_path, monkeypatch):
    def read_and_let_grow(source, *_):
        os.read(source, 1 << 30)
        with plain.open("ab") as file:
            file.write(b"late\n")

    monkeypatch.setattr(compression, "_pour", read_and_let_grow)
    with pytest.raises(CollectorError, match="still writes"):
        compress(str(plain), "gzip", always)

    assert names(tmp_path) == [NAME]


def test_a_link_is_not_compressed(plain, tmp_path):
    link = tmp_path / "a-20261122T101500"
    link.symlink_to(plain)
    with pytest.raises(OSError, match="symbolic links"):
        compress(str(link), "gzip", always)

    assert plain.read_bytes() == TEXT


def test_two_do_not_compress_the_same_file(plain, tmp_path):
    part = tmp_path / f"{NAME}.gz.part"
    part.write_bytes(b"begun")
    with part.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(AbandonedError, match="by another process"):
            compress(str(plain), "gzip", always)

    assert names(tmp_path) == [NAME, part.name]


def test_what_a_dead_process_had_begun_is_cleared(tmp_path):
    part = tmp_path / f"{NAME}.gz.part"
    part.write_bytes(b"begun")

    assert clear_part(str(part))
    assert not clear_part(str(part))
    assert names(tmp_path) == []


STEPS = ["open", "read", "write", "fchmod", "utime", "fsync", "rename", "unlink"]


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_process_that_is_killed_at_any_step_leaves_a_whole_file_and_the_next_one_finishes(
    plain, tmp_path, name, after
):
    pid = os.fork()
    if pid == 0:
        _die_at(name, after=after)
        compress(str(plain), "gzip", always)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    made = tmp_path / f"{NAME}.gz"

    assert any(path.exists() and content(path) == TEXT for path in (plain, made))
    assert not made.exists() or content(made) == TEXT
    if plain.exists():
        compress(str(plain), "gzip", always)
    assert names(tmp_path) == [made.name]
    assert content(made) == TEXT


def content(path):
    return path.read_bytes() if path.name == NAME else unpacked(path)


def _die_at(name, *, after):
    original = getattr(os, name)

    def die(*arguments, **options):
        if after:
            original(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, name, die)
