import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
from observing import until
from service_under_test import environment

from collector.service.activation import inherited_sockets

ASK = """
import json, os
from collector.service.activation import inherited_sockets
found = inherited_sockets()
print(json.dumps({
    "warnings": found.warnings(),
    "left": [name for name in os.environ if name.startswith("LISTEN_")],
    "kept": [os.get_inheritable(fd) for fd in range(3, 3 + COUNT) if os.path.exists(f"/proc/self/fd/{fd}")],
}))
"""

HAND_OVER = """
import os, sys
wanted, ask = sys.argv[1:3]
os.environ.update(LISTEN_PID=str(os.getpid()), **eval(wanted))
os.execv(sys.executable, [sys.executable, "-W", "error", "-c", ask])
"""


def handed_over(descriptors, **variables):
    """What a process finds that has these descriptors as 3, 4, …, as a service manager would start it."""
    ask = ASK.replace("COUNT", str(len(descriptors)))

    def arrange():
        high = [os.dup2(descriptor, 40 + at) for at, descriptor in enumerate(descriptors)]
        for at, descriptor in enumerate(high):
            os.dup2(descriptor, 3 + at)

    done = subprocess.run(
        [sys.executable, "-c", HAND_OVER, repr(variables), ask],
        pass_fds=range(3, 3 + len(descriptors)), preexec_fn=arrange, env=environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_descriptors_become_sockets_with_their_names(tmp_path):
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.create_server(("127.0.0.1", 0)) as tcp:
        udp.bind(("127.0.0.1", 0))
        found = handed_over([udp.fileno(), tcp.fileno()], LISTEN_FDS="2", LISTEN_FDNAMES="datagrams:streams")

        assert [warning.partition(", where")[0] for warning in found["warnings"]] == [
            f'The inherited socket "datagrams" listens on udp 127.0.0.1:{udp.getsockname()[1]}',
            f'The inherited socket "streams" listens on tcp 127.0.0.1:{tcp.getsockname()[1]}',
        ]
    assert found["left"] == []
    assert found["kept"] == [False, False]


def test_a_file_among_them_is_told_and_the_socket_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as tcp, (tmp_path / "file").open("w") as file:
        found = handed_over([file.fileno(), tcp.fileno()], LISTEN_FDS="2")

    assert found["warnings"][0] == 'The inherited socket "unknown" is no socket and is not used.'
    assert "listens on tcp" in found["warnings"][1]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "some"},
        {"LISTEN_PID": "", "LISTEN_FDS": ""},
    ],
)
def test_what_is_for_nobody_or_another_process_is_left_alone(environ):
    found = inherited_sockets(environ)

    assert found.warnings() == []
    assert environ == {}


@pytest.mark.skipif(shutil.which("systemd-socket-activate") is None, reason="systemd-socket-activate is not installed")
def test_it_is_the_protocol_that_systemd_speaks():
    ask = ASK.replace("COUNT", "1")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = [f"--setenv={name}={environment()[name]}" for name in ("PYTHONPATH", "PATH")]
    with subprocess.Popen(
        ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", "--fdname=syslog", *environ,
         sys.executable, "-c", ask],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as activator:  # fmt: skip

        def called():
            try:
                return socket.create_connection(("127.0.0.1", port))
            except ConnectionRefusedError:
                return None

        with until(called):
            found = json.loads(activator.stdout.read())

    assert found["warnings"][0].startswith(f'The inherited socket "syslog" listens on tcp 127.0.0.1:{port}')


@pytest.mark.parametrize("count", ["9" * 400, "100000"])
def test_a_count_beyond_all_reason_ends(count):
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        found = handed_over([tcp.fileno()], LISTEN_FDS=count, LISTEN_FDNAMES="only")
    assert any("listens on tcp 127.0.0.1" in warning for warning in found["warnings"])
