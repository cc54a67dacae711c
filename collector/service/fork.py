"""Making a worker process: what it inherits, what it must let go of, and how it ends."""

import gc
import os
import signal
import socket
import traceback
from collections.abc import Callable
from typing import NoReturn

from collector.errors import CollectorError
from collector.service.ownlog import OwnLog
from collector.service.signals import HANDLED, ignore_in_worker


def fork_worker(
    work: Callable[[socket.socket], None], let_go: Callable[[], None], log: OwnLog
) -> tuple[int, socket.socket]:
    """
    Start ``work(link)`` in a new process; returns its pid and the supervisor's end of the link.

    ``let_go`` closes, in the new process, what belongs to the supervisor alone. An end of another worker's link that
    stayed open there would hide the supervisor's death from that worker. Raises OSError when there is no process to
    be had.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    # The objects there are now move out of the collector's sight, so that the pages they lie on stay shared.
    gc.freeze()
    # A signal between fork and the change of handlers would be written to the supervisor's queue by the child.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        pid = os.fork()
        if pid == 0:
            ours.close()
            _live(work, theirs, let_go, mask, log)
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        gc.unfreeze()
    return pid, ours


def _live(
    work: Callable[[socket.socket], None],
    link: socket.socket,
    let_go: Callable[[], None],
    mask: set[int | signal.Signals],
    log: OwnLog,
) -> NoReturn:
    """Never returns into the supervisor's code, whatever happens."""
    status = 1
    try:
        ignore_in_worker()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        let_go()
        work(link)
        status = 0
    except CollectorError as error:
        log.write(
            "error",
            f"A worker cannot go on: {error}; {error.hint}." if error.hint else f"A worker cannot go on: {error}.",
        )
    except BaseException as error:  # noqa: BLE001 - the last thing this process does is to say why
        for line in "".join(traceback.format_exception(error)).splitlines():
            log.write("error", line)
    finally:
        os._exit(status)


def how_it_ended(status: int) -> str:
    """An exit status, negative for a signal, as the end of a sentence."""
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
