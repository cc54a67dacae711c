from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pipeline_rig import Rig, plan_of

from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.parsers.scan import FULL_3164

INTERPRETER = Interpreter(ZoneInfo("Asia/Tokyo"), HostMap({}), None)
MOMENT = INTERPRETER.moment(datetime(2026, 2, 3, 17, 9, 10, tzinfo=ZoneInfo("Asia/Tokyo")))


def pair(host, text="text", stamp="Feb  3 17:09:09"):
    return FULL_3164.findall(f"<34>{stamp} {host} su: {text}\n")[0], "192.0.2.7:4428"


@pytest.fixture
def only(tmp_path, monkeypatch):
    """``only(to)``: the destination of a plan that has just this one, and its rig."""
    rigs = []

    def make(to, **settings):
        rigs.append(Rig(plan_of(tmp_path, [{"select": "*.*", "to": to}], **settings), monkeypatch))
        return rigs[-1].destinations[0], rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


def accounted(rig):
    rig.slot.publish()
    [sink] = rig.account.sinks.values()
    assert sink.missing == 0
    return sink


@pytest.mark.parametrize(
    ("to", "lean"),
    [
        ({"file": "FOLDER/all"}, True),
        ({"file": "FOLDER/all", "format": "traditional"}, True),
        ({"file": "FOLDER/all", "format": "json"}, False),
        ({"file": "FOLDER/all", "format": "short"}, False),
        ({"file": "FOLDER/{{ hostname }}"}, False),
    ],
)
def test_only_a_traditional_file_with_one_path_is_lean(only, to, lean):
    destination, _ = only(to, templates={"short": "{{ message }}"})

    assert lean == destination.lean


def test_lines_are_written_as_they_are(only, tmp_path):
    destination, rig = only({"file": "FOLDER/all"})
    destination.write_lines([b"one\n", b"two\n"], can_wait=True)

    assert (tmp_path / "all").read_bytes() == b"one\ntwo\n"
    assert accounted(rig).written == 2


def test_rows_are_written_in_the_format(only, tmp_path):
    destination, rig = only(
        {"file": "FOLDER/all", "format": "short"}, templates={"short": "{{ hostname }}/{{ message }}"}
    )
    destination.write_pairs([pair("gate"), pair("dc01", "x")], MOMENT, can_wait=True)

    assert (tmp_path / "all").read_bytes() == b"gate/text\ndc01/x\n"
    assert accounted(rig).written == 2


def test_each_row_goes_to_the_path_of_its_fields_in_order(only, tmp_path):
    destination, rig = only({"file": "FOLDER/{{ timestamp | date('%m-%d') }}/{{ hostname }}"})
    rows = [pair("gate", "1"), pair("dc01", "2"), pair("gate", "3"), pair("gate", "4", "Feb  2 00:00:00")]
    destination.write_pairs(rows, MOMENT, can_wait=True)

    assert (tmp_path / "02-03/gate").read_bytes() == b"Feb  3 17:09:09 gate su: 1\nFeb  3 17:09:09 gate su: 3\n"
    assert (tmp_path / "02-03/dc01").read_bytes() == b"Feb  3 17:09:09 dc01 su: 2\n"
    assert (tmp_path / "02-02/gate").read_bytes() == b"Feb  2 00:00:00 gate su: 4\n"
    assert accounted(rig).written == 4


def test_one_file_too_many_is_dropped_and_counted(only, tmp_path):
    destination, rig = only({"file": "FOLDER/{{ hostname }}"}, max_paths=2)
    destination.write_pairs([pair(host) for host in ("a", "b", "c", "a", "d")], MOMENT, can_wait=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    sink = accounted(rig)
    assert (sink.offered, sink.written, sink.dropped) == (5, 3, 2)
    assert rig.count("sink_dropped", sink=f"{tmp_path}/{{{{ hostname }}}}", reason="too_many_files") == 2


def test_a_path_that_cannot_be_made_of_a_message_drops_just_its_row(only, tmp_path):
    file = "FOLDER/x{% if message == 'web' %}{{ hostname[5] }}{% endif %}"
    destination, rig = only({"file": file})
    rows = [pair("gate", "1"), pair("gate", "web"), pair("gate", "web"), pair("longer", "web")]
    destination.write_pairs(rows, MOMENT, can_wait=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "xr"]
    sink = accounted(rig)
    assert (sink.offered, sink.written, sink.dropped) == (4, 2, 2)
    name = file.replace("FOLDER", str(tmp_path))
    assert rig.count("sink_dropped", sink=name, reason="bad_path") == 2
    [(event_class, sentence)] = rig.told
    assert event_class == f"bad_path {name}"
    assert "the template cannot be filled" in sentence


def test_each_worker_may_fill_all_paths(only, tmp_path):
    destination, _ = only({"file": "FOLDER/{{ hostname }}"}, max_paths=2, workers=2)
    destination.write_pairs([pair(host) for host in "abc"], MOMENT, can_wait=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_host_name_does_not_leave_the_folder(only, tmp_path):
    destination, _ = only({"file": "FOLDER/hosts/{{ hostname }}.log"})
    line = "<34>Feb  3 17:09:09 ../../etc/cron.d/x su: text"
    odd = INTERPRETER.read(line, None, None, MOMENT.received_at)
    destination.write_pairs([(odd, None)], MOMENT, can_wait=True)

    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path.parent == tmp_path / "hosts"
    assert path.read_text() == "Feb  3 17:09:09 ../../etc/cron.d/x su: text\n"
