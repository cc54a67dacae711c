from datetime import UTC, datetime

import pytest

from collector.protocol.parsers.context import sender_of
from collector.protocol.parsers.scan import FULL_3164, FULL_5424
from collector.protocol.render import Moment, line_of, raw
from collector.protocol.rewrite import Rewrite

ARRIVAL = datetime(2026, 7, 3, 8, 9, 10, 250_000, tzinfo=UTC)
PEER = "[2001:db8::7]:514"
BSD = "<34>Oct 11 22:14:15 liar su[230]: liar Oct 11 22:14:15 text\n"
ISO = "<34>1 2026-10-11T22:14:15+09:00 liar su 230 ID47 - text\n"


def row_of(line):
    [row] = (FULL_5424 if line.startswith("<34>1 ") else FULL_3164).findall(line)
    assert not row[9]
    return row


@pytest.mark.parametrize(
    ("name_of", "arrival", "line", "expected"),
    [
        (sender_of, None, BSD, "Oct 11 22:14:15 2001:db8::7 su[230]: liar Oct 11 22:14:15 text\n"),
        (None, ARRIVAL, BSD, "Jul  3 08:09:10 liar su[230]: liar Oct 11 22:14:15 text\n"),
        (sender_of, ARRIVAL, BSD, "Jul  3 08:09:10 2001:db8::7 su[230]: liar Oct 11 22:14:15 text\n"),
        (sender_of, None, ISO, "Oct 11 22:14:15 2001:db8::7 su[230]: text\n"),
        (None, ARRIVAL, ISO, "Jul  3 08:09:10 liar su[230]: text\n"),
    ],
)
def test_a_line_gets_another_name_and_another_time_and_nothing_else(name_of, arrival, line, expected):
    row = Rewrite(name_of, arrival)(row_of(line), PEER)

    assert line_of(row) == expected


@pytest.mark.parametrize("line", [BSD, ISO])
def test_what_came_is_still_known(line):
    row = Rewrite(sender_of, ARRIVAL)(row_of(line), PEER)

    assert raw([(row, PEER)], Moment(ARRIVAL, lambda *_: (ARRIVAL, "arrival", ()))) == line.encode()


def test_a_peer_without_a_name_leaves_the_message_its_own():
    row = row_of(BSD)

    assert line_of(Rewrite(sender_of, None)(row, None)) == line_of(row)
