from collector.actions.unsettled import MAX_OPEN, Unsettled
from collector.sinks.journal import Place


def at(position, mark="aa"):
    return Place(mark, position, position)


def test_what_is_done_everywhere_can_be_forgotten_up_to_the_first_that_is_not():
    one = Unsettled()
    for position in (10, 20, 30):
        one.begin(at(position), ["ops", "chat"])
    one.settle(at(10), "ops")
    one.settle(at(20), "ops")
    one.settle(at(20), "chat")
    assert one.take_done() is None
    one.settle(at(10), "chat")

    assert one.take_done() == at(20)
    assert one.take_done() is None


def test_an_alert_for_nobody_is_done_at_once():
    one = Unsettled()
    assert one.begin(at(10), []) == []

    assert one.take_done() == at(10)


def test_after_a_restart_only_what_was_left_is_begun_again():
    one = Unsettled()
    for position in (10, 20, 30):
        one.begin(at(position), ["ops", "chat"])
    for position, label in ((20, "ops"), (20, "chat"), (30, "chat")):
        one.settle(at(position), label)
    later = Unsettled(one.dump())

    assert [later.begin(at(position), ["ops", "chat"]) for position in (10, 20, 30, 40)] == [
        ["ops", "chat"], [], ["ops"], ["ops", "chat"],
    ]  # fmt: skip


def test_it_is_remembered_over_several_restarts():
    one = Unsettled()
    for position in (10, 20):
        one.begin(at(position), ["ops"])
    second = Unsettled(one.dump())
    second.begin(at(10), ["ops"])
    second.settle(at(10), "ops")
    third = Unsettled(second.dump())

    assert [third.begin(at(position), ["ops"]) for position in (10, 20)] == [[], ["ops"]]


def test_a_journal_that_was_begun_anew_has_other_alerts():
    one = Unsettled()
    one.begin(at(1000, "aa"), ["ops"])
    later = Unsettled(one.dump())

    assert later.begin(at(10, "bb"), ["ops"]) == ["ops"]


def test_runs_of_the_writer_are_forgotten_in_time():
    one = Unsettled()
    for number in range(1000):
        one.begin(at(number, f"{number:016x}"), [])

    assert len(one.dump()["read"]) == 16


def test_no_more_is_read_when_too_much_is_open():
    one = Unsettled()
    for position in range(MAX_OPEN):
        one.begin(at(position), ["ops"])
    assert one.full
    one.settle(at(7), "ops")

    assert not one.full


def test_one_that_stays_open_stops_nobody():
    one = Unsettled()
    one.begin(at(0), ["ops"])
    one.begin(at(1), ["ops"])
    one.settle(at(0), "ops")
    for position in range(2, MAX_OPEN + 10):
        one.begin(at(position), ["chat"])
        one.settle(at(position), "chat")

    assert not one.full
    assert one.take_done() == at(0)
    one.settle(at(1), "ops")
    assert one.take_done() == at(MAX_OPEN + 9)
