from collector.service.watching.set_back import SetBack

AHEAD = 10_000.0


def test_time_that_goes_on_is_not_set_back():
    seen, clock = SetBack(), 0.0
    for arrival in (1.0, 5.0, 4.0, 6.0, 90.0, 31.0, 91.0):
        assert not seen.look(arrival, clock)
        clock = max(clock, arrival)


def test_one_batch_that_comes_late_means_nothing():
    seen = SetBack()
    for second in range(600):
        assert not seen.look(AHEAD + second, AHEAD + second)
        assert not seen.look(AHEAD + second - 300, AHEAD + second)


def test_when_all_are_behind_for_a_while_it_was_set_back():
    seen = SetBack()
    assert [seen.look(float(second), AHEAD) for second in range(1, 8)] == [False] * 5 + [True] * 2


def test_a_second_step_back_is_waited_for_as_the_first_was():
    seen = SetBack()
    found = [seen.look(arrival, AHEAD) for arrival in (5000.0, 5003.0, 100.0, 103.0, 105.0)]
    assert found == [False, False, False, False, True]


def test_it_goes_on_from_a_snapshot():
    seen = SetBack()
    seen.look(100.0, AHEAD)
    assert SetBack(seen.since).look(105.0, AHEAD)
