import os
import socket

import pytest

from collector.service.sink_places import troubles
from collector.sinks.console import ConsoleOptions
from collector.sinks.file import FileOptions
from collector.sinks.forward import ForwardOptions
from collector.sinks.pipe import PipeOptions
from collector.sinks.users import UsersOptions
from collector.sources import source_class


def found(options, *sources):
    return [(trouble.level, trouble.message, trouble.cure) for trouble in troubles(options, sources)]


def source(kind, address):
    return source_class(kind)(source_class(kind).Options(**{kind: address}))


def test_a_pipe_that_is_there_is_fine_and_left_alone(tmp_path):
    os.mkfifo(tmp_path / "fifo")

    assert found(PipeOptions(pipe=str(tmp_path / "fifo"))) == []


def test_a_pipe_that_is_not_there_is_a_warning_with_its_cure(tmp_path):
    [(level, message, cure)] = found(PipeOptions(pipe=str(tmp_path / "fifo")))

    assert (level, message) == ("warning", f"the named pipe {tmp_path}/fifo is not there")
    assert cure == f"create it with `mkfifo {tmp_path}/fifo`"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_pipe_is_an_error(tmp_path):
    (tmp_path / "fifo").write_text("")

    assert found(PipeOptions(pipe=str(tmp_path / "fifo")))[0][:2] == ("error", f"{tmp_path}/fifo is no named pipe")


def test_a_missing_terminal_is_a_warning_and_a_file_in_its_place_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    assert found(ConsoleOptions(console=str(tmp_path / "tty1")))[0][0] == "warning"
    assert found(ConsoleOptions(console=str(tmp_path / "file")))[0][:2] == ("error", f"{tmp_path}/file is no terminal")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without rights")
def test_a_missing_right_is_one_of_the_user_who_asks(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path, 0o600)
    for folder in (tmp_path, *tmp_path.parents[:2]):  # pytest makes its folders for their owner alone
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        assert found(PipeOptions(pipe=str(path)))[0][:2] == ("right", f"may not write to {path}")
        assert found(UsersOptions(users="*"))[0][0] == "right"
    finally:
        os.seteuid(0)


def test_users_that_do_not_exist_are_named():
    messages = [
        message for level, message, _ in found(UsersOptions(users=["root", "no-such-one"])) if level == "warning"
    ]

    assert messages == ['there is no user "no-such-one"']


@pytest.mark.parametrize(
    ("forward", "listening", "loops"),
    [
        ("udp://127.0.0.1:514", ("udp", "127.0.0.1:514"), True),
        ("udp://127.0.0.1:514", ("udp", "0.0.0.0:514"), True),
        ("udp://127.0.0.1:514", ("udp", ":514"), True),
        ("udp://localhost:514", ("udp", "127.0.0.1:514"), True),
        (f"tcp://{socket.gethostname()}:514", ("tcp", "0.0.0.0:514"), True),
        ("udp://127.0.0.1:514", ("tcp", "127.0.0.1:514"), False),
        ("udp://127.0.0.1:515", ("udp", "127.0.0.1:514"), False),
        ("udp://127.0.0.2:514", ("udp", "127.0.0.1:514"), False),
        ("udp://192.0.2.7:514", ("udp", "0.0.0.0:514"), False),
        ("udp://central:514", ("udp", "0.0.0.0:514"), False),
    ],
)
def test_a_peer_that_is_this_service_itself_is_a_warning(forward, listening, loops):
    messages = found(ForwardOptions(forward=forward), source(*listening))

    assert [level for level, _, _ in messages] == ["warning"] * loops
    assert all("in a circle" in message for _, message, _ in messages)


def test_files_are_looked_at_elsewhere():
    assert found(FileOptions(file="/none/such")) == []
