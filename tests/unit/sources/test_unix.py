import socket
from contextlib import closing

import pytest

from collector.errors import CollectorError
from collector.sources.unix import UnixOptions, UnixSource


def refusal(path):
    with pytest.raises(CollectorError) as caught:
        UnixSource(UnixOptions(unix=str(path))).bind(1)
    return str(caught.value).partition(": ")[2], caught.value.hint


def test_a_path_that_is_no_socket_is_left_alone_and_named(tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    hint = "move it away, or listen on another path"

    assert refusal(tmp_path / "file") == ("it is a plain file", hint)
    assert refusal(tmp_path / "folder") == ("it is a folder", hint)
    assert refusal(tmp_path / "link") == ("it is a symbolic link", hint)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_socket_that_another_program_listens_on_is_left_to_it(tmp_path):
    path = tmp_path / "log"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as other:
        other.bind(str(path))

        assert refusal(path) == ("another program listens there", f"`ss -xlp src {path}` names the program")
        assert path.is_socket()


def test_a_socket_that_nobody_listens_on_any_more_is_replaced(tmp_path):
    path = tmp_path / "log"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as other:
        other.bind(str(path))
    [[bound]] = UnixSource(UnixOptions(unix=str(path))).bind(1)

    with closing(bound):
        assert bound.getsockname() == str(path)
