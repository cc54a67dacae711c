import pytest

from collector.service.rotating import live_list

ENTRIES = [("/l/{{ hostname }}", "/l/web"), ("/l/{{ hostname }}", "/l/アトロポス"), ("/l/x", '/l/"\\ \udce3')]


def test_the_list_survives(tmp_path):
    path = str(tmp_path / live_list.NAME)
    live_list.write(path, ENTRIES)

    assert list(live_list.read(path)) == ENTRIES
    assert [found.name for found in tmp_path.iterdir()] == [live_list.NAME]


def test_a_list_that_is_not_there_is_empty(tmp_path):
    assert list(live_list.read(str(tmp_path / live_list.NAME))) == []


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"{}\n", b'["a"]\n', b"[1, 2]\n", b'["a", "b"', b"\xff\xfe\n", b"[" * 5000]
)
def test_what_cannot_be_read_is_left_out(tmp_path, text):
    path = tmp_path / live_list.NAME
    path.write_bytes(text)

    assert list(live_list.read(str(path))) == []


def test_of_a_list_that_was_damaged_the_rest_is_read(tmp_path):
    path = tmp_path / live_list.NAME
    path.write_text('["a", "/l/a"]\n["b", "/l\n["c", "/l/c"]\n')

    assert list(live_list.read(str(path))) == [("a", "/l/a"), ("c", "/l/c")]
