import time

import pytest

from collector.priority import FACILITIES, SEVERITIES
from collector.service.plan import build_plan_from_text

HEAD = "sources: [{udp: 127.0.0.1:5514}]\n"


def build(routes):
    return build_plan_from_text(HEAD + routes, "c.yaml")


def resolved(routes):
    """(selector, filtered, path, format) of each route."""
    plan, problems = build(routes)
    assert plan is not None, [str(problem) for problem in problems]
    found = []
    for route in plan.routes:
        options = plan.destinations[route.destination]
        found.append((route.selector.text, route.where is not None, options.file, options.format))
    return found


def problem_of(routes):
    plan, [problem] = build(routes)
    assert plan is None
    return problem


@pytest.mark.parametrize(
    "routes",
    [
        "routes: ['*.info /var/log/all']",
        "routes: ['*.info -/var/log/all']",
        'routes: ["*.info\\t/var/log/all;RSYSLOG_TraditionalFileFormat"]',
        "routes: |\n  # a comment\n  *.info  /var/log/all\n",
        "routes: [{select: '*.info', to: /var/log/all}]",
        "routes: [{select: '*.info', to: {file: /var/log/all}}]",
        "routes: [{select: '*.info', to: {file: /var/log/all, format: traditional}}]",
    ],
)
def test_one_route_may_be_written_in_many_ways(routes):
    assert resolved(routes) == [("*.info", False, "/var/log/all", "traditional")]


def test_an_included_file_has_routes_where_it_is_included(tmp_path):
    (tmp_path / "routing.conf").write_text("*.info /var/log/b\nmail.* /var/log/c;json\n")

    assert resolved(f"routes:\n  - '*.err /var/log/a'\n  - include: {tmp_path}/routing.conf\n  - '*.* /var/log/d'") == [
        ("*.err", False, "/var/log/a", "traditional"),
        ("*.info", False, "/var/log/b", "traditional"),
        ("mail.*", False, "/var/log/c", "json"),
        ("*.*", False, "/var/log/d", "traditional"),
    ]


def test_a_problem_in_an_included_file_is_told_with_its_place_there(tmp_path):
    (tmp_path / "routing.conf").write_text("*.info /var/log/b\nmial.* /var/log/c\n")
    problem = problem_of(f"routes: [{{include: {tmp_path}/routing.conf}}]")

    assert (problem.location.file, problem.location.line) == (f"{tmp_path}/routing.conf", 2)
    assert 'did you mean "mail"' in problem.hint


def test_lines_of_the_list_and_of_blocks_stand_in_one_file_and_included_ones_in_their_own(tmp_path):
    (tmp_path / "a.conf").write_text("*.info /b\n!cron\n*.info /c\n")
    plan, _ = build(
        f"routes:\n  - '!sshd'\n  - '*.* /a'\n  - '& stop'\n  - include: {tmp_path}/a.conf\n"
        "  - {select: '*.*', to: /d}\n  - '*.* /e'\n"
    )

    sshd, cron = {"program|cased": "sshd"}, {"program|cased": "cron"}
    assert [route.where and route.where.spec for route in plan.routes] == [sshd, sshd, None, cron, None, sshd]
    assert [route.destination for route in plan.routes] == [0, None, 1, 2, 3, 4]


def test_every_action_is_a_destination():
    lines = ["/f", "|/p", "/dev/console", "root,daemon", "*", "@h", "@@[::1]:601", "~"]
    plan, problems = build("routes:\n" + "".join(f"  - '*.* {action}'\n" for action in lines))

    assert problems == []
    assert [options.kind for options in plan.destinations] == [
        "file",
        "pipe",
        "console",
        *["users"] * 2,
        *["forward"] * 2,
    ]
    assert [options.label for options in plan.destinations] == [
        "/f", "|/p", "/dev/console", "users root,daemon", "users *", "@h:514", "@@[::1]:601",
    ]  # fmt: skip


