"""Datagrams that the kernel had to drop are counted: sent = received + dropped, to the last one."""

import os
import signal

from observing import until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 8KiB
routes:
  - "*.*  ./all"
workers: {}
"""


def test_what_a_stopped_worker_cannot_read_is_counted_as_dropped_by_the_kernel(serve):
    service = serve(CONFIG.format(2))
    for worker in service.workers():
        os.kill(worker, signal.SIGSTOP)
    for _ in range(4):
        service.udp(*[b"<13>Jul 23 15:54:31 host app: x"] * 500)
    dropped = until(lambda: service.count("kernel_drops"))
    for worker in service.workers():
        os.kill(worker, signal.SIGCONT)

    service.counts(2000 - dropped)
    assert dropped > 1000
    assert len(service.lines()) == 2000 - dropped
    service.hears(rf"The kernel dropped messages of udp 127\.0\.0\.1:0, {dropped:,} so far: .* Raise receive_buffer")
    assert service.stop()[0] == 2000 - dropped
    assert f"dropped by the kernel {dropped:,}." in service.said()


def test_the_count_of_a_socket_survives_its_worker(serve):
    service = serve(CONFIG.format(1))
    for _ in range(2):
        before = service.count("kernel_drops"), service.count("received_messages")
        (worker,) = service.workers()
        os.kill(worker, signal.SIGSTOP)
        service.udp(*[b"<13>Jul 23 15:54:31 host app: x"] * 500)
        until(lambda before=before: service.count("kernel_drops") > before[0])
        os.kill(worker, signal.SIGKILL)
        until(
            lambda before=before: (
                sum((service.count("kernel_drops"), service.count("received_messages"))) == sum(before) + 500
            )
        )

    assert service.count("worker_restarts") == 2
