from itertools import repeat

import pytest

from collector.batch import Fix
from collector.protocol.charset import Charsets
from collector.protocol.framing import Truncated
from collector.protocol.hosts import HostMap
from collector.protocol.normalise import Normaliser

PEER = "192.0.2.7:4428"
NORMALISER = Normaliser(Charsets(), HostMap({}))
HEADER = b"<34>Feb  3 08:09:10 gate su: "


def batch_of(frames, normaliser=NORMALISER):
    return normaliser.frames(frames, lambda: [PEER] * len(frames), 5.0)


def block_of(text):
    return NORMALISER.block(text, lambda: repeat(PEER), 5.0)


def nobody_asks():
    raise AssertionError("peers were asked for")


@pytest.mark.parametrize(
    "line", [b"plain", b"a\tb", "着信 ｶﾅ é".encode(), b"\\x1b C:\\033", b"# #1 #12 #99x", "\ufeffx".encode()]
)
def test_a_clean_line_stays_as_it_is(line):
    assert (b"%b\n" % line, {}) == ((batch := block_of(line + b"\n")).text, batch.fixes)
    assert (b"%b\n" % line, {}) == ((batch := batch_of([line])).text, batch.fixes)


def test_nobody_asks_for_the_peers_of_clean_batches():
    text = HEADER + b"x\n" + HEADER + "着信\n".encode()

    assert NORMALISER.block(text, nobody_asks, 5.0).text is text
    assert NORMALISER.frames([b"a", b"b"], nobody_asks, 5.0).text == b"a\nb\n"


def test_nobody_asks_for_peers_to_mend_either_when_no_charset_is_declared():
    assert NORMALISER.block(b"a\x1b\n", nobody_asks, 5.0).text == b"a#033\n"


def test_a_batch_keeps_its_time_and_its_peers():
    peers = [PEER]
    batch = NORMALISER.frames([b"x"], lambda: peers, 5.0)

    assert (batch.received_at, batch.peers(), batch.empty) == (5.0, peers, 0)


@pytest.mark.parametrize(
    ("frame", "visible", "fix"),
    [
        (b"a\x1b[31mb", "a#033[31mb", Fix("a\x1b[31mb", "ascii", ())),
        (b"a\0b", "a#000b", Fix("a\0b", "ascii", ())),
        (b"a\x7fb", "a#177b", Fix("a\x7fb", "ascii", ())),
        (b"a\xc2\x85b", "a#302#205b", Fix("a\x85b", "utf-8", ())),
        ("a\u2028b".encode(), "a#342#200#250b", Fix("a\u2028b", "utf-8", ())),
        (b"issue #123", "issue #043123", Fix("issue #123", "ascii", ())),
        ("着信 #123".encode(), "着信 #043123", Fix("着信 #123", "utf-8", ())),
        ("着信を".encode("cp932"), "着信を", Fix("着信を", "cp932", ())),
        ("着信を".encode("iso2022_jp"), "着信を", Fix("着信を", "iso-2022-jp", ())),
        (b"caf\xe9 x", "caf#351 x", Fix("caf#351 x", "unknown", (), damaged=True)),
        ("\ufeffgate".encode("utf-16-le"), "gate", Fix("gate", "utf-16", ())),
        (
            Truncated(b"cut", 7),
            "cut [truncated, 7 bytes lost]",
            Fix("cut [truncated, 7 bytes lost]", "ascii", ("truncated",)),
        ),
    ],
)
def test_a_dirty_frame_is_mended_and_what_it_was_is_kept(frame, visible, fix):
    batch = batch_of([b"before", frame, b"after"])

    assert batch.text.decode() == f"before\n{visible}\nafter\n"
    assert batch.fixes == {1: fix}


def test_a_frame_of_several_lines_is_one_line():
    batch = batch_of([b"one\ntwo\n\nthree", b"four"])

    assert batch.text == b"one#012two#012#012three\nfour\n"
    assert batch.fixes == {0: Fix("one\ntwo\n\nthree", "ascii", ())}


def test_only_the_dirty_lines_of_a_block_are_mended():
    block = HEADER + b"a\n" + HEADER + b"b\x1bc #12\n" + "着信 é\u2019\n".encode() + b"#1 ^ \n" + b"z#777\n"
    batch = block_of(block)

    assert batch.text == block.replace(b"\x1b", b"#033").replace(b"z#777", b"z#043777")
    assert sorted(batch.fixes) == [1, 4]


