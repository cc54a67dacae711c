from dataclasses import replace

from collector.rules.counters import Counters
from collector.service.watching.troubles import troubles

FINE = Counters(hits=7, alerts=3, suppressed=1, late=2, keyless=1)


def told(before, now):
    return dict(troubles(before, now))


def test_what_is_counted_in_the_usual_way_is_no_trouble():
    assert told({}, {"a": FINE}) == {}


def test_a_trouble_is_told_when_it_rises_and_not_again():
    before, now = {"a": replace(FINE, errors=2)}, {"a": replace(FINE, errors=5)}
    assert told(before, now)["rules errors"].startswith("Conditions or texts that failed: 3, of rule a. ")
    assert told(now, now) == {}


def test_many_rules_make_one_line_for_each_kind_of_trouble():
    now = {f"r{number}": replace(FINE, quarantined=1, timeouts=3, evicted=1000) for number in range(9)}
    lines = told({}, now)

    assert set(lines) == {"rules quarantined", "rules timeout", "rules evicted"}
    assert "rules r0, r1, r2 and 6 more" in lines["rules quarantined"]
    assert "9,000" in lines["rules evicted"]
    assert all("Cure: " in lines[name] for name in ("rules quarantined", "rules evicted"))
