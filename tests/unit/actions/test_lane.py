import random

import pytest
from alerting import destination
from lane_rig import Rig


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


def test_what_failed_is_tried_again_after_1_2_4_8_times_the_pause_and_holds_up_the_rest():
    rig = Rig("{terminal: echo, retry: {first: 2s, most: 10s, give_up: 1m}}")
    rig.offer(1, 2)
    pauses = []
    while job := next(iter(rig.begin()), None):
        began = rig.now
        assert job.message().id == "1"
        rig.end(job, again=True)
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
    rig.end(rig.begin()[0], again=True, after=61)

    assert rig.buried == [("1", "status")]


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

    assert rig.send() == ["2"]
    rig.now += 1
    assert rig.send() == ["1"]


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


def test_a_full_queue_drops_the_newest_and_tells_how_many():
    rig = Rig("{terminal: echo, queue: 2}")
    rig.offer(*range(5))
    assert rig.settled == [2, 3, 4]
    assert [reason for _, reason in rig.buried] == ["queue_full"] * 3

    sent = rig.send()
    rig.lane.tick(rig.now)
    assert sent + rig.send() == ["0", "1", "3 more alerts were not sent to ops: too many were waiting"]
    assert rig.lane.report()["dropped"] == {"queue_full": 3}


def test_without_memory_alerts_are_dropped_as_if_the_queue_were_full():
    rig = Rig()
    rig.offer(1, room=False)

    assert rig.lane.report()["dropped"] == {"queue_full": 1}


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
    running = []
    for number in range(300):
        step = chance.random()
        if step < 0.5:
            rig.offer(number)
        elif step < 0.8:
            running += rig.begin()
        elif step < 0.95 and running:
            job = running.pop(chance.randrange(len(running)))
            rig.end(job, again=chance.choice([None, None, True, False]), aside=chance.random() < 0.3)
        else:
            rig.now += chance.random() * 5
        assert rig.balance() == 0
    for job in running:
        rig.end(job)
    for _ in range(10):
        rig.now += 100
        rig.lane.tick(rig.now)
        rig.send()

    assert (rig.balance(), rig.lane.pending, rig.lane.idle) == (0, 0, True)
    assert len(rig.settled) == len(set(rig.settled))
