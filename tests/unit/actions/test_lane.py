import json
import random

import pytest
from alerting import destination
from lane_rig import Rig, place

from collector.actions.crowd import Share


def test_alerts_go_out_one_after_the_other_in_their_order():
    rig = Rig()
    rig.offer(1, 2, 3)
    [first] = rig.begin()
    assert rig.begin() == []
    rig.end(first)

    assert rig.send() == ["2", "3"]
    assert rig.settled == [1, 2, 3]
    assert rig.lane.report()["sent"] == 3


def test_so_many_are_under_way_at_a_time_as_is_allowed():
    rig = Rig("{exec: [/bin/true], concurrency: 3}")
    rig.offer(*range(5))

    assert [job.message().id for job in rig.begin()] == ["0", "1", "2"]
    assert rig.begin() == []


def test_what_cannot_be_reached_is_tried_again_after_1_2_4_8_times_the_pause_and_holds_up_the_rest():
    rig = Rig("{terminal: echo, retry: {first: 2s, most: 10s, give_up: 1m}}")
    rig.offer(1, 2)
    pauses = []
    while job := next(iter(rig.begin()), None):
        began = rig.now
        assert job.message().id == "1"
        rig.end(job, again=True, away=True)
        if rig.buried:
            break
        rig.now = rig.lane.due()
        pauses.append(rig.now - began)

    assert pauses == [2, 4, 8, 10, 10, 10, 10]
    assert rig.buried == [("1", "status")]
    assert rig.send() == ["2"]
    report = rig.lane.report()
    assert (report["dead"], report["retried"], report["failed"]) == (1, 7, {"status": 8})


def test_nothing_is_tried_before_its_time():
    rig = Rig("{terminal: echo, retry: {first: 2s}}")
    rig.offer(1)
    rig.end(rig.begin()[0], again=True)
    rig.now += 1.9

    assert rig.begin() == []
    rig.now += 0.1
    assert rig.send() == ["1"]


def test_the_other_side_may_ask_for_a_longer_pause():
    rig = Rig()
    rig.offer(1)
    rig.end(rig.begin()[0], again=True, after=120)

    assert rig.lane.due() == rig.now + 120


def test_a_pause_that_outlasts_the_patience_ends_it_at_once():
    rig = Rig("{terminal: echo, retry: {give_up: 1m}}")
    rig.offer(1)
    rig.end(rig.begin()[0], again=True, after=121)

    assert rig.buried == [("1", "status")]


def test_there_is_one_try_at_the_time_that_the_other_side_names():
    rig = Rig("{terminal: echo, retry: {give_up: 1m}}")
    rig.offer(1)
    for _ in range(2):
        [job] = rig.begin()
        rig.now += 0.1
        rig.end(job, again=True, after=60)
        rig.now = rig.lane.due() or rig.now

    assert (rig.buried, job.tries) == ([("1", "status")], 2)


def test_what_is_final_is_a_dead_letter_at_once():
    rig = Rig()
    rig.offer(1)
    rig.end(rig.begin()[0], again=False)

    assert (rig.buried, rig.settled, rig.lane.pending) == ([("1", "status")], [1], 0)
    assert rig.said[-1][2] == "ops: an alert is given up after 1 try: no. It is among the dead letters."


def test_without_patience_there_is_one_try():
    rig = Rig("{terminal: echo, retry: {give_up: 0}}")
    rig.offer(1)
    rig.end(rig.begin()[0], again=True)

    assert rig.buried == [("1", "status")]


def test_a_failure_of_a_part_holds_up_nobody():
    rig = Rig()
    rig.offer(1, 2)
    rig.end(rig.begin()[0], again=True, aside=True)

    assert "others go on meanwhile" in rig.said[0][2]
    assert rig.send() == ["2"]
    rig.now += 1
    assert rig.send() == ["1"]


def test_what_cannot_begin_is_not_due():
    rig = Rig()
    rig.offer(1, 2)
    [partly] = rig.begin()
    rig.end(partly, again=True, aside=True)
    [second] = rig.begin()
    rig.now += 100
    assert rig.lane.due() is None

    rig.end(second)
    assert rig.lane.due() < rig.now
    assert rig.lane.due(may_begin=False) is None
    assert rig.send() == ["1"]


def test_one_that_alone_is_refused_does_not_make_the_log_say_that_all_is_well_again_and_again():
    rig = Rig("{exec: [/bin/true], retry: {first: 1s, most: 1s}}")
    rig.offer(0)
    for number in range(1, 30):
        for job in rig.begin():
            rig.end(job, again=True if job.message().id == "0" else None)
        rig.now += 1
        rig.offer(number)

    assert sum("arrive again" in sentence for _, _, sentence in rig.said) == 1


