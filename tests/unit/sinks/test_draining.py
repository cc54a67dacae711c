import socket
import threading
import time

from sink_rig import rig

from collector.sinks.draining import drain

__all__ = ["rig"]

LINE = b"x" * 1000
PIECE = 100


def peer():
    return socket.create_server(("127.0.0.1", 0))


def forwarding(rig, listener):
    one = rig("forward", forward=f"tcp://127.0.0.1:{listener.getsockname()[1]}", queue="32MiB")
    one.tick()
    one.turn()
    return one


def test_one_whose_peer_reads_nothing_does_not_take_the_time_of_the_others(rig):
    with peer() as deaf, peer() as listener:
        first, second = forwarding(rig, deaf), forwarding(rig, listener)
        connection, _ = listener.accept()
        for one in (first, second):
            while one.counts()[3] < 5 * PIECE:
                one.offer(*[LINE] * PIECE)

        def read():
            while connection.recv(1 << 20):
                pass

        reading = threading.Thread(target=read)
        reading.start()
        drain([first.sink, second.sink], time.monotonic() + 0.6)
        waiting = first.counts()[3], second.counts()[3]
        second.sink.close()
        reading.join()
        connection.close()

    assert waiting[0] > 0
    assert waiting[1] == 0


def test_when_nothing_waits_it_takes_no_time(rig):
    with peer() as listener:
        one = forwarding(rig, listener)
        started = time.monotonic()
        drain([one.sink], started + 20)

    assert time.monotonic() - started < 1


def test_when_the_time_is_over_each_still_writes_what_is_taken_at_once(rig):
    with peer() as listener:
        one = rig("forward", forward=f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        one.tick()
        one.offer(b"one")
        drain([one.sink], time.monotonic() - 1)

        assert one.counts() == (1, 1, 0, 0)
