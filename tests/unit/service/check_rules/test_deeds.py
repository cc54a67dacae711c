"""What is shown of an alert's destinations is what they would get."""

from datetime import UTC

import pytest
from alerting import RECORD, action, alert, destination, message

from collector.service.check_rules.deeds import deeds


def shown(text, **changes):
    one = destination(text, label="here", names=("user",), mail={"server": "a", "from": "c"})
    return deeds(alert(**changes), {"here": one}, UTC)[0]["texts"]


@pytest.mark.parametrize("user", ["-rf", "--", "a -b", "nul\0", "x" * 40_000, "開" * 20_000])
def test_arguments_of_a_program_are_those_that_are_passed(tmp_path, user):
    script = tmp_path / "page"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/seen\n')
    script.chmod(0o755)
    text = f'{{exec: ["{script}", "{{{{ user }}}}", "by {{{{ user }}}}"]}}'
    action(text).deliver(message(captures={"user": user}), None)

    passed = (tmp_path / "seen").read_text().split("\n")[:-1]
    assert shown(text, captures={"user": user})["exec"][1:] == passed


def test_a_subject_a_line_and_a_message_are_one_line():
    title = "two\nlines " + "x" * 300
    assert shown("mail: root", title=title)["subject"] == "[high] two lines " + "x" * 182 + "…"
    assert shown("{file: /x, line: '{{ body }}'}", body="a\n\x1bb")["line"] == "a #033b"
    assert shown("{syslog: 'udp://a', message: '{{ body }}'}", body="a\n\x1bb")["message"] == "a #033b"
    assert shown("{terminal: echo, line: '{{ message }}'}", records=[{**RECORD, "message": "a\nb"}])["line"] == "a b"
