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
