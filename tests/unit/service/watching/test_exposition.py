from dataclasses import asdict

from prometheus_client.parser import text_string_to_metric_families
from status_answers import FINE, SENT, answer

from collector.rules.counters import Counters
from collector.service.exposition import expose
from collector.service.watching.exposition import samples

WATCHER = {
    **FINE,
    "by_rule": {'a "b\\c': asdict(Counters(hits=7, alerts=3, suppressed=2, keyless=4, quarantined=1))},
    "destinations": {"mail ops@example.org": {**SENT, "dropped": {"cap": 3, "full": 1}, "failed": {"timeout": 5}}},
}


def families(watcher):
    text = expose(answer({("received_messages", "source=a"): 3}, watcher=watcher))
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(family, **labels):
    return next(sample.value for sample in family.samples if labels.items() <= sample.labels.items())


def test_without_rules_there_are_no_samples():
    assert samples(None) == {}
    assert samples({"correlator": 0, "by_rule": {}, "destinations": {}}) == {}


def test_a_parser_of_others_reads_every_number_with_its_labels():
    found = families(WATCHER)

    assert value(found["collector_rules"]) == 1200
    assert (value(found["collector_alerts"]), found["collector_alerts"].type) == (4711, "counter")
    assert value(found["collector_rule_hits"], rule='a "b\\c') == 7
    assert (value(found["collector_rule_quarantined"]), found["collector_rule_quarantined"].type) == (1, "gauge")
    assert value(found["collector_destination_dropped"], destination="mail ops@example.org", reason="cap") == 3
    assert value(found["collector_destination_pending"]) == 1


def test_every_family_of_rules_and_destinations_is_explained():
    ours = {name: family for name, family in families(WATCHER).items() if "rule" in name or "destination" in name}
    assert len(ours) > 15
    assert all(family.documentation for family in ours.values())


def test_every_counter_of_a_rule_and_a_destination_is_there():
    found = families(WATCHER)
    shown = {name.removeprefix("collector_rule_") for name in found if name.startswith("collector_rule_")}
    assert {counter for counter in asdict(Counters()) if counter != "seconds"} <= shown
    told = {name.removeprefix("collector_destination_") for name in found if "_destination_" in name}
    assert set(SENT) <= told
