import contextlib
import json
import os
import selectors
import socket
import stat
import threading
import time

import pytest
from observing import until

from collector.errors import CollectorError
from collector.service.control import CLIENTS, PATIENCE, Access, ControlServer, request


def echo(question, answer):
    answer({"asked": question})


@pytest.fixture
def selector():
    with selectors.DefaultSelector() as made:
        yield made


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "control.sock")


@pytest.fixture
def server(path, selector):
    with contextlib.closing(ControlServer(path, selector, echo)) as made:
        yield made


def turn(selector):
    """Let the server do all there is to do."""
    while events := selector.select(0):
        for key, _ in events:
            key.data()


@pytest.fixture
def connect(path, selector):
    clients = []

    def make():
        client = socket.socket(socket.AF_UNIX)
        clients.append(client)
        client.connect(path)
        client.setblocking(False)
        turn(selector)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def answering(selector, server):
    """The server at work in the background, for the blocking client."""
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            for key, _ in selector.select(0.01):
                key.data()

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    ended.set()
    thread.join()


def received(client):
    data = b""
    with contextlib.suppress(BlockingIOError):
        while piece := client.recv(65536):
            data += piece
    return data


def is_closed(client):
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


@pytest.mark.usefixtures("answering")
def test_a_question_gets_its_answer(path):
    assert request(path, {"ask": "監査"}) == {"asked": {"ask": "監査"}}


def test_a_large_answer_arrives_whole(path, selector):
    numbers = list(range(500_000))
    server = ControlServer(path, selector, lambda _, answer: answer({"numbers": numbers}))
    thread = threading.Thread(target=serve_one, args=(selector,))
    thread.start()
    answer = request(path, {"ask": "status"})
    thread.join()
    server.close()

    assert answer == {"numbers": numbers}


def serve_one(selector):
    """Serve until one conversation has come and gone."""
    until(lambda: len(_work(selector).get_map()) == 2)
    until(lambda: len(_work(selector).get_map()) == 1)


def _work(selector):
    for key, _ in selector.select(0.05):
        key.data()
    return selector


def test_a_question_may_come_in_pieces(server, selector, connect):
    client = connect()
    for byte in b'{"ask": "ping"}\n':
        assert received(client) == b""
        client.send(bytes([byte]))
        turn(selector)

    assert json.loads(received(client)) == {"asked": {"ask": "ping"}}
    assert is_closed(client)


@pytest.mark.parametrize("line", [b"\n", b"status\n", b"[]\n", b"\xff\xfe\n", b"[" * 4000 + b"\n"])
def test_what_is_no_question_gets_an_error(server, selector, connect, line):
    client = connect()
    client.send(line)
    turn(selector)

    assert json.loads(received(client)) == {"error": "the question is not a JSON object on one line"}


@pytest.mark.usefixtures("answering")
def test_a_refusal_is_raised_by_the_client(path, server):
    server._respond = lambda _, answer: answer({"error": "cannot answer that"})

    with pytest.raises(CollectorError, match=r"^cannot answer that$"):
        request(path, {"ask": "x"})


def test_a_client_that_leaves_early_is_forgotten(server, selector, connect):
    connect().close()
    turn(selector)

    assert len(selector.get_map()) == 1


def test_a_client_that_leaves_before_its_answer_disturbs_nobody(server, selector, connect):
    client = connect()
    client.send(b"{}\n")
    client.close()
    turn(selector)

    assert len(selector.get_map()) == 1


def test_a_client_that_talks_without_end_is_closed(server, selector, connect):
    client = connect()
    for _ in range(3):
        client.send(b"{" * 2000)
        turn(selector)

    assert len(selector.get_map()) == 1


def test_a_client_that_says_nothing_is_closed_when_its_time_is_over(server, selector, connect):
    client = connect()
    server.expire(time.monotonic())
    assert not is_closed(client)
    server.expire(time.monotonic() + PATIENCE + 1)

    assert is_closed(client)


def test_a_client_that_does_not_take_its_answer_is_closed_when_its_time_is_over(path, selector, connect):
    server = ControlServer(path, selector, lambda _, answer: answer({"large": "x" * 10_000_000}))
    client = connect()
    client.send(b"{}\n")
    turn(selector)
    assert len(selector.get_map()) == 2
    server.expire(time.monotonic() + PATIENCE + 1)

    assert len(selector.get_map()) == 1
    server.close()


