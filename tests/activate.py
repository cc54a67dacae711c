"""
Starts a program as a service manager does that has opened its sockets:

    python activate.py '[["udp", "127.0.0.1", 0], ["unix", "./log"]]' PROGRAM …

Where they listen is told in the file ``activated``, as JSON.
"""

import json
import os
import socket
import sys
from pathlib import Path


def opened(kind, host, port=0):
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # PassCredentials= of syslog.socket
        sock.bind(host)
        return sock
    sock = socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    if kind == "tcp":
        sock.listen()
    return sock


if __name__ == "__main__":
    sockets = [opened(*one) for one in json.loads(sys.argv[1])]
    Path("activated").write_text(json.dumps([sock.getsockname() for sock in sockets]))
    high = [os.dup2(sock.fileno(), 100 + number) for number, sock in enumerate(sockets)]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, 3 + number, inheritable=True)
    names = ":".join(f"socket{number}" for number in range(len(sockets)))
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names)
    os.execvp(sys.argv[2], sys.argv[2:])
