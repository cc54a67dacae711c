from types import SimpleNamespace

from collector.service.watching.coming_rules import ComingRules


def coming(*names):
    plans = ComingRules()
    for name in names:
        plans.add(SimpleNamespace(plan=name))
    return plans


def test_a_plan_comes_when_its_first_entry_does():
    plans = coming("b")
    assert plans
    assert plans.take("a") is None
    assert plans.take("b").plan == "b"
    assert not plans


def test_those_of_which_no_entry_came_are_passed_over_and_later_ones_stay():
    plans = coming("b", "c", "d")
    assert plans.take("c").plan == "c"
    assert plans.take("b") is None
    assert plans.take("d").plan == "d"


def test_a_plan_may_come_back():
    plans = coming("b", "a", "b")
    assert [plans.take(name).plan for name in ("b", "a", "b")] == ["b", "a", "b"]


def test_of_many_the_last_stay():
    plans = coming(*"abcdefgh")
    assert plans.take("a") is None
    assert plans.take("h").plan == "h"