def test_the_number_of_clients_is_bounded_and_the_oldest_makes_room(server, selector, connect):
    clients = [connect() for _ in range(CLIENTS + 5)]

    assert [is_closed(client) for client in clients] == [True] * 5 + [False] * CLIENTS


def test_owner_and_group_may_ask_nobody_else(server, path):
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


def test_the_file_goes_with_the_server(selector, path):
    ControlServer(path, selector, echo).close()

    assert not os.path.exists(path)


def test_a_file_that_another_one_put_there_meanwhile_stays(selector, path):
    server = ControlServer(path, selector, echo)
    os.unlink(path)
    with open(path, "w"):
        server.close()

    assert os.path.exists(path)


def test_a_socket_file_left_behind_is_replaced(path, selector):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    server = ControlServer(path, selector, echo)
    server.close()


def test_a_socket_somebody_answers_at_is_left_alone(server, path, selector):
    with pytest.raises(CollectorError, match="another daemon answers at the control socket"):
        ControlServer(path, selector, echo)
    assert os.path.exists(path)


@pytest.mark.parametrize("make", [os.mkdir, lambda path: open(path, "w").close()])
def test_what_is_no_socket_is_never_replaced(path, selector, make):
    make(path)

    with pytest.raises(CollectorError, match=r"cannot make the control socket .*: Address already in use"):
        ControlServer(path, selector, echo)
    assert os.path.exists(path)


def test_the_last_folder_of_the_path_is_made(tmp_path, selector):
    server = ControlServer(str(tmp_path / "collector/control.sock"), selector, echo)
    server.close()

    assert (tmp_path / "collector").is_dir()


@pytest.mark.parametrize("path", ["/nonexistent/deeper/control.sock", "/tmp/" + "x" * 200])
def test_an_impossible_path_is_a_clear_error(path, selector):
    with pytest.raises(CollectorError, match=r"cannot make the control socket /\S+: \w") as caught:
        ControlServer(path, selector, echo)
    assert "107 bytes" in caught.value.hint


def test_no_daemon_is_a_clear_error(path):
    with pytest.raises(CollectorError, match=f"no collector answers at {path}") as caught:
        request(path, {"ask": "status"})
    assert "collector run" in caught.value.hint


def test_a_dead_socket_file_is_a_clear_error(path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)

    with pytest.raises(CollectorError, match=f"no collector answers at {path}"):
        request(path, {"ask": "status"})


def test_a_daemon_that_does_not_answer_is_a_clear_error(server, path):
    with pytest.raises(CollectorError, match=r"did not answer within 0\.05 s"):
        request(path, {"ask": "status"}, timeout=0.05)


def test_a_daemon_too_busy_to_accept_is_a_clear_error(path):
    with contextlib.ExitStack() as opened:
        busy = opened.enter_context(socket.socket(socket.AF_UNIX))
        busy.bind(path)
        busy.listen(0)
        waiting = opened.enter_context(socket.socket(socket.AF_UNIX))
        waiting.connect(path)
        with pytest.raises(CollectorError, match=r"did not answer within 0\.05 s"):
            request(path, {"ask": "status"}, timeout=0.05)


def test_something_else_at_the_socket_is_a_clear_error(path):
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(path)
        stranger.listen()

        def speak():
            connection, _ = stranger.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"220 mail ready\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(CollectorError, match="is not a collector"):
            request(path, {"ask": "status"})
        thread.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without permission")
def test_missing_permission_is_a_clear_error(server, path, tmp_path):
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    os.chmod(path, 0o600)  # whoever runs the tests may be in any group
    os.seteuid(65534)
    try:
        with pytest.raises(CollectorError, match="no permission to use the control socket") as caught:
            request(path, {"ask": "status"})
    finally:
        os.seteuid(0)
    assert "member of its group" in caught.value.hint


def test_the_socket_has_the_permissions_and_the_group_that_are_asked_for(tmp_path):
    path = tmp_path / "control.sock"
    with selectors.DefaultSelector() as selector:
        server = ControlServer(str(path), selector, lambda *_: None, Access(0o600, os.getegid()))
        status = path.stat()
        server.close()

    assert (status.st_mode & 0o777, status.st_gid) == (0o600, os.getegid())


def test_a_group_the_service_is_no_member_of_is_told_with_its_cure(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with (
        selectors.DefaultSelector() as selector,
        pytest.raises(CollectorError, match=r"cannot give the control socket .* to the group root") as error,
    ):
        ControlServer(str(tmp_path / "control.sock"), selector, lambda *_: None, Access(group=0))
    assert "make the user of the service a member of it" in error.value.hint
