"""When it cannot start it says why, with the cure, and leaves nothing behind."""

import socket
from pathlib import Path

import pytest
from service_under_test import prefix_without_rights

CONFIG = """
sources:
  - {kind}: 127.0.0.1:{port}
routes:
  - "*.*  ./all"
workers: 2
"""


@pytest.fixture(params=["udp", "tcp"])
def taken(request):
    """A port that another program has."""
    kind = socket.SOCK_DGRAM if request.param == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if request.param == "tcp":
            other.listen()
        yield request.param, other.getsockname()[1]


def test_a_port_in_use_is_named(serve, taken):
    kind, port = taken
    service = serve(CONFIG.format(kind=kind, port=port), ready=False)

    said = service.died(1)
    assert f"collector: error: cannot listen on 127.0.0.1:{port}: Address already in use\n" in said
    assert "hint: another program has port" in said
    assert "Traceback" not in said


def test_a_second_instance_is_refused_and_the_first_goes_on(serve):
    first = serve(CONFIG.format(kind="udp", port=0))
    second = serve(CONFIG.format(kind="udp", port=0), ready=False)

    said = second.died(1)
    assert f"another collector (pid {first.process.pid}) is running with the state folder ./state" in said
    assert "hint: stop it first" in said
    first.udp(b"<13>Jul 23 15:54:31 host app: still here")
    first.writes(b"Jul 23 15:54:31 host app: still here")


def test_a_second_instance_with_another_state_folder_cannot_take_half_of_the_messages(serve):
    first = serve(CONFIG.format(kind="udp", port=0))
    port = first.address("udp")[1]
    second = serve(CONFIG.format(kind="udp", port=port) + "state_dir: ./other\n", ready=False)

    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in second.died(1)


def test_a_state_folder_that_cannot_be_written_is_named(serve, tmp_path):
    (tmp_path / "state").mkdir(mode=0o555)
    service = serve(CONFIG.format(kind="udp", port=0), prefix=prefix_without_rights(tmp_path), ready=False)

    said = service.died(1)
    assert "cannot use the state folder ./state: Permission denied" in said
    assert "hint: create it for this user" in said


def test_a_state_folder_that_is_a_file_is_named(serve, tmp_path):
    (tmp_path / "state").write_text("")
    service = serve(CONFIG.format(kind="udp", port=0), ready=False)

    assert "cannot use the state folder ./state: " in service.died(1)


def test_a_missing_folder_for_the_control_socket_is_made_and_one_that_cannot_be_is_named(serve):
    service = serve(CONFIG.format(kind="udp", port=0) + "state_dir: ./state\ncontrol: ./state/here/control.sock\n")
    service.stop()
    service = serve(CONFIG.format(kind="udp", port=0) + "control: ./no/where/control.sock\n", ready=False)

    said = service.died(1)
    assert "cannot make the control socket no/where/control.sock: No such file or directory" in said
    assert "hint: set control to a path in a folder this user may write to" in said


def test_a_privileged_port_is_refused_with_its_cure(serve, tmp_path):
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 514:
        pytest.skip("every user may listen on every port here")
    service = serve(CONFIG.format(kind="udp", port=514), prefix=prefix_without_rights(tmp_path), ready=False)

    assert "ports below 1024 need root, CAP_NET_BIND_SERVICE, or a higher port" in service.died(1)


def test_a_bad_configuration_ends_with_78_and_every_mistake(serve):
    service = serve('sources: [{udq: ":514"}]\nroutes: ["*.nfo ./all"]\nworkes: 2\nstate_dir: ./state\n', ready=False)

    said = service.died(78)
    assert "collector.yaml:1:" in said
    assert "collector.yaml:2:" in said
    assert "collector.yaml:3:" in said
    assert "Not started: 3 errors in the configuration." in said
