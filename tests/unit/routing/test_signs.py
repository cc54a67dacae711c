from hypothesis import given
from hypothesis import strategies as st

from collector.priority import PRI_COUNT
from collector.routing.signs import Signs
from collector.routing.table import Route, RouteTable

ALL = frozenset(range(PRI_COUNT))
BOXES = 6
MANY = 100


def is_even(row):
    return row[1] % 2 == 0


ROUTES = st.lists(
    st.builds(
        Route,
        pris=st.frozensets(st.integers(0, 5), min_size=1) | st.just(ALL),
        box=st.integers(0, BOXES - 1) | st.none(),
        test=st.sampled_from([None, None, is_even]),
    ),
    max_size=8,
)


@given(
    routes=ROUTES,
    rows=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=4),
    boxes=st.sampled_from([BOXES, MANY]),
)
def test_the_filled_boxes_are_those_with_rows(routes, rows, boxes):
    table = RouteTable(routes, boxes)
    for row in rows:
        table.put[row[0]](row)

    assert table.filled() == [number for number, box in enumerate(table.boxes) if box]
    table.clear()
    assert table.filled() == []
    assert not any(table.boxes)


def test_few_boxes_are_looked_at_where_many_are():
    class Box(list):
        looks = 0

        def __bool__(self):
            Box.looks += 1
            return len(self) > 0

    routes = [Route(ALL, 0), *(Route(frozenset({number % 100}), number) for number in range(1, 1000))]
    boxes = [Box() for _ in range(1000)]
    signs = Signs(routes, boxes)
    for pri in range(PRI_COUNT):
        signs.add([route for route in routes if pri in route.pris])
    boxes[0].append("a row of PRI 150")
    boxes[0].append("a row of PRI 7")
    for number in range(7, 1000, 100):
        boxes[number].append("a row of PRI 7")

    assert signs.filled() == [0, *range(7, 1000, 100)]
    assert Box.looks < 120
