import os

import pytest

from collector.sinks.torn import ends_within_line


@pytest.mark.parametrize(("content", "torn"), [(b"", False), (b"a\n", False), (b"a", True), (b"a\nb", True)])
def test_a_file_ends_within_a_line_when_its_last_byte_is_no_line_feed(tmp_path, content, torn):
    (tmp_path / "file").write_bytes(content)

    assert ends_within_line(str(tmp_path / "file")) == torn


def test_what_is_no_file_to_be_read_is_not_torn(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert not ends_within_line(str(tmp_path / "nothing"))
    assert not ends_within_line(str(tmp_path))
    assert not ends_within_line(str(tmp_path / "pipe"))
    assert not ends_within_line("/dev/null")


def test_a_line_that_somebody_is_just_writing_is_not_torn(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"beg")
    grown = iter([b"un", b" and", b" ended\n"])

    def write_on(_seconds):
        with path.open("ab") as file:
            file.write(next(grown))

    monkeypatch.setattr("collector.sinks.torn.time.sleep", write_on)

    assert not ends_within_line(str(path))