def test_that_it_works_again_is_said_once():
    rig = Rig()
    rig.offer(1, 2)
    rig.end(rig.begin()[0], again=True)
    rig.now += 1
    rig.send()

    assert [sentence for _, _, sentence in rig.said] == [
        "ops: no. It is tried again in 1s.", "ops: alerts arrive again."
    ]  # fmt: skip


CAPPED = "{terminal: echo, cap: {alerts: 2, per: 1h}}"


def test_a_cap_ends_with_the_exact_number_of_those_held_back():
    rig = Rig(CAPPED)
    rig.offer(*range(5), rule="a")
    rig.offer(5, rule="b", severity="critical")
    assert rig.send() == ["0", "1"]
    rig.now = rig.lane.due()
    rig.lane.tick(rig.now)
    [job] = rig.begin()
    one = job.message()

    assert rig.now == 1000 + 3600
    assert one.title == "4 more alerts were not sent to ops: more than 2 in 1h"
    assert (one.body, one.alert["count"], one.severity, one.alert["summary"]) == ("3 of a\n1 of b", 4, "critical", True)
    assert rig.lane.report()["dropped"] == {"cap": 4}


def test_the_next_hour_begins_with_the_next_alert():
    rig = Rig(CAPPED)
    rig.offer(1, 2)
    rig.send()
    rig.now += 3600
    rig.offer(3, 4, 5)

    assert rig.send() == ["3", "4"]
    assert rig.lane.due() == rig.now + 3600


def test_a_cap_that_held_nothing_back_says_nothing():
    rig = Rig(CAPPED)
    rig.offer(1, 2)
    rig.send()
    rig.now += 3600
    rig.lane.tick(rig.now)

    assert rig.send() == []


def test_what_was_held_back_is_told_before_what_comes_later():
    rig = Rig(CAPPED)
    rig.offer(1, 2, 3)
    rig.send()
    rig.now += 3601
    rig.offer(4)

    assert rig.send() == ["1 more alert was not sent to ops: more than 2 in 1h", "4"]


def test_a_cap_goes_on_over_a_restart():
    rig = Rig(CAPPED)
    rig.offer(1, 2, 3, 4)
    rig.send()
    later = Rig(CAPPED, rig.lane.dump())
    later.now = 2000.0
    later.offer(5)
    assert later.send() == []
    later.now = 1000.0 + 3600
    later.lane.tick(later.now)

    assert later.send() == ["3 more alerts were not sent to ops: more than 2 in 1h"]


def test_a_message_about_others_is_not_lost_by_a_restart_and_keeps_its_id():
    rig = Rig(CAPPED)
    rig.offer(1, 2, 3)
    rig.send()
    rig.now += 3600
    rig.lane.tick(rig.now)
    [job] = rig.begin()
    later = Rig(CAPPED, rig.lane.dump())
    [again] = later.begin()

    assert again.message() == job.message()


def test_its_counters_go_on_over_a_restart():
    rig = Rig("{terminal: echo, queue: 5, cap: {alerts: 7, per: 1h}}")
    rig.share = Share(1 << 20, 0)
    rig.offer(*range(8))
    first, *_ = rig.begin()
    rig.end(first, again=True)
    rig.now += 10
    for again in (True, False):
        [job] = rig.begin()
        rig.end(job, again=again)
        rig.now += 10
    [job] = rig.begin()
    rig.end(job)
    before = rig.lane.report()
    later = Rig("terminal: echo", json.loads(json.dumps(rig.lane.dump())))
    after = later.lane.report()

    assert before["dropped"] == {"queue_full": 2, "cap": 1}
    assert (before["sent"], before["dead"], before["retried"]) == (1, 1, 2)
    for name in ("sent", "retried", "dead", "failed", "dropped"):
        assert after[name] == before[name]
    assert later.balance() == 0


def test_what_a_cap_held_back_is_told_when_the_cap_is_removed():
    rig = Rig(CAPPED)
    rig.offer(1, 2, 3, 4)
    told = "2 more alerts were not sent to ops: there was a cap until now"
    restarted = Rig("terminal: echo", rig.lane.dump())
    rig.lane.change(destination("terminal: echo", label="ops"), object(), rig.now)

    assert rig.send() == ["1", "2", told]
    assert restarted.send() == [told]


def test_a_clock_that_was_set_back_does_not_make_the_hour_longer():
    rig = Rig(CAPPED)
    rig.offer(1, 2)
    rig.now -= 500_000
    rig.offer(3)

    assert rig.send() == ["1", "2"]
    assert rig.lane.due() == rig.now + 3600


def crowd_of(rig, *numbers):
    """As many more as may wait for a minute have waited for it; then these come."""
    rig.lane.tick(rig.now)
    rig.now += 60
    rig.offer(*numbers)


