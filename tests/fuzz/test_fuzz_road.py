"""
Whatever bytes arrive, over streams or as datagrams, in whatever pieces: nothing raises, each message is one line of
the file in its visible form, and none is missing, doubled or forged.
"""

import random
import re

import pytest
from fuzzing import generator, rounds
from pipeline_rig import assembled

from collector.metrics import Board
from collector.protocol.charset import Charsets
from collector.protocol.framing import Truncated
from collector.protocol.framing.auto import AutoFramer
from collector.protocol.framing.datagram import trim
from collector.service.account import Account
from collector.service.meter import Meter
from collector.service.pipeline import Origin
from collector.service.plan import build_plan_from_text
from collector.service.senders.source_senders import SourceSenders
from collector.sinks.files import OpenFiles

_PIECES = [
    b"<13>", b"<191>", b"<192>", b"<013>", b"<", b"<999>", b"Nov 22 12:00:00 ", b"Nov  2 12:00:00 gw ", b"app[1]: ",
    b"1 2026-11-22T12:00:00.5Z h app 1 - - ", b"text", b"\n", b"\r\n", b"\0", b"\x1b[2J", b"#033", b"#0", b"\t",
    "着信トラフィック".encode("cp932"), "着信".encode("euc-jp"), "着信".encode("iso-2022-jp"), "着信".encode(), b"\xff",
    b"\xc2\x85", b"\xe2\x80\xa8", b"\xfe\xff", b"12 <13>", b"0 ", b"2000000010 ", b"9" * 40, b"x" * 3000, b" ", b"",
]  # fmt: skip
_HIDDEN = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONFIG = """
sources: [{{udp: "127.0.0.1:5514"}}]
routes: [{{select: "*.*", to: {{file: "{folder}/raw", format: raw}}}}, "*.* {folder}/lines"]
state_dir: {folder}
max_message: 2048
"""


@pytest.fixture
def road(tmp_path):
    plan, problems = build_plan_from_text(_CONFIG.format(folder=tmp_path), "c.yaml")
    assert plan is not None, problems
    board = Board(plan.layout, 1)
    slot = board.slot(0)
    files = OpenFiles(4)
    pipeline = assembled(plan, slot, files).pipeline
    meter = Meter(slot, plan.layout, source=plan.sources[0].name)
    origin = Origin(meter, SourceSenders("udp"), can_wait=True)

    def take(frames):
        number = frames.count(b"\n") if isinstance(frames, bytes) else len(frames)
        pipeline.take(frames, number, lambda: ["192.0.2.7:514"] * 100_000, origin)

    yield take, tmp_path, board, files
    files.close()


def _bytes(rng: random.Random) -> bytes:
    return b"".join(rng.choices(_PIECES, k=rng.randint(0, 8)))


def _as_list(frames):
    return frames.split(b"\n")[:-1] if isinstance(frames, bytes) else list(frames)


def _expected(frames):
    charsets = Charsets()
    for frame in map(trim, frames):
        cut = f" [truncated, {frame.lost} bytes lost]" if isinstance(frame, Truncated) else ""
        if frame:
            yield charsets.normalise(frame).visible + cut


def _lines(file):
    return file.read_bytes().decode().split("\n")[:-1] if file.exists() else []


def _check(road, frames):
    _, folder, board, files = road
    files.close()
    raw, lines = _lines(folder / "raw"), _lines(folder / "lines")

    assert list(_expected(frames)) == raw
    assert len(raw) == len(lines)
    assert not any(map(_HIDDEN.search, lines))
    assert Account.of(board.totals()).adds_up
    for file in ("raw", "lines"):
        (folder / file).unlink(missing_ok=True)


@pytest.mark.parametrize("seed", range(3))
def test_datagrams(road, seed):
    rng = generator(seed)
    for _ in rounds(300):
        frames = [_bytes(rng) for _ in range(rng.randint(1, 30))]
        road[0](frames)
        _check(road, frames)


@pytest.mark.parametrize("seed", range(3))
def test_streams(road, seed):
    rng = generator(seed)
    for _ in rounds(300):
        framer = AutoFramer(2048)
        data = b"".join(_bytes(rng) + b"\n" for _ in range(rng.randint(1, 20)))
        frames = []
        while data:
            size = rng.choice((1, 7, 100, 100_000))
            found = framer.feed(data[:size])
            data = data[size:]
            if found:
                road[0](found)
                frames += _as_list(found)
        rest = list(framer.finish())
        if rest:
            road[0](rest)
        _check(road, frames + rest)
