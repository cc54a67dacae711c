from datetime import UTC, datetime
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


def write(destination, rows):
    destination.write_pairs(rows, MOMENT, can_wait=True)
    return destination.settle(can_wait=True)


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
        ({"file": "FOLDER/{{ hostname }}"}, True),
        ({"file": "FOLDER/{{ hostname | lower }}/{{ hostname }}"}, True),
        ({"file": "FOLDER/{{ hostname }}", "format": "json"}, False),
        ({"file": "FOLDER/{{ hostname }}/{{ timestamp | date }}"}, True),
        ({"file": "FOLDER/{{ received_at | date('%H') }}"}, True),
        ({"file": "FOLDER/{{ hostname }}/{{ app_name }}"}, False),
    ],
)
def test_only_a_traditional_file_of_which_the_host_name_decides_at_most_is_lean(only, to, lean):
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
    write(destination, rows)

    assert (tmp_path / "02-03/gate").read_bytes() == b"Feb  3 17:09:09 gate su: 1\nFeb  3 17:09:09 gate su: 3\n"
    assert (tmp_path / "02-03/dc01").read_bytes() == b"Feb  3 17:09:09 dc01 su: 2\n"
    assert (tmp_path / "02-02/gate").read_bytes() == b"Feb  2 00:00:00 gate su: 4\n"
    assert accounted(rig).written == 4


def test_one_file_too_many_is_dropped_and_counted(only, tmp_path):
    destination, rig = only({"file": "FOLDER/{{ hostname }}"}, max_paths=2)
    write(destination, [pair(host) for host in ("a", "b", "c", "a", "d")])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    sink = accounted(rig)
    assert (sink.offered, sink.written, sink.dropped) == (5, 3, 2)
    assert rig.count("sink_dropped", sink=f"{tmp_path}/{{{{ hostname }}}}", reason="too_many_files") == 2


def test_a_path_that_cannot_be_made_of_a_message_drops_just_its_row(only, tmp_path):
    file = "FOLDER/x{% if message == 'web' %}{{ hostname[5] }}{% endif %}"
    destination, rig = only({"file": file})
    rows = [pair("gate", "1"), pair("gate", "web"), pair("gate", "web"), pair("longer", "web")]
    write(destination, rows)

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
    write(destination, [pair(host) for host in "abc"])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_host_name_does_not_leave_the_folder(only, tmp_path):
    destination, _ = only({"file": "FOLDER/hosts/{{ hostname }}.log"})
    line = "<34>Feb  3 17:09:09 ../../etc/cron.d/x su: text"
    odd = INTERPRETER.read(line, None, None, MOMENT.received_at)
    write(destination, [(odd, None)])

    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path.parent == tmp_path / "hosts"
    assert path.read_text() == "Feb  3 17:09:09 ../../etc/cron.d/x su: text\n"


def moment_at(seconds):
    return INTERPRETER.moment(datetime.fromtimestamp(seconds, UTC))


def host_rows(*hosts):
    return [(b"34", b"Feb  3 17:09:09 %b su: %d\n" % (host, number), host) for number, host in enumerate(hosts)]


def test_rows_of_several_batches_share_the_opening_of_a_file(only, tmp_path):
    destination, rig = only({"file": "FOLDER/{{ hostname }}.log"}, max_files=1)
    for _ in range(3):
        destination.gather(host_rows(b"gate", b"dc01", b"web"), MOMENT)
    assert list(tmp_path.iterdir()) == []

    assert destination.settle(can_wait=True) == 3
    assert (tmp_path / "gate.log").read_bytes() == b"Feb  3 17:09:09 gate su: 0\n" * 3
    assert accounted(rig).written == 9
    assert destination.settle(can_wait=True) == 0


def test_hosts_that_share_a_path_keep_the_order_of_their_lines(only, tmp_path):
    destination, _ = only({"file": "FOLDER/{{ hostname | lower }}"})
    rows = host_rows(b"gate", b"GATE", b"Gate", b"gate")
    rows.insert(2, (b"34", b"odd\n", ("GaTe", None)))
    destination.gather(rows, MOMENT)
    destination.settle(can_wait=True)

    assert (tmp_path / "gate").read_bytes() == b"".join(line for _, line, _ in rows)


def test_a_host_beyond_the_most_paths_is_dropped_however_it_is_named(only, tmp_path):
    destination, rig = only({"file": "FOLDER/{{ hostname }}"}, max_paths=1)
    destination.gather([*host_rows(b"a", b"b", b"b"), (b"34", b"odd\n", (None, None))], MOMENT)
    destination.settle(can_wait=True)

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    sink = accounted(rig)
    assert (sink.offered, sink.written, sink.dropped) == (4, 1, 3)
    assert len(rig.told) == 1


def test_a_path_that_is_in_use_is_remembered_while_others_make_room(only, tmp_path):
    destination, rig = only({"file": "FOLDER/{{ hostname }}"}, max_paths=2)
    day = 86_400
    for now, host in ((0, b"a"), (0, b"b"), (day - 70, b"a"), (day + 1, b"c")):
        destination.gather(host_rows(host), moment_at(now))
        destination.settle(can_wait=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
    assert accounted(rig).dropped == 0
    destination.gather(host_rows(b"b"), moment_at(day + 2))
    destination.settle(can_wait=True)
    assert accounted(rig).dropped == 1
