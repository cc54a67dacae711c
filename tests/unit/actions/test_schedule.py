"""Whose turn it is when deliveries fail: at a destination that takes no time, on a clock that stands still between."""

import pytest
from lane_rig import Rig

EXEC = "{exec: [/bin/true], retry: {first: 1s, most: 5m, give_up: 1h}}"


class Site:
    """A destination: ``refuses`` says of an id and a time whether it fails; ``tries`` are all there were."""

    def __init__(self, refuses, text=EXEC, away=False):
        self.rig = Rig(text)
        self.start = self.rig.now
        self.refuses, self.away = refuses, away
        self.tries, self.sent = [], []

    def at_work(self, until=float("inf"), arrivals=()):
        """Deliver until there is nothing more to do, or it is that late; ``arrivals`` are pairs of a time and an id."""
        arrivals = sorted(arrivals)
        while True:
            now = self.rig.now - self.start
            while arrivals and arrivals[0][0] <= now:
                self.rig.offer(arrivals.pop(0)[1])
            if jobs := self.rig.begin():
                for job in jobs:
                    self.attempt(job, now)
                continue
            due = self.rig.lane.due()
            nexts = [time for time in (due and due - self.start, arrivals and arrivals[0][0]) if time]
            if not nexts or min(nexts) > until:
                return
            assert min(nexts) > now
            self.rig.now = self.start + min(nexts)

    def attempt(self, job, now):
        number = int(job.message().id)
        self.tries.append((now, number))
        if self.refuses(number, now):
            self.rig.end(job, again=True, away=self.away)
        else:
            self.sent.append((now, number))
            self.rig.end(job)

    @property
    def order(self):
        return [number for _, number in self.sent]

    def tries_of(self, number):
        return [time for time, each in self.tries if each == number]


def test_an_alert_that_alone_is_refused_holds_up_the_next_for_three_tries():
    site = Site(lambda number, _now: number == 1)
    site.rig.offer(1, 2, 3, 4)
    site.at_work(until=10)

    assert site.sent == [(3, 2), (3, 3), (3, 4)]
    assert site.tries_of(1)[:4] == [0, 1, 3, 3]


def test_it_is_tried_again_by_itself_until_it_is_given_up():
    site = Site(lambda number, _now: number == 1)
    site.rig.offer(1, 2)
    site.at_work()
    pauses = [b - a for a, b in zip(site.tries_of(1)[3:], site.tries_of(1)[4:], strict=False)]

    assert pauses[:8] == [8, 16, 32, 64, 128, 256, 300, 300]
    assert site.rig.buried == [("1", "status")]
    assert 3000 < site.tries_of(1)[-1] < 3600
    assert site.rig.balance() == 0


def test_one_that_was_delivered_late_is_delivered_once():
    site = Site(lambda number, now: number == 1 and now < 100)
    site.rig.offer(1, 2, 3)
    site.at_work()

    assert site.order == [2, 3, 1]
    assert site.rig.buried == []


@pytest.mark.parametrize("away", [False, True])
def test_what_comes_later_does_not_wait_for_the_pause_of_one_that_is_alone_refused(away):
    site = Site(lambda number, _now: number == 1)
    site.rig.offer(1)
    site.at_work(until=700, arrivals=[(600, 2)])

    assert site.sent == [(600, 2)]


def test_where_one_is_refused_already_the_next_such_holds_up_nobody():
    site = Site(lambda number, _now: number % 10 == 0)
    site.at_work(until=400, arrivals=[(2 * number, number) for number in range(100)])
    late = [now - 2 * number for now, number in site.sent]

    assert len(site.sent) == 90
    assert max(late) <= 3
    assert sum(late) < 10


def test_several_in_a_row_that_are_refused_are_found_out():
    site = Site(lambda number, _now: number <= 5)
    site.rig.offer(*range(1, 20))
    site.at_work(until=1000)

    assert site.order == list(range(6, 20))
    assert site.sent[0][0] == 63


def test_a_server_that_is_down_is_asked_twice_where_it_was_asked_once_and_order_is_kept_but_for_one():
    alone, crowded = (Site(lambda _number, now: now < 1800) for _ in range(2))
    alone.rig.offer(1)
    crowded.rig.offer(*range(1, 200))
    alone.at_work()
    crowded.at_work()
    one = crowded.order[0]

    assert len([now for now, _ in crowded.tries if now < 1800]) <= 2 * len(alone.tries)
    assert crowded.order[1:] == [number for number in range(1, 200) if number != one]
    assert crowded.rig.buried == []


def test_one_that_cannot_be_reached_keeps_the_order_wholly():
    site = Site(lambda _number, now: now < 1800, away=True)
    site.rig.offer(*range(1, 50))
    site.at_work()

    assert site.order == list(range(1, 50))
    assert {number for now, number in site.tries if now < 1800} == {1}


def test_a_short_failure_keeps_the_order():
    site = Site(lambda _number, now: now < 2)
    site.rig.offer(*range(5))
    site.at_work()

    assert site.order == list(range(5))


def test_many_at_a_time_that_fail_are_one_failure_of_the_destination():
    site = Site(lambda _number, now: now < 100, "{exec: [/bin/true], concurrency: 32}")
    site.rig.offer(*range(100))
    site.at_work()

    assert [now for now, _ in site.tries if now < 100] == [0] * 32 + [1, 3, 3, 7, 7, 15, 15, 31, 31, 63, 63]
    assert sorted(site.order) == list(range(100))
    assert site.sent[-1][0] < 130


def test_after_a_while_without_success_each_has_its_own_patience():
    site = Site(lambda _number, _now: True, "{exec: [/bin/true], retry: {first: 1s, most: 10s, give_up: 30s}}")
    site.rig.offer(1, 2, 3)
    site.at_work()

    assert sorted(site.rig.buried) == [("1", "status"), ("2", "status"), ("3", "status")]
    assert all(len(site.tries_of(number)) >= 3 for number in (1, 2, 3))


def test_no_more_are_refused_at_a_time_than_the_queue_has_room_for():
    site = Site(lambda number, _now: number > 0, "{exec: [/bin/true], queue: 5, retry: {first: 1m}}")
    site.at_work(until=300, arrivals=[(number / 8, number % 2 and number) for number in range(40)])

    assert site.rig.lane.pending <= 10
    assert site.rig.buried
    assert site.order.count(0) == 20
    assert site.rig.balance() == 0


def test_those_that_are_refused_take_turns_with_others():
    site = Site(lambda number, _now: number < 4, "{exec: [/bin/true], retry: {first: 100ms, most: 100ms}}")
    site.rig.offer(*range(10))
    site.at_work(until=5)
    site.tries.clear()
    site.rig.now += 1
    site.rig.offer(*range(10, 30))
    while len(site.sent) < 26:  # all of those that are refused are due whenever something has ended
        [job] = site.rig.begin()[:1]
        site.attempt(job, site.rig.now)
        site.rig.now += 1

    assert len(site.tries) == 40
