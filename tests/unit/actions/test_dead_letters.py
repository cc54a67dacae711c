import json
import os
import stat

from alerting import message

from collector.actions.dead_letters import DeadLetters


def letters(folder, **options):
    said = []
    return DeadLetters(str(folder), lambda *words: said.append(words), **options), said


def test_a_letter_is_a_line_of_json_that_only_the_service_may_read(tmp_path):
    one, _ = letters(tmp_path)
    one.keep({"destination": "ops", "reason": "status", "why": "no", "tries": 3}, message().alert, 1_784_789_672.0)

    [line] = (tmp_path / "dead-letters.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "time": "2026-07-23T06:54:32Z", "destination": "ops", "reason": "status", "why": "no", "tries": 3,
        "alert": message().alert,
    }  # fmt: skip
    assert stat.S_IMODE((tmp_path / "dead-letters.jsonl").stat().st_mode) == 0o600


def test_the_file_is_bounded(tmp_path):
    one, said = letters(tmp_path, max_bytes=10_000)
    for number in range(100):
        one.keep({"destination": "ops"}, message(id=str(number)).alert, 0.0)

    assert sorted(os.listdir(tmp_path)) == ["dead-letters.jsonl", "dead-letters.jsonl.1"]
    assert all(path.stat().st_size <= 10_000 for path in tmp_path.iterdir())
    assert json.loads((tmp_path / "dead-letters.jsonl").read_text().splitlines()[-1])["alert"]["id"] == "99"
    assert said[0][:2] == ("warning", "dead letters full")


def test_a_huge_alert_is_kept_without_its_records(tmp_path):
    one, _ = letters(tmp_path)
    records = [{"message": "x" * 1_000_000}, {"message": "y" * 100_000}]
    one.keep({}, message(records=records).alert, 0.0)

    assert json.loads((tmp_path / "dead-letters.jsonl").read_text())["alert"]["records"] == []


def test_a_line_that_was_torn_is_ended_first(tmp_path):
    (tmp_path / "dead-letters.jsonl").write_text("torn")
    one, _ = letters(tmp_path)
    one.keep({}, message().alert, 0.0)

    first, second = (tmp_path / "dead-letters.jsonl").read_text().splitlines()
    assert first == "torn"
    assert json.loads(second)["alert"]["id"] == "6f1c2d"


def test_what_cannot_be_kept_is_counted_and_told(tmp_path):
    one, said = letters(tmp_path / "absent")
    one.keep({}, message().alert, 0.0)

    assert one.lost == 1
    assert said[0][:2] == ("error", "dead letters")


def test_no_link_is_followed(tmp_path):
    (tmp_path / "elsewhere").touch()
    (tmp_path / "dead-letters.jsonl").symlink_to(tmp_path / "elsewhere")
    one, _ = letters(tmp_path)
    one.keep({}, message().alert, 0.0)

    assert (one.lost, (tmp_path / "elsewhere").read_text()) == (1, "")
