"""A syslog.conf sends messages where rsyslog sends them: a real one and ours are given the same file and messages."""

import random
import shutil
import socket
import subprocess

import pytest
from observing import until

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(RSYSLOGD is None, reason="rsyslogd is not installed")

WRITTEN = r"""
$IncludeConfig FOLDER/conf.d/*.conf
*.*                                             FOLDER/LOG/all
mail.info;mail.!err                             FOLDER/LOG/mail-lesser
& FOLDER/LOG/mail-too
:msg, contains, "session"                       FOLDER/LOG/session
& ~
:msg, startswith, " Failed"                     FOLDER/LOG/failed
:msg, contains, " a.b*c"                        FOLDER/LOG/first-word
:msg, regex, "^ [A-Z][a-z]\\{3,\\} for"         FOLDER/LOG/basic
:msg, ereregex, "(port|from) [0-9.]+$"          FOLDER/LOG/extended
:msg, ereregex, "^ +F"                          FOLDER/LOG/blanks
:msg, ereregex, "(^ A| x)"                      FOLDER/LOG/blank-or-first
:msg, regex, "^[[:space:]][a-z]"                FOLDER/LOG/blank-of-a-class
:msg, contains, "back\\slash \"quoted\""        FOLDER/LOG/quoted
:msg, !regex, "[0-9]"                           FOLDER/LOG/no-digit
:app-name, isequal, "postfix"                   FOLDER/LOG/app-postfix
:app-name, contains, "smtpd"                    FOLDER/LOG/never
:programname, isequal, "postfix"                FOLDER/LOG/postfix
& stop
:programname, startswith, "su"                  FOLDER/LOG/su
:programname, contains, "o"                     FOLDER/LOG/o
:syslogtag, isequal, "sshd[11]:"                FOLDER/LOG/tag
:hostname, !isequal, "gate"                     FOLDER/LOG/not-gate
:hostname, contains, "at"                       FOLDER/LOG/at
:msgid, isequal, "-"                            FOLDER/LOG/no-id
:msg, isempty, ""                               FOLDER/LOG/never
:procid, !regex, "^1"                           FOLDER/LOG/pid
:fromhost-ip, startswith, "127."                FOLDER/LOG/local
:syslogseverity-text, isequal, "err"            FOLDER/LOG/err
:syslogfacility-text, !contains, "local"        FOLDER/LOG/not-local
:syslogseverity, isequal, "7"                   FOLDER/LOG/debug
$template PerHost,"FOLDER/LOG/host-%HOSTNAME%-%syslogseverity-text%"
*.*                                             ?PerHost
$template PerProgram,"FOLDER/LOG/program-%app-name%"
*.*                                             ?PerProgram
local0.debug                                    stop
local0,local1.*                                 FOLDER/LOG/local1
*.=crit                                         FOLDER/LOG/crit
*.crit                                          ~
& FOLDER/LOG/never
stop
*.*                                             FOLDER/LOG/never
"""
INCLUDED = {
    "10-first.conf": "uucp.*  FOLDER/LOG/uucp\n& stop\n",
    "20-second.conf": ':hostname, isequal, "noise" stop\n*.* FOLDER/LOG/after-noise\n',
    "30-none.txt": "*.* FOLDER/LOG/never\n",
}

TAGS = ["sshd[11]:", "sshd[2]:", "postfix/smtpd[77]:", "postfix:", "cron:", "su[3]:", "sudo:", "kernel:"]
TEXTS = [
    "session opened", "Failed password for bob from 192.0.2.7", "Accepted for x port 22", "a.b*c first", "x a.b*c",
    'back\\slash "quoted" 1', "Failed", "nothing to say", "link down on port 7", "(x) [y] {z} ^$ |",
]  # fmt: skip
HOSTS = ["gate", "tower", "noise", "atropos"]


def messages(rng, count):
    return [
        f"<{rng.choice([rng.randrange(192), 22, 19, 135, 142, 66])}>Oct 11 22:14:15 {rng.choice(HOSTS)} "
        f"{rng.choice(TAGS)} {rng.choice(TEXTS)}\n"
        for _ in range(count)
    ]


