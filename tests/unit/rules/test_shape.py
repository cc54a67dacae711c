import pytest

from collector.rules.shape import shape_of


@pytest.mark.parametrize(
    "text",
    [
        "port 1052", "port 5", "0x1F", "0xdeadbeef", "192.0.2.7", "192.0.2.7:514", "2001:db8::1", "::1", "fe80::1%eth0",
        "::ffff:192.0.2.1", "00:1b:44:11:3a:b7", "AA-BB-CC-DD-EE-FF", "aa:bb:cc:dd:ee:ff", "12:34:56", "1,234.5",
        "6B29FC40-CA47-1067-B31D-00DD010662DA", "d41d8cd98f00b204e9800998ecf8427e", "deadbeef1",
    ],
)  # fmt: skip
def test_what_differs_from_time_to_time_is_one_sign(text):
    assert shape_of(f"[{text}] {text}") == shape_of(text).join("[]") + " " + shape_of(text)
    assert shape_of(text).replace("port ", "") == "#"


@pytest.mark.parametrize("text", ["decade added facade", "std::vector", "a - b: c", "", "Zürich …", "abcdefabcdef"])
def test_words_stay(text):
    assert shape_of(text) == text


def test_numbers_in_words_differ_and_the_words_stay():
    assert shape_of("sda1 eth0 Kernel5 v2.6.32") == "sda# eth# Kernel# v#"


def test_the_loop_of_a_firewall_has_one_shape():
    text = r"861 NT AUTHORITY\SYSTEM: ntsyslog.exe, process {}, port {}, allowed: No"
    assert len({shape_of(text.format(number, 1024 + number * 37 % 60000)) for number in range(2000)}) == 1


@pytest.mark.timeout(5)
def test_no_text_takes_long():
    for piece in ("a", ":", "a:", "0a", "-", "aaaaaaaa-", "::", "1."):
        shape_of(piece * (100_000 // len(piece)))
