"""``import``: a file of another program as a configuration."""

from collector.service.plan import build_plan_from_text


def test_a_syslog_conf_becomes_yaml_on_stdout_and_a_report_on_stderr(call, tmp_path):
    (tmp_path / "syslog.conf").write_text("$UDPServerRun 5514\n*.info /var/log/a\n& stop\n")
    code, out, err = call("import", "syslog-conf", "syslog.conf")

    assert code == 0
    assert build_plan_from_text(out, "out.yaml")[1] == []
    assert err.splitlines() == [
        'syslog.conf:1:15: understood: listening on UDP port 5514 → udp: "0.0.0.0:5514"',
        "syslog.conf:2:1: understood: *.info /var/log/a",
        "syslog.conf:3:1: understood: & stop",
        "3 understood, 0 approximated, 0 refused; routes: 2, destinations: 1",
    ]


def test_what_is_refused_makes_the_exit_code_1_and_leaves_the_rest(call, tmp_path):
    (tmp_path / "syslog.conf").write_text("*.info /var/log/a\n*.info ^prog\n")
    code, out, err = call("import", "syslog-conf", "syslog.conf")

    assert code == 1
    assert "/var/log/a" in out
    assert "syslog.conf:2:8: refused: running a program (^program) is not supported" in err


def test_another_language_is_wrong_usage(call):
    code, _, err = call("import", "nonsense", "x")
    assert code == 2
    assert "syslog-conf" in err
