from pathlib import Path

import pytest

from collector.service.import_syslog_conf import import_conf
from collector.service.plan import build_plan_from_text

SAMPLES = sorted((Path(__file__).parents[2] / "vectors/syslog_conf").glob("*.conf"))
HEAD = "sources: [{udp: 127.0.0.1:5514}]\n"


def imported(tmp_path, text):
    (tmp_path / "syslog.conf").write_text(text)
    return import_conf([f"{tmp_path}/syslog.conf"])


def routing(plan):
    """What a plan does with messages: for each route PRIs, mark, condition and destination."""
    return [
        (
            route.selector.masks, route.selector.mark, route.where and route.where.spec,
            None if route.destination is None else plan.destinations[route.destination],
        )
        for route in plan.routes
    ]  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_the_yaml_of_a_sample_is_accepted_and_routes_as_the_file_itself(sample):
    result = import_conf([str(sample)])
    ours, problems = build_plan_from_text(result.yaml, "imported.yaml")
    direct, _ = build_plan_from_text(f"{HEAD}routes: [{{include: {sample}}}]\n", "c.yaml")

    assert result.refused == 0
    assert [problem for problem in problems if problem.level == "error"] == []
    assert routing(ours) == routing(direct)
    assert ours.work.templates == direct.work.templates
    assert len(ours.routes) >= 4


def test_there_are_samples():
    assert len(SAMPLES) >= 6


def test_the_yaml_names_the_place_of_every_route_and_joins_the_actions_of_one_selector(tmp_path):
    result = imported(tmp_path, "*.info /a\n& @h\n& stop\n\n!sshd\nmail.* |/p\n")
    assert result.yaml == (
        'sources:\n  # the files name none\n  - udp: "0.0.0.0:514"\nroutes:\n'
        f'  # {tmp_path}/syslog.conf:1\n  - select: "*.info"\n'
        '    to: ["/a", {"forward": "udp://h:514"}, "stop"]\n'
        f'  # {tmp_path}/syslog.conf:6\n  - select: "mail.*"\n    where: {{"program|cased": "sshd"}}\n'
        '    to: {"pipe": "/p"}\n'
    )


def test_what_a_filter_takes_of_the_pri_is_a_selector(tmp_path):
    result = imported(tmp_path, ':syslogfacility-text, isequal, "mail" /a\nmark.info /b\n*.*;mark.none /c\n')
    assert 'select: "mail.*"' in result.yaml
    assert 'select: "mark.info"' in result.yaml
    assert 'select: "*.*;mark.none"' in result.yaml


def test_destinations_of_refused_lines_are_not_counted(tmp_path):
    result = imported(tmp_path, "locl0.* /a\nmail.* /b\nmail.* stop\n")
    assert result.report[-1] == "2 understood, 0 approximated, 1 refused; routes: 2, destinations: 1"


def test_settings_become_settings(tmp_path):
    result = imported(
        tmp_path,
        "$UDPServerRun 514\n$InputTCPServerRun 601\n$AllowedSender UDP, 192.0.2.0/24\n$MaxMessageSize 32k\n"
        "$MarkMessagePeriod 600\n$RepeatedMsgReduction on\n$InputTCPMaxSessions 9\n*.* /a\n",
    )
    plan, problems = build_plan_from_text(result.yaml, "imported.yaml")
    assert problems == []
    assert [source.name for source in plan.sources] == ["udp 0.0.0.0:514", "tcp 0.0.0.0:601"]
    assert (plan.settings.max_message, plan.settings.mark) == (32768, 600)
    assert [str(network) for network in plan.sources[0].options.allow] == ["192.0.2.0/24"]
    assert plan.sources[1].options.max_connections == 9
    assert result.report[-1] == "8 understood, 0 approximated, 0 refused; routes: 1, destinations: 1"


def test_an_allow_list_is_of_its_transport_and_grows_with_every_line(tmp_path):
    result = imported(
        tmp_path,
        "$UDPServerRun 514\n$InputTCPServerRun 601\n$AllowedSender UDP, 192.0.2.0/24, [::1]/128\n"
        "$AllowedSender TCP, 198.51.100.7\n$AllowedSender UDP, 203.0.113.9, *.example.net\n*.* /a\n",
    )
    plan, problems = build_plan_from_text(result.yaml, "imported.yaml")
    assert problems == []
    assert [[str(network) for network in source.options.allow] for source in plan.sources] == [
        ["192.0.2.0/24", "::1/128", "203.0.113.9/32"],
        ["198.51.100.7/32"],
    ]
    assert next(line for line in result.report if "approximated" in line).endswith(
        '5:16: approximated: "*.example.net" is left out of the allow-list: names are not looked up there'
        " (name its address or network)"
    )


def test_an_allow_list_of_names_only_is_no_open_door(tmp_path):
    result = imported(tmp_path, "$UDPServerRun 514\n$AllowedSender UDP, *.example.net\n*.* /a\n")
    assert "allow:" not in result.yaml
    assert result.refused == 1


def test_the_report_says_of_every_line_what_became_of_it(tmp_path):
    result = imported(
        tmp_path,
        "*.* /a\n*.* @h;ttl=3\nmial.* /b\nif $x then /y\n*.* /c;Nope\n*.* /a;json\n$SystemLogRateLimitBurst 5\n",
    )
    words = [line.removeprefix(f"{tmp_path}/syslog.conf:").split(" ")[:2] for line in result.report[:-1]]
    assert words == [
        ["1:1:", "understood:"], ["2:1:", "understood:"], ["2:8:", "approximated:"], ["3:1:", "refused:"],
        ["4:1:", "refused:"], ["5:8:", "refused:"], ["6:5:", "refused:"], ["7:1:", "approximated:"],
    ]  # fmt: skip
    assert result.refused == 4
    assert result.yaml.count("select:") == 2


def test_a_file_that_is_not_there_is_refused(tmp_path):
    result = import_conf([f"{tmp_path}/nothing"])
    assert (result.refused, result.yaml.splitlines()[-1]) == (1, "routes: []")
    assert result.report[0].startswith(f"refused: {tmp_path}/nothing: no such file")


def test_several_files_are_read_in_their_order(tmp_path):
    for name in "ba":
        (tmp_path / name).write_text(f"*.* /{name}\n")
    result = import_conf([f"{tmp_path}/b", f"{tmp_path}/a"])
    assert result.yaml.index('"/b"') < result.yaml.index('"/a"')