def test_what_is_too_much_for_long_is_dropped_and_told_with_its_number():
    rig = Rig("{terminal: echo, queue: 2}")
    rig.offer(0, 1)
    crowd_of(rig, 2, 3, 4)
    assert rig.settled == [2, 3, 4]
    assert [reason for _, reason in rig.buried] == ["queue_full"] * 3
    assert len(rig.said) == 1

    sent = rig.send()
    rig.lane.tick(rig.now)
    assert sent + rig.send() == ["0", "1", "3 more alerts were not sent to ops: too many were waiting"]
    assert rig.lane.report()["dropped"] == {"queue_full": 3}


def test_a_burst_waits_in_the_journal_for_a_minute():
    rig = Rig("{terminal: echo, queue: 2}")
    rig.offer(*range(500))
    rig.now += 59
    rig.offer(*range(500, 1000))

    assert rig.send() == [str(number) for number in range(1000)]
    assert rig.lane.report()["dropped"] == {}
    rig.now += 3600
    rig.offer(*range(1000, 1500))
    assert rig.lane.report()["dropped"] == {}


def test_a_burst_is_bounded():
    rig = Rig("{terminal: echo, queue: 2}")
    rig.share = Share(1 << 20, 10)
    rig.offer(*range(20))

    assert rig.lane.report()["dropped"] == {"queue_full": 8}


def test_drops_are_told_once_in_a_minute_however_often_there_is_room_between():
    rig = Rig("{terminal: echo, queue: 1}")
    rig.share = Share(1 << 20, 0)
    told = []
    for number in range(0, 300, 3):
        rig.now += 1
        rig.offer(number, number + 1, number + 2)
        told += [title for title in rig.send() if "too many" in title]
    rig.now = rig.lane.due()
    rig.lane.tick(rig.now)
    told += rig.send()

    assert len(told) == 3
    assert sum(int(title.split()[0]) for title in told) == rig.lane.report()["dropped"]["queue_full"] == 200


def test_what_has_no_room_in_memory_is_read_again():
    rig = Rig()
    rig.share = Share(1000, 10)
    rig.offer(*range(5), body="x" * 400)
    assert rig.send() == ["0", "1", "2", "3", "4"]

    assert rig.reads == [1, 2, 3, 4]


def test_one_that_rests_does_not_keep_what_there_is_no_room_for():
    rig = Rig()
    rig.share = Share(0, 10)
    rig.offer(1)
    rig.end(rig.begin()[0], again=True)
    rig.now += 1

    assert rig.reads == []
    assert rig.send() == ["1"]
    assert rig.reads == [1]


def test_what_is_gone_from_the_journal_is_counted():
    rig = Rig()
    rig.share = Share(0, 10)
    rig.offer(1, 2, 3)
    rig.journal.clear()

    assert rig.send() == ["1"]
    assert rig.lane.report()["dropped"] == {"journal_full": 2}
    assert (sorted(rig.settled), rig.balance()) == ([1, 2, 3], 0)


def test_the_options_can_change_while_alerts_wait():
    rig = Rig(CAPPED)
    rig.offer(1, 2, 3)
    new = object()
    rig.lane.change(destination("{terminal: echo, queue: 7, cap: {alerts: 3, per: 1h}}", label="ops"), new, rig.now)
    rig.offer(4, 5)

    assert rig.lane.action is new
    assert rig.send() == ["1", "2", "4"]


@pytest.mark.parametrize("seed", range(20))
def test_every_alert_is_accounted_for(seed):
    chance = random.Random(seed)
    rig = Rig("{exec: [/bin/true], concurrency: 2, queue: 5, cap: {alerts: 20, per: 10s}, retry: {give_up: 9s}}")
    rig.share = Share(2000, 3)
    running = []
    for number in range(300):
        step = chance.random()
        if step < 0.5:
            rig.offer(number)
            if chance.random() < 0.05:
                rig.journal.pop(place(number))
        elif step < 0.8:
            running += rig.begin()
        elif step < 0.95 and running:
            job = running.pop(chance.randrange(len(running)))
            kind = {"aside": chance.random() < 0.3, "away": chance.random() < 0.2}
            rig.end(job, again=chance.choice([None, None, True, False]), **kind)
        else:
            rig.now += chance.random() * 5
        assert rig.balance() == 0
        running += rig.begin()
        rig.lane.tick(rig.now)
        running += rig.begin()
        assert (rig.lane.due() or rig.now + 1) > rig.now  # or it would be asked for ever
    for job in running:
        rig.end(job)
    for _ in range(10):
        rig.now += 100
        rig.lane.tick(rig.now)
        rig.send()

    assert (rig.balance(), rig.lane.pending, rig.lane.idle) == (0, 0, True)
    assert len(rig.settled) == len(set(rig.settled))
