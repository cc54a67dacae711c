"""Whatever is offered, in whatever pieces it is taken: every message goes out whole and in order, or is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sinks.backlog import Backlog, counted, cut_counted, cut_lines

MESSAGES = st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\n", b" ")), max_size=8)
STEPS = st.lists(st.one_of(MESSAGES, st.integers(0, 60), st.just("break"), st.just("give up")), max_size=30)


class Counts(dict):
    def count(self, name, amount=1, _reason=""):
        self[name] = self.get(name, 0) + amount

    def set(self, name, value):
        """Nothing here is a gauge that is set."""


@pytest.mark.parametrize(("cut", "frame"), [(cut_lines, bytes), (cut_counted, counted)])
@given(steps=STEPS, limit=st.integers(1, 200))
def test_what_goes_out_are_whole_messages_in_order_and_all_others_are_counted(cut, frame, steps, limit):
    counts = Counts()
    backlog = Backlog(limit, counts, full="full", cut=cut)
    offered, out, connection = [], b"", b""
    for step in steps:
        if step == "break":  # the other side goes: of what it got, it keeps the whole messages
            out, connection = out + connection[: cut(connection, len(connection))[0]], b""
            backlog.rewind()
        elif step == "give up":
            out, connection = out + connection[: cut(connection, len(connection))[0]], b""
            backlog.drop("gone")
        elif isinstance(step, int):
            piece = bytes(backlog.piece(step))
            backlog.advance(len(piece))
            connection += piece
        elif step:
            offered += step
            backlog.fill(frame(b"".join(message + b"\n" for message in step)), len(step), lambda: None)
    got = out + connection[: cut(connection, len(connection))[0]]

    assert counts.get("sink_written", 0) == cut(got, len(got))[1]
    assert counts.get("sink_pending", 0) == len(backlog)
    names = ("sink_offered", "sink_written", "sink_dropped", "sink_pending")
    total, *parts = (counts.get(name, 0) for name in names)
    assert total == len(offered) == sum(parts)
    remaining = iter(offered)
    for message in messages_of(got, cut):
        assert message in remaining, "as it was offered, and not before one that went out"


def messages_of(data, cut):
    if cut is cut_lines:
        return data.split(b"\n")[:-1]
    found = []
    while data:
        size, _, rest = data.partition(b" ")
        found.append(rest[: int(size)])
        data = rest[int(size) :]
    return found