class Rsyslog:
    """A rsyslogd that reads a syslog.conf after the lines that make it listen."""

    def __init__(self, folder, conf):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        head = (
            f'global(workDirectory="{folder}")\nmodule(load="imtcp")\n'
            f'input(type="imtcp" address="127.0.0.1" port="{self.port}")\n'
            "$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat\n"
            f"local7.* {folder}/end\n"
        )
        (folder / "rsyslog.conf").write_text(head + conf)
        with (folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [RSYSLOGD, "-n", "-i", folder / "pid", "-f", folder / "rsyslog.conf"], stderr=stderr
            )

    def connect(self):
        assert self.process.poll() is None, (self.folder / "stderr").read_text()
        try:
            return socket.create_connection(("127.0.0.1", self.port))
        except ConnectionRefusedError:
            return None

    def take(self, lines):
        with until(self.connect) as peer:
            peer.sendall("".join(lines).encode())
            peer.sendall(b"<191>Oct 11 22:14:15 gate end: end\n")
        until(lambda: (self.folder / "end").exists() and "end: end" in (self.folder / "end").read_text())
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def both(tmp_path, serve):
    """Gives lines to both; returns what each wrote, by file, and what rsyslog complained about."""
    started = []

    def ask(conf, included, lines):
        for name in ("theirs", "ours"):
            (tmp_path / name / "conf.d").mkdir(parents=True)
            (tmp_path / name / "log").mkdir()
        conf_of = {name: filled(conf, tmp_path / name) for name in ("theirs", "ours")}
        for name in conf_of:
            for file, text in included.items():
                (tmp_path / name / "conf.d" / file).write_text(filled(text, tmp_path / name))
        started.append(Rsyslog(tmp_path / "theirs", conf_of["theirs"]))
        started[0].take(lines)
        (tmp_path / "ours/syslog.conf").write_text(f"local7.* {tmp_path}/ours/end\n{conf_of['ours']}")
        service = serve(
            "sources: [{tcp: 127.0.0.1:0}]\nroutes: [{include: syslog.conf}]\nworkers: 1\ncontrol: ./control\n",
            folder=tmp_path / "ours",
        )
        service.tcp("".join(lines).encode(), b"<191>Oct 11 22:14:15 gate end: end\n")
        service.counts(len(lines) + 1)
        account = service.stop()
        return written(tmp_path / "theirs/log"), written(tmp_path / "ours/log"), account

    yield ask
    for server in started:
        server.stop()


def filled(text, folder):
    return text.replace("FOLDER", str(folder)).replace("LOG", "log")


def written(folder):
    return {file.name: file.read_text().splitlines() for file in sorted(folder.iterdir())}


def test_a_file_of_every_kind_of_line_writes_what_rsyslog_writes(both):
    lines = messages(random.Random(514), 400)
    theirs, ours, _ = both(WRITTEN, INCLUDED, lines)
    assert "never" not in theirs
    assert len(theirs) > 30
    assert ours == theirs


def random_filter(rng):
    return rng.choice([
        f':programname, {rng.choice(["", "!"])}isequal, "{rng.choice(["sshd", "postfix", "cron"])}"',
        f':programname, {rng.choice(["", "!"])}startswith, "{rng.choice(["s", "su", "post"])}"',
        f':hostname, {rng.choice(["", "!"])}contains, "{rng.choice(["at", "o", "gate"])}"',
        f':msg, {rng.choice(["", "!"])}contains, "{rng.choice(["port", "Fail", "session", " for"])}"',
        f':msg, {rng.choice(["", "!"])}regex, "{rng.choice(["^ F", "^ *F", " x", "[0-9]$", "o*p", "a.b"])}"',
        f':msg, {rng.choice(["", "!"])}ereregex, "{rng.choice(["^ (F|A)", "d{2,}", "x|y", "[[:upper:]]"])}"',
        f':syslogseverity-text, {rng.choice(["", "!"])}isequal, "{rng.choice(["err", "info"])}"',
    ])  # fmt: skip


def random_selection(rng):
    selector = f"{rng.choice(['*', 'mail', 'auth,mail', 'local0', 'cron'])}.{rng.choice(['*', 'info', 'err', '=err'])}"
    return rng.choice([selector, selector, f"{selector};mail.none", random_filter(rng)])


def random_conf(rng, lines):
    found = []
    for number in range(lines):
        action = rng.choice([f"FOLDER/LOG/{number}"] * 4 + ["stop", "~"])
        found.append(f"{random_selection(rng)}\t{action}")
        while rng.random() < 0.3:
            found.append(f"& {rng.choice([f'FOLDER/LOG/{number}-{len(found)}', f'FOLDER/LOG/{number}', 'stop'])}")
    return "\n".join([*found, ""])


@pytest.mark.parametrize("seed", [9, 13])
def test_any_order_of_lines_and_stops_writes_what_rsyslog_writes(both, seed):
    rng = random.Random(seed)
    conf = random_conf(rng, 40)
    lines = messages(rng, 300)
    theirs, ours, (received, rejected, *_) = both(conf, {}, lines)
    assert sum(map(len, theirs.values())) > 100
    # Of two actions that write one file rsyslog takes the messages of a batch one action after the other.
    assert {name: sorted(some) for name, some in ours.items()} == {name: sorted(some) for name, some in theirs.items()}
    assert received == 301
    assert rejected > 0
