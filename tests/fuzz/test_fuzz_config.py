"""
Whatever bytes a configuration file holds: loading never raises, and gives settings or says what is wrong, in one
printable line with a place inside the file.
"""

import re

import pytest
from fuzzing import generator, rounds

from collector.config.load import load_settings

VALID = """\
sources:
  - udp: 0.0.0.0:514
    receive_buffer: 32MiB
  - tcp: "[::]:514"
    tls: {certificate: /etc/x.pem, ciphers: [a, b]}
charset:
  fallback: [cp932, euc-jp]
  hosts: {atropos: euc-jp, 192.0.2.0/24: cp932}
timezone: {default: Asia/Tokyo, hosts: {192.0.2.0/24: "+09:00"}}
routes:
  - local0.debug          /var/log/windows   # 着信
  - include: /etc/collector/routing.conf
  - |
    *.info;mail.none    /var/log/messages
    !sshd
  - select: "*.info;mail.none"
    where: {hostname: 'dc*'}
    to: {file: "/var/log/{{ hostname }}.log", format: json, mode: 0640}
  - {select: "*.crit", to: [/var/log/crit, "@central"]}
templates: &t {short: "{{ message }}"}
state_dir: /var/lib/collector
control: /run/collector/control.sock
workers: auto
max_message: 64KiB
"""

PIECES = [
    b"*", b"&a ", b"*t", b"!", b"!!int ", b"|", b">", b"- ", b": ", b"? ", b"#", b"'", b'"', b"{", b"}", b"[", b"]",
    b",", b"\n", b"\r", b"\t", b"  ", b"\0", b"\xff", b"\xef\xbb\xbf", b"\x1b[2J", b"%", b"@", b"`", b"---\n",
    b"...\n", b"<<: ", b"{{ x }}", b"\\ud800", b"\\U00110000", b'"\\', b"\xe2\x80\xa8", b"\xc2\x85", b"null", b"true",
    b"0640", b"0o7", b"1e999", b"9" * 50, b"-", b".nan", b"sources", b"routes:", b"udp: ", b"key", b"\xe7\x9d",
    "着".encode(), b"%YAML 1.2\n",
]  # fmt: skip

JARGON = re.compile(r"pydantic|Input should|function-|Scanner|Parser|Traceback|<class|NoneType|_error|literal\[")


@pytest.fixture
def check(tmp_path):
    path = tmp_path / "c.yaml"

    def check(raw):
        path.write_bytes(raw)
        settings, problems = load_settings(path, source_kinds=("udp", "tcp"), sink_kinds=("file",))
        good = all(problem.level == "warning" for problem in problems)
        assert settings is not None or not good
        lines = len(re.split(rb"\r\n|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]", raw)) + 1
        for problem in problems:
            assert 1 <= problem.location.line <= lines
            assert 1 <= problem.location.column <= len(raw) + 2
            assert problem.message.isprintable()
            assert problem.hint is None or problem.hint.isprintable()
            assert not JARGON.search(str(problem))
        return good

    return check


def mutated(raw, rng):
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(raw) + 1), rng.choice([0, 0, 1, 2, 10, 60])
        kind = rng.randrange(4)
        if kind == 0:
            raw = raw[:at] + rng.choice(PIECES) + raw[at + length :]
        elif kind == 1:
            raw = raw[:at] + raw[at + length :]
        elif kind == 2:
            start = rng.randrange(len(raw) + 1)
            raw = raw[:at] + raw[start : start + length] + raw[at:]
        else:
            raw = raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
    return raw


def test_the_seed_itself_is_good(check):
    assert check(VALID.encode())


@pytest.mark.parametrize("seed", range(4))
def test_mutations_of_a_good_file(check, seed):
    rng = generator(seed)
    outcomes = {check(mutated(VALID.encode(), rng)) for _ in range(250)}

    assert outcomes == {True, False}


def test_files_made_of_the_signs_of_yaml(check):
    rng = generator(5)
    for _ in rounds(1500):
        check(b"".join(rng.choices(PIECES, k=rng.randint(1, 12))))


def test_random_bytes(check):
    rng = generator(6)
    for _ in rounds(500):
        check(rng.randbytes(rng.randint(0, 200)))


def test_every_beginning_of_a_good_file(check):
    raw = VALID.encode()
    for end in range(0, len(raw), 3):
        check(raw[:end])
