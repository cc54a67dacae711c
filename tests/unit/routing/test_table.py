import pytest

from collector.priority import PRI_COUNT
from collector.routing.table import Route, RouteTable

ALL = frozenset(range(PRI_COUNT))


def fill(table, *rows):
    """Rows are ``(pri, text)``."""
    for row in rows:
        table.put[row[0]](row)


def is_short(row):
    return len(row[1]) < 3


@pytest.mark.parametrize(
    ("routes", "boxes", "nowhere"),
    [
        ([], [[], []], ["a", "long", "b"]),
        ([Route(ALL, 0)], [["a", "long", "b"], []], []),
        ([Route(frozenset({3}), 1)], [[], ["a", "long"]], ["b"]),
        ([Route(ALL, 0), Route(frozenset({3}), 1)], [["a", "long", "b"], ["a", "long"]], []),
        ([Route(frozenset({3}), 0), Route(frozenset({7}), 0)], [["a", "long", "b"], []], []),
        ([Route(ALL, 0), Route(frozenset({7}), 0)], [["a", "long", "b", "b"], []], []),
        ([Route(ALL, 0, is_short)], [["a", "b"], []], ["long"]),
        ([Route(ALL, 0, is_short), Route(frozenset({7}), 1)], [["a", "b"], ["b"]], ["long"]),
        ([Route(frozenset({7}), 0, is_short), Route(frozenset({3}), 1)], [["b"], ["a", "long"]], []),
        ([Route(ALL, 0, is_short), Route(ALL, 0, is_short)], [["a", "a", "b", "b"], []], ["long"]),
        ([Route(frozenset(), 0)], [[], []], ["a", "long", "b"]),
    ],
)
def test_rows_are_in_the_boxes_of_their_routes_in_their_order(routes, boxes, nowhere):
    table = RouteTable(routes, 2)
    fill(table, (3, "a"), (3, "long"), (7, "b"))

    assert [[text for _, text in box] for box in table.boxes] == boxes
    assert [text for _, text in table.nowhere] == nowhere


@pytest.mark.parametrize(
    ("routes", "boxes", "nowhere", "discarded"),
    [
        ([Route(ALL, None)], [[], []], [], ["a", "long", "b"]),
        ([Route(ALL, 0), Route(ALL, None), Route(ALL, 1)], [["a", "long", "b"], []], [], []),
        ([Route(frozenset({3}), None), Route(ALL, 1)], [[], ["b"]], [], ["a", "long"]),
        ([Route(frozenset({3}), None), Route(frozenset({3}), 0)], [[], []], ["b"], ["a", "long"]),
        ([Route(ALL, None, is_short), Route(ALL, 0)], [["long"], []], [], ["a", "b"]),
        ([Route(ALL, 0, is_short), Route(ALL, None, is_short), Route(ALL, 1)], [["a", "b"], ["long"]], [], []),
        ([Route(ALL, 0, is_short), Route(ALL, None)], [["a", "b"], []], [], ["long"]),
        ([Route(ALL, 0, is_short), Route(ALL, None), Route(ALL, 1)], [["a", "b"], []], [], ["long"]),
        ([Route(ALL, None, is_short), Route(frozenset({7}), 0, is_short)], [[], []], ["long"], ["a", "b"]),
    ],
)
def test_a_row_that_is_stopped_goes_to_no_later_route(routes, boxes, nowhere, discarded):
    table = RouteTable(routes, 2)
    fill(table, (3, "a"), (3, "long"), (7, "b"))

    assert [[text for _, text in box] for box in table.boxes] == boxes
    assert [text for _, text in table.nowhere] == nowhere
    assert [text for _, text in table.discarded] == discarded
    table.clear()
    assert (table.nowhere, table.discarded) == ([], [])


