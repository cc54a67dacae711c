"""What hostile frames cost: datagrams of the largest size, of bytes that no charset explains."""

import gc
import random
import time
import tracemalloc
from itertools import cycle, islice

import pytest

from collector.protocol import japanese
from collector.protocol.charset import Charsets

_SIZE = 65_000
_CHARSETS = Charsets()
_TEXT = "サービス「印刷スプーラー」が予期せず停止しました"


def _repeated(piece):
    return bytes(islice(cycle(piece), _SIZE))


def _damaged(text):
    frame = bytearray(_repeated(text))
    frame[9::10] = b"\xff" * len(frame[9::10])
    return bytes(frame)


_HOSTILE = {
    "80": _repeated(b"\x80"),
    "ff": _repeated(b"\xff"),
    "random": random.Random(1).randbytes(_SIZE),
    "surrogates": _repeated(b"\xed\xa0\x80"),
    "damaged cp932": _damaged(_TEXT.encode("cp932")),
    "damaged euc-jp": _damaged(_TEXT.encode("euc_jp")),
    "half-width and 80": _repeated(b"\xb1\x80"),
    "lead bytes alone": _repeated(b"\x90 "),
    "8f runs": _repeated(b"\xa4\xa2\x8f\x8f\x80"),
    "good start": _repeated(_TEXT.encode("cp932"))[:5000] + _repeated(b"\x8ea")[5000:],
    "esc": _repeated(b"\x1b$B"),
    "half characters": _repeated(b"\x1b$B!"),
    "rsyslog": _repeated(b"#033$B"),
    "sysklogd": _repeated(b"^[$B"),
}
_each = pytest.mark.parametrize("frame", _HOSTILE.values(), ids=_HOSTILE)


@pytest.fixture
def _without_gc():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@_each
@pytest.mark.usefixtures("_without_gc")
def test_a_hostile_frame_leaves_nothing_to_the_garbage_collector(frame):
    _CHARSETS.normalise(frame)

    assert gc.collect() == 0


@_each
def test_a_hostile_frame_takes_no_more_than_forty_times_its_size(frame):
    tracemalloc.start()
    try:
        _CHARSETS.normalise(frame)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak <= 40 * _SIZE


@_each
def test_a_hostile_frame_is_read_in_time(frame):
    start = time.process_time()
    _CHARSETS.normalise(frame)

    assert time.process_time() - start < 1.0  # a tenth of that on a slow machine


@pytest.mark.parametrize("name", ["80", "random", "surrogates", "half-width and 80", "damaged cp932"])
def test_few_bytes_of_a_hostile_frame_are_looked_up_one_by_one(name, monkeypatch):
    lookups = []
    vendor_chars = japanese._vendor_chars
    monkeypatch.setattr(japanese, "_vendor_chars", lambda *args: lookups.append(args) or vendor_chars(*args))

    _CHARSETS.normalise(_HOSTILE[name])

    assert len(lookups) <= 4096


def test_a_run_of_windows_characters_is_looked_up_at_once(monkeypatch):
    lookups = []
    vendor_chars = japanese._vendor_chars
    monkeypatch.setattr(japanese, "_vendor_chars", lambda *args: lookups.append(args) or vendor_chars(*args))

    text = _CHARSETS.normalise("記録された名前は".encode("euc_jp") + b"\xad\xa1" * 20)

    assert (text.visible, len(lookups)) == ("記録された名前は" + "①" * 20, 1)


@pytest.mark.parametrize("charset", ["cp932", "euc_jp"])
def test_a_long_frame_with_little_damage_stays_readable(charset):
    piece = _TEXT.encode(charset)

    text = _CHARSETS.normalise(b"x" * 5000 + piece * 300 + b"\xff" + piece)

    assert text.visible == "x" * 5000 + _TEXT * 300 + "#377" + _TEXT


def test_a_long_frame_that_is_readable_only_at_its_beginning_is_unknown():
    frame = _TEXT.encode("cp932") * 100 + b"\xff" * 30_000

    assert _CHARSETS.normalise(frame).charset == "unknown"


def test_hidden_characters_look_the_same_in_a_long_text():
    piece = "a\x1bé\x85#123\u2028".encode()

    assert _CHARSETS.normalise(piece * 2000).visible == _CHARSETS.normalise(piece).visible * 2000
