"""Messages as every network has them, by which the cost of rules is measured that look at every line."""

from collections.abc import Sequence

from collector.config.problems import Location
from collector.rules.event import Event
from collector.rules.rule import Rule, Sample
from collector.rules.samples import Reading, events_of

_LINES = (
    "<38>Oct 11 22:14:15 gate sshd[411]: Accepted publickey for ann from 192.0.2.7 port 50022 ssh2: ED25519 SHA256:x1",
    "<86>Oct 11 22:14:15 gate sshd[411]: pam_unix(sshd:session): session opened for user ann(uid=1000) by (uid=0)",
    "<78>Oct 11 22:15:01 gate CRON[512]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)",
    "<22>Oct 11 22:15:02 mx postfix/smtpd[613]: connect from mail.example.net[198.51.100.4]",
    "<22>Oct 11 22:15:03 mx postfix/qmgr[99]: 4F1B2A: from=<ann@example.net>, size=4711, nrcpt=1 (queue active)",
    "<30>Oct 11 22:15:04 db systemd[1]: Started Daily apt download activities.",
    "<6>Oct 11 22:15:05 db kernel: [ 1234.567890] usb 1-1: new high-speed USB device number 7 using xhci_hcd",
    '<27>Oct 11 22:15:06 web nginx[77]: 203.0.113.9 - - "GET /index.html HTTP/1.1" 200 5120 "-" "Mozilla/5.0"',
    "<189>Oct 11 22:15:07 sw1 %LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet0/1, changed state to up",
    "<134>Oct 11 22:15:08 fw1 filterlog[33]: 5,,,1000000103,em0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60,192.0.2.9",
    "<134>Oct 11 22:15:09 pc7 security[success] 592 EXAMPLE\\ann  A new process has been created:  New Process ID:2260",
    "<29>1 2026-10-11T22:15:10Z app1 billing 88 ID47 - invoice 4711 sent",
)


def usual_events(rules: Sequence[Rule], reading: Reading, most: int = 200) -> list[Event]:
    """These, and the lines of the rules' own tests, as many of them as are worth it."""
    lines = [line for rule in rules for sample in rule.tests for line in sample.lines][: most - len(_LINES)]
    sample = Sample((*_LINES, *lines), (), 0.0, Location(""))
    return list(events_of(sample, reading))
