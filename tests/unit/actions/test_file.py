import json
import os
import stat

import pytest
from alerting import action, message, read, with_message

from collector.actions import DeliveryError


def write(path, *messages, **options):
    one = action(json.dumps({"file": str(path), **options}))
    for each in messages or (message(),):
        one.deliver(each, None)


def failed(path, *messages, **options):
    with pytest.raises(DeliveryError) as caught:
        write(path, *messages, **options)
    return caught.value


def test_a_line_is_the_alert_as_json(tmp_path):
    write(tmp_path / "new" / "alerts.json", message(), message(id="other"))
    lines = (tmp_path / "new" / "alerts.json").read_text().splitlines()

    assert [json.loads(line) for line in lines] == [message().alert, message(id="other").alert]
    assert stat.S_IMODE((tmp_path / "new" / "alerts.json").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o750


def test_a_line_can_be_a_template(tmp_path):
    write(tmp_path / "alerts", line="{{ fired_at | date('%Y') }} {{ user }}@{{ hostname }}: {{ line }}", mode="0600")

    assert (tmp_path / "alerts").read_text() == (
        "2026 root@gate: Jul 23 15:54:31 gate sshd[411]: Failed password for root from 192.0.2.7\n"
    )
    assert stat.S_IMODE((tmp_path / "alerts").stat().st_mode) == 0o600


def test_a_file_that_is_moved_away_is_begun_anew(tmp_path):
    one = action(json.dumps({"file": str(tmp_path / "alerts")}))
    one.deliver(message(), None)
    (tmp_path / "alerts").rename(tmp_path / "alerts.1")
    one.deliver(message(), None)

    assert (tmp_path / "alerts").read_text() == (tmp_path / "alerts.1").read_text()


@pytest.mark.parametrize("text", ["../../etc/passwd", "/etc/passwd", "..", "", "a\nb", "\0", "x" * 1_000_000, "\ud800"])
def test_no_message_leaves_the_folder(tmp_path, text):
    below = tmp_path / "alerts"
    write(f"{below}/{{{{ user }}}}.log", with_message(text))

    found = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path) for name in names]
    assert len(found) == 1
    assert os.path.dirname(found[0]) == str(below)


@pytest.mark.parametrize("text", ["a\nb", "a\r\n\n", "\u2028\x85\x0b\x0c", "\ud800", "x" * 1_000_000])
def test_no_message_makes_another_line(tmp_path, text):
    write(tmp_path / "json", with_message(text))
    write(tmp_path / "text", with_message(text), line="{{ user }}|")

    assert len((tmp_path / "json").read_text().splitlines()) == 1
    assert len((tmp_path / "text").read_text().splitlines()) == 1


def test_a_line_that_was_torn_is_ended_first(tmp_path):
    (tmp_path / "alerts").write_text("half a li")
    write(tmp_path / "alerts", line="whole")

    assert (tmp_path / "alerts").read_text() == "half a li\nwhole\n"


def test_a_full_disk_is_tried_again():
    error = failed("/dev/full")

    assert error.again


def test_a_short_write_is_tried_again(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:5]))
    error = failed(tmp_path / "alerts", line="a long line")
    monkeypatch.undo()
    write(tmp_path / "alerts", line="a long line")

    assert (error.reason, error.again) == ("enospc", True)
    assert (tmp_path / "alerts").read_text() == "a lon\na long line\n"


def test_a_folder_in_the_way_is_tried_again(tmp_path):
    error = failed(tmp_path)

    assert (error.again, "is a folder" in str(error)) == (True, True)


def test_one_destination_has_so_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr("collector.actions.file.MAX_PATHS", 2)
    messages = [with_message(name) for name in "abc"]
    error = failed(f"{tmp_path}/{{{{ user }}}}", *messages)

    assert (error.reason, error.again) == ("paths", False)
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_what_is_wrong_with_a_path_is_told():
    texts = {"file: /var/log/": "the path names a folder", "file: '/var/{{ usr }}'": 'unknown variable "usr"'}

    assert {text: read(text)[1][0].message for text in texts} == texts