def test_stop_in_a_mapping_ends_the_way_of_a_message():
    plan, problems = build("routes: [{select: mail.*, to: [/a, stop]}, {select: 'news.*', to: '~'}]")

    assert problems == []
    assert [route.destination for route in plan.routes] == [0, None, None]


def test_options_of_directives_are_those_of_files_and_a_bad_one_is_told_once_at_its_place():
    text = "routes: |\n  $FileOwner root\n  $FileCreateMode 0600\n  *.* /a\n  mail.* /b\n"
    plan, problems = build(text)
    assert problems == []
    assert [(options.owner, options.mode) for options in plan.destinations] == [(0, 0o600)] * 2

    plan, [problem] = build(text.replace("root", "nobody-of-that-name"))
    assert plan is None
    assert (problem.location.line, problem.location.column) == (3, 14)
    assert '"nobody-of-that-name" is no user of this machine' in problem.message


@pytest.mark.parametrize(
    ("line", "configuration", "told"),
    [
        ("$UDPServerRun 5514", "", False),
        ("$UDPServerRun 514", "", True),
        ('input(type="imtcp" port="601")', "", True),
        ("$MaxMessageSize 8k", "", False),
        ("$MaxMessageSize 128k", "", True),
        ("$MaxMessageSize 128k", "max_message: 128KiB\n", False),
        ("$MarkMessagePeriod 1200", "", True),
        ("$MarkMessagePeriod 1200", "mark: 20m\n", False),
        ("$RepeatedMsgReduction on", "", True),
        ("$AllowedSender UDP, 192.0.2.0/24", "", True),
        ("$AllowedSender TCP, 192.0.2.0/24", "", False),
        ("$WorkDirectory /var/spool/rsyslog", "", False),
    ],
)
def test_a_setting_of_a_file_that_is_not_in_force_is_a_warning(line, configuration, told):
    plan, problems = build(f"{configuration}routes: |\n  {line}\n  *.* /a\n")

    assert plan is not None
    assert [(problem.level, problem.id) for problem in problems] == [("warning", "setting")] * told


