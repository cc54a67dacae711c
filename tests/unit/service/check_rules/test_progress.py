"""The progress bar: when it is shown, and what it leaves behind."""

import io

import pytest

from collector.service.check_rules.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return Clock()


def test_it_comes_after_a_second_and_not_too_often(clock):
    screen = Terminal()
    progress = Progress(screen, wanted=True, now=clock)
    for now in (0.0, 0.9, 1.0, 1.05, 1.2):
        clock.now = now
        progress.show(0.5, 12_000, 3)
    assert screen.getvalue().split("\r")[1:] == [
        "[##########..........]  50%  12,000 lines  12,000/s  3 alerts\033[K",
        "[##########..........]  50%  12,000 lines  10,000/s  3 alerts\033[K",
    ]


def test_it_goes_away_once(clock):
    screen = Terminal()
    progress = Progress(screen, wanted=True, now=clock)
    progress.clear()
    assert screen.getvalue() == ""
    clock.now = 2.0
    progress.show(None, 10, 0)
    progress.clear()
    progress.clear()
    assert screen.getvalue() == "\r10 lines  5/s  0 alerts\033[K\r\033[K"


@pytest.mark.parametrize(
    ("stream", "wanted", "term"), [(Terminal, False, "x"), (io.StringIO, True, "x"), (Terminal, True, "dumb")]
)
def test_where_nobody_looks_there_is_none(clock, monkeypatch, stream, wanted, term):
    monkeypatch.setenv("TERM", term)
    screen = stream()
    progress = Progress(screen, wanted=wanted, now=clock)
    clock.now = 5.0
    progress.show(0.5, 1, 1)
    progress.clear()
    assert screen.getvalue() == ""