def test_neighbours_with_one_filter_ask_it_once_for_a_row():
    asked = []

    def same(row):
        return asked.append(row) or True

    table = RouteTable([Route(ALL, 0, same), Route(ALL, 1, same), Route(ALL, None, same), Route(ALL, 0)], 2)
    fill(table, (3, "a"))

    assert asked == [(3, "a")]
    assert table.boxes == [[(3, "a")], [(3, "a")]]


def test_of_many_filters_the_answers_are_remembered_together():
    asked = []

    def test_of(number):
        def test(row):
            asked.append((number, row[1]))
            return len(row[1]) == number

        return test

    routes = [*(Route(ALL, 0, test_of(number)) for number in range(1, 5)), Route(ALL, None, test_of(5)), Route(ALL, 1)]
    table = RouteTable(routes, 2, lambda _: lambda row: row[1] if row[1] != "odd" else None)
    fill(table, (3, "a"), (7, "a"), (3, "five!"), (3, "five!"), (3, "odd"), (3, "odd"))

    assert [text for _, text in table.boxes[0]] == ["a", "a", "odd", "odd"]
    assert [text for _, text in table.boxes[1]] == ["a", "a", "odd", "odd"]
    assert [text for _, text in table.discarded] == ["five!", "five!"]
    assert asked.count((1, "a")) == asked.count((5, "five!")) == 1
    assert asked.count((1, "odd")) == 2


def test_a_few_filters_are_asked_one_by_one():
    table = RouteTable([Route(ALL, 0, is_short)], 1, lambda _: pytest.fail("no key is needed"))
    fill(table, (3, "a"))
    assert len(table.boxes[0]) == 1


def test_a_filter_is_asked_only_about_rows_of_its_pris():
    asked = []
    table = RouteTable([Route(frozenset({3}), 0, lambda row: asked.append(row) or True), Route(ALL, 1)], 2)
    fill(table, (3, "a"), (7, "b"))

    assert asked == [(3, "a")]


def test_the_common_row_costs_one_call_of_append():
    table = RouteTable([Route(ALL, 0)], 1)

    assert table.put[13].__self__ is table.boxes[0]
    assert table.put[13].__name__ == "append"


def test_a_cleared_table_fills_the_same_boxes_again():
    table = RouteTable([Route(frozenset({3}), 0)], 1)
    box, nowhere = table.boxes[0], table.nowhere
    fill(table, (3, "a"), (7, "b"))
    table.clear()
    assert (box, nowhere) == ([], [])

    fill(table, (3, "c"), (7, "d"))
    assert (box, nowhere) == ([(3, "c")], [(7, "d")])
    assert table.boxes[0] is box


@pytest.mark.parametrize(
    ("routes", "filtered"), [([], False), ([Route(ALL, 0)], False), ([Route(ALL, 0), Route(ALL, 0, is_short)], True)]
)
def test_a_table_knows_whether_it_filters(routes, filtered):
    assert RouteTable(routes, 1).filtered == filtered


def test_there_is_an_entry_for_every_pri():
    table = RouteTable([Route(frozenset({0, 191}), 0)], 1)
    fill(table, *((pri, "x") for pri in range(PRI_COUNT)))

    assert [pri for pri, _ in table.boxes[0]] == [0, 191]
    assert len(table.nowhere) == PRI_COUNT - 2


def test_lines_get_their_pri_in_front_in_the_boxes_that_ask_for_it_and_stay_as_they_are_in_others():
    table = RouteTable([Route(ALL, 0), Route(frozenset({13, 34}), 1), Route(frozenset({34}), None), Route(ALL, 2)], 3)
    put = table.put_lines({1, 2})
    put[13](b"one\n")
    put[34](b"two\n")
    put[0](b"three\n")

    assert table.boxes == [
        [b"one\n", b"two\n", b"three\n"],
        [b"<13>one\n", b"<34>two\n"],
        [b"<13>one\n", b"<0>three\n"],
    ]


def test_where_no_box_asks_for_it_lines_are_put_as_rows_are():
    table = RouteTable([Route(ALL, 0)], 1)

    assert table.put_lines(()) is table.put
