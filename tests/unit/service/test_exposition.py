import pytest
from prometheus_client.parser import text_string_to_metric_families
from status_answers import BUSY, UDP, answer

from collector.service.account import from_json
from collector.service.exposition import expose


def samples(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_counter_arrives_with_its_labels_and_value():
    status = answer(BUSY)
    found = samples(expose(status))
    expected = {
        (f"collector_{key.name}{'_total' if key.kind == 'counter' else ''}", tuple(sorted(key.labels))): value
        for key, value in from_json(status["counters"]).items()
    }

    assert {key: found[key] for key in expected} == expected
    assert len(found) == len(expected) + 3


def test_the_service_itself_is_described():
    found = samples(expose(answer({}, workers=(True, False))))

    assert found == {
        ("collector_build_info", (("plan", "8f3a12c0"), ("version", "0.1.0"))): 1,
        ("collector_uptime_seconds", ()): 273_000.5,
        ("collector_workers_running", ()): 1,
    }


def test_senders_are_counted_and_have_no_series_of_their_own():
    senders = {"known": 214, "silent": 3, "wrong_clock": 2, "forgotten": 0}
    text = expose(answer({}, senders=senders))

    assert {name: samples(text)[f"collector_senders_{name}", ()] for name in senders} == senders
    assert text.count("# HELP collector_senders_") == 4


def test_every_family_is_one_block_with_type_and_help():
    names = [line.split()[2] for line in expose(answer(BUSY)).splitlines() if line.startswith("# TYPE")]

    assert len(names) == len(set(names))
    families = {family.name: family for family in text_string_to_metric_families(expose(answer(BUSY)))}
    assert families["collector_received_messages"].type == "counter"
    assert families["collector_received_messages"].documentation == "Messages received."
    assert families["collector_connections_open"].type == "gauge"
    assert families["collector_made_up"].documentation == ""


def test_the_text_is_as_the_format_asks():
    text = expose(answer({("received_messages", f"source={UDP}"): 12}))

    assert text.endswith(
        "# HELP collector_received_messages_total Messages received.\n"
        "# TYPE collector_received_messages_total counter\n"
        'collector_received_messages_total{source="udp 127.0.0.1:5514"} 12\n'
        "# HELP collector_uptime_seconds Seconds since the service was started.\n"
        "# TYPE collector_uptime_seconds gauge\n"
        "collector_uptime_seconds 273000.5\n"
        "# HELP collector_workers_running Workers running now.\n"
        "# TYPE collector_workers_running gauge\n"
        "collector_workers_running 2\n"
    )


@pytest.mark.parametrize("label", ['a"b', "a\\b", "a\\nb", "a\nb", "監査", "\\", '"', "a{b}", ","])
def test_any_label_survives(label):
    found = samples(expose(answer({("sink_written", f"sink={label}"): 3})))

    assert found["collector_sink_written_total", (("sink", label),)] == 3
