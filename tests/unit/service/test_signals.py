import os
import select
import signal

from collector.service.signals import HANDLED, SignalQueue


def test_signals_are_found_in_the_order_they_came():
    with SignalQueue() as queue:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert select.select([queue], [], [], 0)[0] == [queue]

        assert queue.take() == [signal.SIGHUP, signal.SIGTERM]
        assert queue.take() == []


def test_a_broken_pipe_is_no_reason_to_die():
    reader, writer = os.pipe()
    os.close(reader)
    with SignalQueue():
        assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN
    os.close(writer)


def test_afterwards_all_is_as_it_was():
    numbers = (*HANDLED, signal.SIGPIPE)
    before = [signal.getsignal(number) for number in numbers]
    with SignalQueue():
        assert all(signal.getsignal(number) is not handler for number, handler in zip(HANDLED, before, strict=False))

    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1
