"""However batches and deaths of workers follow each other: what was begun is routed or unknown, nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from collector.metrics import UNKNOWN, Board, Key, Layout

RECEIVED, ROUTED, DROPPED = Key("received_messages"), Key("routed_messages"), Key("sink_dropped")
WAITING = Key("sink_pending", kind="gauge", lost_as=DROPPED)
SLOTS = 3

steps = st.lists(
    st.tuples(
        st.integers(0, SLOTS - 1),
        st.sampled_from(["lives", "dies before the work", "dies before publish", "dies after publish"]),
        st.integers(0, 1000),
        st.integers(0, 30),
    ),
    max_size=60,
)


@given(steps)
def test_the_account_adds_up_after_every_step(history):
    layout = Layout([RECEIVED, ROUTED, DROPPED, WAITING])
    received, routed, waiting = (layout.index(key) for key in (RECEIVED, ROUTED, WAITING))
    board = Board(layout, SLOTS)
    slots = [board.slot(number) for number in range(SLOTS)]
    begun = published = waits = 0
    for number, event, rows, kept in history:
        slot = slots[number]
        slot.begin(rows, received)
        begun += rows
        if event != "dies before the work":
            slot.add(received, rows)
            slot.add(routed, rows)
            slot.add(waiting, kept)
        if event in {"lives", "dies after publish"}:
            slot.publish()
            published += rows
            waits += kept
        if event != "lives":
            board.recover(number)
            slots[number] = board.slot(number)
        totals = board.totals()
        assert (totals[RECEIVED], totals[ROUTED], totals[UNKNOWN]) == (begun, published, begun - published)
        assert totals[WAITING] + totals[DROPPED] == waits
