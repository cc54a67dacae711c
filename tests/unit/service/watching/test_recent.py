import json
import pickle

from alerting import RECORD, alert

from collector.service.watching.recent import RecentAlerts


def recent(*ids):
    alerts = RecentAlerts(0)
    for name in ids:
        alerts.add(alert(id=name, rule=name[0]))
    return alerts


def ids(shown):
    return [one["id"] for one in shown.alerts]


def test_the_last_come_in_their_order():
    alerts = recent("a1", "b2", "a3", "b4")
    assert ids(alerts.last(3)) == ["b2", "a3", "b4"]
    assert ids(alerts.last(0)) == []
    assert alerts.last(1).last == 4


def test_the_last_of_one_rule_are_looked_for_behind_those_of_others():
    alerts = recent("a1", "b2", "b3", "b4")
    assert ids(alerts.last(1, "a")) == ["a1"]
    assert ids(alerts.last(9, "c")) == []


def test_whoever_follows_gets_each_once_a_few_at_a_time():
    alerts = recent("a1", "b2", "a3", "a4")
    first = alerts.after(0, 2)
    assert (ids(first), first.last, first.more, first.missed) == (["a1", "b2"], 2, True, 0)
    second = alerts.after(first.last, 2)
    assert (ids(second), second.last, second.more) == (["a3", "a4"], 4, False)
    assert alerts.after(4, 2) == ([], 4, False, 0)


def test_whoever_follows_one_rule_is_not_kept_by_the_others():
    alerts = recent("b1", "a2", "b3", "a4", "b5")
    first = alerts.after(0, 1, "a")
    assert (ids(first), first.last, first.more) == (["a2"], 2, True)
    assert alerts.after(first.last, 1, "a")[1:] == (5, False, 0)


def test_what_came_too_fast_to_be_kept_is_counted():
    alerts = recent(*(f"a{number}" for number in range(1500)))
    shown = alerts.after(100, 3)
    assert shown.missed == 400
    assert ids(shown) == ["a500", "a501", "a502"]


def test_an_answer_fits_into_a_datagram_and_the_rest_follows():
    alerts = recent()
    for number in range(60):
        alerts.add(alert(id=str(number), body="\u7740" * 2000))
    found, at = [], 0
    while len(found) < 60:
        shown = alerts.after(at, 200)
        assert 0 < len(json.dumps(shown.alerts)) < 200_000
        found += ids(shown)
        at = shown.last
    assert found == [str(number) for number in range(60)]
    assert ids(alerts.last(200))[-1] == "59"


def test_one_that_is_very_large_is_shown_without_its_records():
    alerts = recent()
    large = {**RECORD, "message": "x" * 65_536}
    alerts.add(alert(id="a", records=[large] * 10, body="y" * 600_000, key={"ip": "z" * 65_536}))
    (shown,) = alerts.last(1).alerts
    assert (shown["id"], shown["records"], len(shown["key"]["ip"])) == ("a", [], 1000)


def test_after_a_start_they_go_on_from_what_was_kept():
    before = recent(*(f"a{number}" for number in range(10)))
    alerts = RecentAlerts(10, pickle.loads(pickle.dumps(before.dump())))
    alerts.add(alert(id="a10"))

    assert ids(alerts.last(4)) == ["a7", "a8", "a9", "a10"]
    assert ids(alerts.after(9, 9)) == ["a9", "a10"]
    assert alerts.last(1).last == 11
