from collector.sinks.journal.entries import HEAD, head, number_at_start, scan

MARK = b"\x9f\x3c\x52\xd0\x7a\xb1\xe8\x64"


def written(*payloads, position=0, number=0):
    data = b""
    for payload in payloads:
        data += head(MARK, position + len(data), number, payload) + payload
        number += 1
    return data


def payloads(found):
    return [entry.payload for entry in found]


def damaged(found):
    return sum(entry.damaged for entry in found)


def test_an_entry_looks_as_it_is_drawn():
    data = head(MARK, 0, 7, b"text") + b"text"

    assert data[:8] == MARK
    assert data[8:12] == b"\x04\0\0\0"
    assert data[16:24] == b"\x07\0\0\0\0\0\0\0"
    assert data[24:] == b"text"
    assert len(data) == HEAD + 4


def test_what_was_written_is_found_with_numbers_and_ends():
    found = scan(written(b"one", b"", b"three", position=100, number=40), 100, MARK)

    assert damaged(found) == 0
    assert [(entry.number, entry.end, entry.payload) for entry in found] == [
        (40, 27, b"one"),
        (41, 51, b""),
        (42, 80, b"three"),
    ]


def test_what_is_not_whole_yet_is_left():
    data = written(b"one", b"two")
    for size in range(27, len(data)):
        assert payloads(scan(data[:size], 0, MARK)) == [b"one"]
        assert damaged(scan(data[:size], 0, MARK)) == 0


def test_one_changed_byte_anywhere_costs_the_entry_it_is_in_and_no_other():
    data = written(b"one", b"two", b"three")
    for place in range(27, 54):
        found = scan(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], 0, MARK)
        assert payloads(found) == [b"one", b"three"]
        assert damaged(found) == 27


def test_bytes_that_are_missing_cost_what_stands_behind_them_as_its_place_is_wrong():
    data = written(b"one", b"two", b"three")

    assert payloads(scan(data[:30] + data[31:], 0, MARK)) == [b"one"]


def test_an_entry_at_another_position_than_its_own_is_none():
    assert scan(written(b"one", position=5), 6, MARK) == []


def test_a_message_that_looks_like_an_entry_is_never_taken_for_one():
    other = b"\0\1\2\3\4\5\6\7"
    forged = head(other, 0, 1, b"forged") + b"forged"
    data = written(b"one", forged, b"three")

    assert payloads(scan(data, 0, MARK)) == [b"one", forged, b"three"]
    assert payloads(scan(b"\xff" + data[1:], 0, MARK)) == [forged, b"three"]
    assert payloads(scan(data[:30] + b"\xff" + data[31:], 0, MARK)) == [b"one", b"three"]


def test_nothing_is_found_in_nothing():
    assert scan(b"", 0, MARK) == []
    assert scan(MARK, 0, MARK) == []


def test_the_number_of_the_first_entry_is_read_from_its_head_alone():
    data = written(b"one", number=12)

    assert number_at_start(data[:HEAD], MARK) == 12
    assert number_at_start(data[: HEAD - 1], MARK) is None
    assert number_at_start(b"\xff" + data[1:], MARK) is None