def test_lines_of_several_charsets_in_one_batch_are_all_read():
    frames = ["着信を".encode(name) for name in ("utf-8", "cp932", "euc_jp", "iso2022_jp")]
    batch = batch_of(frames)

    assert batch.text.decode() == "着信を\n" * 4
    assert {row: fix.charset for row, fix in batch.fixes.items()} == {1: "cp932", 2: "euc-jp", 3: "iso-2022-jp"}


def test_halves_of_a_character_in_two_frames_do_not_make_a_whole():
    halves = [b"abc \xc3", b"\xa9 def"]
    batch = batch_of(halves)

    assert batch.text.decode().splitlines() == [NORMALISER.one(half, PEER)[0] for half in halves]
    assert sorted(batch.fixes) == [0, 1]


def test_a_cut_frame_is_marked_even_when_its_text_is_clean():
    batch = batch_of([b"before", Truncated(b"<34>long", 100)])

    assert batch.text == b"before\n<34>long [truncated, 100 bytes lost]\n"
    assert batch.fixes[1].marks == ("truncated",)


@pytest.mark.parametrize("frame", [b"\xff\xfe", b"\xfe\xff", b"\x1b(J", b"\x1b$B\x1b(J"])
def test_no_frame_becomes_an_empty_line(frame):
    batch = batch_of([b"a", frame, b"b\x1b"])

    assert len(batch.text.splitlines()) == 3
    assert b"" not in batch.text.splitlines()
    assert batch.fixes[2] == Fix("b\x1b", "ascii", ())


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\0", b"\n\0", b"\n\n"])
def test_what_stands_behind_a_datagram_is_taken_away(end):
    assert batch_of([b"a" + end, b"b"]).text == b"a\nb\n"


def test_empty_frames_are_counted_and_the_others_keep_their_peers():
    frames = [b"", b"a", b"\n", b"b\x1b", b"\0\0", b"c"]
    batch = NORMALISER.frames(frames, lambda: list("123456"), 5.0)

    assert (batch.text, batch.empty) == (b"a\nb#033\nc\n", 3)
    assert list(batch.peers()) == ["2", "4", "6"]
    assert sorted(batch.fixes) == [1]


@pytest.mark.parametrize("frames", [[b""], [b"\n", b""], [b"\0"]])
def test_nothing_but_empty_frames_is_a_batch_without_lines(frames):
    batch = batch_of(frames)

    assert (batch.text, batch.fixes, batch.empty) == (b"", {}, len(frames))


@pytest.mark.parametrize(
    ("hosts", "frame", "peer", "charset"),
    [
        ({"gate": "cp1252"}, HEADER + b"caf\xe9", PEER, "cp1252"),
        ({"GATE": "cp1252"}, HEADER + b"caf\xe9", PEER, "cp1252"),
        ({"other": "cp1252"}, HEADER + b"caf\xe9", PEER, "unknown"),
        ({"192.0.2.0/24": "cp1252"}, HEADER + b"caf\xe9", PEER, "cp1252"),
        ({"192.0.2.0/24": "cp1252"}, HEADER + b"caf\xe9", "198.51.100.7:1", "unknown"),
        ({"gate": "cp1252"}, b"<34>1 2026-02-03T08:09:10.5+09:00 gate app - - - caf\xe9", PEER, "cp1252"),
        ({"gate": "cp1252"}, b"Feb  3 08:09:10 gate su: caf\xe9", PEER, "cp1252"),
        ({"gate": "cp1252"}, b"<34>no header, gate caf\xe9", PEER, "unknown"),
    ],
)
def test_the_declared_charset_holds_for_the_host_or_its_network(hosts, frame, peer, charset):
    normaliser = Normaliser(Charsets(), HostMap(hosts))
    batch = normaliser.frames([b"clean", frame], lambda: ["203.0.113.1:1", peer], 5.0)

    assert batch.fixes[1].charset == charset
    assert normaliser.one(frame, peer)[1].charset == charset


def test_a_declared_charset_is_taken_by_each_frames_own_peer():
    normaliser = Normaliser(Charsets(), HostMap({"192.0.2.0/24": "cp1252", "198.51.100.0/24": "cp1251"}))
    batch = normaliser.block(b"caf\xe9\n", lambda: repeat("198.51.100.1:9"), 5.0)

    assert batch.text.decode() == "cafй\n"