def test_files_folders_and_globs_that_were_looked_at_are_watched(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/1.conf").write_text("*.* /a\n")
    (tmp_path / "a.conf").write_text(f"include {tmp_path}/d/*.conf\n$IncludeConfig {tmp_path}/e/*\n")
    plan, problems = build(f"routes: [{{include: {tmp_path}/a.conf}}]")

    assert problems == []
    assert set(plan.watched) >= {f"{tmp_path}/{name}" for name in ("a.conf", "d", "d/1.conf", "e")}
    changed = plan.hash
    (tmp_path / "d/1.conf").write_text("*.* /b\n")
    assert build(f"routes: [{{include: {tmp_path}/a.conf}}]")[0].hash != changed


def test_a_thousand_lines_are_compiled_in_well_under_half_a_second():
    lines = "".join(f"  {name}.{severity} /var/log/{number}-{name}-{severity}\n" for number in range(6)
                    for name in FACILITIES[:12] + FACILITIES[16:] for severity in SEVERITIES)  # fmt: skip
    build("routes: ['*.* /a']")
    begun = time.process_time()
    plan, _ = build(f"routes: |\n{lines}")
    assert time.process_time() - begun < 0.5
    assert len(plan.routes) == 960


def test_an_included_file_that_is_not_there_is_told_where_it_is_named(tmp_path):
    problem = problem_of(f"routes:\n  - include: {tmp_path}/missing.conf")

    assert (problem.location.file, problem.location.line) == ("c.yaml", 3)
    assert f"{tmp_path}/missing.conf" in problem.message


def test_one_route_may_have_several_destinations():
    routes = "routes: [{select: '*.*', where: {hostname: gate}, to: [/var/log/a, {file: /var/log/b, format: raw}]}]"

    assert resolved(routes) == [("*.*", True, "/var/log/a", "traditional"), ("*.*", True, "/var/log/b", "raw")]


def test_routes_to_one_file_share_its_destination():
    plan, _ = build("routes: ['*.err /var/log/a', '*.* /var/log/b', 'mail.* /var/log/a']")

    assert [route.destination for route in plan.routes] == [0, 1, 0]
    assert len(plan.destinations) == 2


@pytest.mark.parametrize(
    ("route", "place", "message", "hint"),
    [
        ("'locl0.debug /var/log/x'", "locl0", 'unknown facility "locl0"', 'did you mean "local0"?'),
        ("'*.* /var/log/x;jsn'", "jsn", 'unknown format "jsn"', 'did you mean "json"?'),
        ("'*.* /var/log/x;nothing'", "nothing", 'unknown format "nothing"', "formats are"),
        ("'*.* /var/log/{{ hostnam }}'", "hostnam", 'unknown variable "hostnam"', 'did you mean "hostname"?'),
        ("'*.* /var/log/{{ hostname }}/..'", "/var", '"." and ".." cannot follow a variable', "real folder"),
        ("'*.* @host:0'", "@", "is no host", "@loghost"),
        ("'*.* /x;rotate=1'", "/x", '"1B" is too small', "at least"),
        ("{select: '*.inf', to: /var/log/x}", "inf", 'unknown severity "inf"', 'did you mean "info"?'),
        ("{select: '*.*', where: {hostnam: x}, to: /var/log/x}", "hostnam", "hostnam", 'did you mean "hostname"?'),
        ("{select: '*.*', where: {message|re: '('}, to: /var/log/x}", "message", "", ""),
        ("{select: '*.*', to: {file: /x, format: jsn}}", "jsn", 'unknown format "jsn"', 'did you mean "json"?'),
        ("{select: '*.*', to: {file: '/var/log/{{ x }}'}}", "x }", 'unknown variable "x"', "known here"),
        ("{select: '*.*', to: {file: /var/log/x, mod: '0640'}}", "mod", "mod", "mode"),
        ("{select: '*.*', to: {fil: /var/log/x}}", "fil", "fil", "file"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_its_cure(route, place, message, hint):
    problem = problem_of(f"routes:\n  - {route}\n")

    assert (problem.location.file, problem.location.line) == ("c.yaml", 3)
    assert problem.location.column == len("  - ") + route.index(place) + 1
    assert message in problem.message
    assert hint in (problem.hint or "")


def test_one_file_written_in_two_ways_is_refused_with_both_places():
    problem = problem_of("routes:\n  - '*.err /var/log/a'\n  - '*.* /var/log/a;json'\n")

    assert problem.location.line == 4
    assert "c.yaml:3:12" in problem.message


def test_a_selector_that_selects_nothing_is_a_warning():
    plan, [problem] = build("routes: ['mail.none /var/log/a']")

    assert plan is not None
    assert (problem.level, problem.message) == ("warning", '"mail.none" selects nothing')


@pytest.mark.parametrize(
    ("select", "part", "instead"),
    [
        ("*.err;kern.debug;mail.crit", "mail.crit", "mail.none;mail.crit"),
        ("*.notice;mail,news.err;", "mail,news.err", "mail,news.none;mail,news.err"),
        ("*.info;mail.=crit", "mail.=crit", "mail.none;mail.=crit"),
    ],
)
def test_a_part_that_narrows_on_a_bsd_and_does_nothing_here_is_warned_of(select, part, instead):
    plan, [problem] = build(f"routes: ['{select} /var/log/x']")

    assert plan
    assert (problem.level, problem.message) == ("warning", f'"{part}" adds nothing to what stands before it')
    assert problem.hint.endswith(f"write {instead}")


@pytest.mark.parametrize(
    "select",
    [
        "*.err;mail.none;mail.crit", "*.err;mail.err", "mail.debug;*.err", "*.info;mail.*", "*.err;mail.!=crit",
        "*.err;mail.>=crit", "*.=info;*.=notice;mail.crit", "*.err;mail.!debug",
    ],
)  # fmt: skip
def test_a_part_that_does_something_is_not_warned_of(select):
    _, problems = build(f"routes: ['{select} /var/log/x']")

    assert [problem.id for problem in problems if problem.id == "idle-part"] == []


@pytest.mark.parametrize("select", ["security.*", "*.err;Security.info", "mail,security.none;*.*"])
def test_the_facility_that_freebsd_reads_in_another_way_is_a_warning(select):
    plan, [problem] = build(f"routes: ['{select} /var/log/a']")

    assert plan is not None
    assert (problem.level, problem.message) == ("warning", "security is read as auth")


def test_other_facilities_are_no_warning():
    plan, problems = build("routes: ['bsd_security,auth.* /var/log/security']")
    assert (plan is not None, problems) == (True, [])


def test_a_format_of_the_configuration_is_known_to_routes():
    assert resolved("routes: ['*.* /var/log/a;short']\ntemplates: {short: '{{ message }}'}") == [
        ("*.*", False, "/var/log/a", "short")
    ]


@pytest.mark.parametrize(
    ("routes", "columns"),
    [
        ("'foo.*  /y;zz'", [6, 16]),
        ("'foo.*;mail.inf  /{{ x }};zz'", [6, 17, 26, 31]),
        ("{select: '*.*', where: {severity|lte: wrning, message|re: '(', peer|cidr: 1/99, hostname|foo: x}, to: /x}",
         [29, 51, 68, 85]),
        ("{select: 'a.b', to: {file: '/{{ hostnam }}/{{ timestmp }}', format: zz}}", [15, 17, 37, 51, 73]),
        ("{select: 'a.*', to: '/{{ hostnam }};zz'}", [15, 30, 41]),
    ],
)  # fmt: skip
def test_all_mistakes_of_a_route_are_told_at_once(routes, columns):
    plan, problems = build(f"routes:\n  - {routes}\n")

    assert plan is None
    assert [problem.location.column for problem in problems] == columns


def test_a_facility_number_that_is_none_is_a_warning_told_once():
    plan, problems = build("routes: [{select: 'mail.3,17,16.info;daemon.3', to: [/a, /b]}]")

    assert plan is not None
    assert [(problem.level, problem.message) for problem in problems] == [
        ("warning", "facility number 17 is read as 16, mail")
    ]
    assert problems[0].hint == "a facility number is 8 × its code: 16 is mail"


def test_a_format_of_rsyslog_that_is_not_ours_is_made_of_fields():
    plan, problems = build("routes: ['*.* /x;RSYSLOG_FileFormat']")

    assert problems == []
    assert plan.work.templates == {"RSYSLOG_FileFormat": "{{ timestamp }} {{ hostname }} {{ tag }} {{ message }}"}
    assert "RSYSLOG_FileFormat" in plan.formats


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("./o", "././o"), ("./o", "./x/../o"), ("/var//o", "/var/o"), ("//var/o", "/var/o"),
        ("./{{ hostname }}/o", "././{{ hostname }}/o"), ("./{{ hostname }}", "{{ hostname }}"),
    ],
)  # fmt: skip
def test_a_file_is_one_destination_however_its_path_is_written(one, other):
    plan, problems = build(f"routes: ['*.err {one}', '*.* {other}']")

    assert problems == []
    assert [options.file for options in plan.destinations] == [one]
    assert "is written in another way" in problem_of(f"routes: ['*.err {one}', '*.* {other};json']").message


def test_what_stands_in_a_field_of_a_path_makes_another_file():
    routes = [f'\'*.* /v/{{{{ hostname | replace("{old}", "_") }}}}/o\'' for old in ("//", "/", ".//")]
    plan, _ = build(f"routes: [{', '.join(routes)}]")

    assert len(plan.destinations) == 3


@pytest.mark.parametrize("path", ["''", '"a\\0b"', "' '", "null"])
def test_a_path_that_is_none_is_told_once(path):
    assert problem_of(f"routes:\n  - {{select: '*.*', to: {{file: {path}}}}}\n").location.line == 3
