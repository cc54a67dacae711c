import select

import pytest

from collector.sinks.journal import Bell


@pytest.fixture
def bell():
    bell = Bell()
    yield bell
    bell.close()


def can_be_read(bell):
    return bool(select.select([bell], [], [], 0)[0])


def test_it_is_heard_once_however_often_it_was_rung(bell):
    assert not can_be_read(bell)
    bell.ring()
    bell.ring()
    assert can_be_read(bell)

    assert bell.hush()
    assert not can_be_read(bell)
    assert not bell.hush()


def test_an_append_rings_it(bell, journal):
    writer = journal.writer(bell=bell)
    assert not can_be_read(bell)
    writer.append(b"one")

    assert can_be_read(bell)
