"""
Taking over the sockets that a service manager opened: sd_listen_fds(3) without a library.

    LISTEN_PID=4242                               they are for this process
    LISTEN_FDS=2                                  descriptors 3 and 4
    LISTEN_FDNAMES=syslog.socket:collector.socket
"""

import os
import socket
from collections.abc import MutableMapping
from itertools import chain, repeat

from collector.sources.inherited import Inherited

_FIRST = 3
_MOST = 4096
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def inherited_sockets(environ: MutableMapping[str, str] = os.environ) -> Inherited:
    """
    The sockets that were handed over to this process; none where the variables are not there or for another.

    The variables are taken out, as the protocol asks for: no program started from here shall believe them.
    """
    pid, count, names = (environ.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return Inherited()
    sockets, strangers = [], []
    for descriptor, name in zip(
        range(_FIRST, _FIRST + min(int(count[:6]), _MOST)),
        chain(filter(None, names.split(":")), repeat("unknown")),
        strict=False,
    ):
        try:
            os.set_inheritable(descriptor, False)
            sockets.append((name, socket.socket(fileno=descriptor)))
        except OSError:  # a fifo or a file (ENOTSOCK), or nothing at all (EBADF)
            strangers.append(name)
    return Inherited(sockets, strangers)
