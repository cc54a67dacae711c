import pytest

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
        ("'*.* @host'", "@", "", ""),
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
    plan, problems = build("routes: [{select: 'mail.7,17,16.info;mail.3', to: [/a, /b]}]")

    assert plan is not None
    assert [(problem.level, problem.message) for problem in problems] == [
        ("warning", "facility number 17 is read as 16, mail")
    ]
    assert problems[0].hint == "a facility number is 8 × its code: 16 is mail"


@pytest.mark.parametrize("name", ["RSYSLOG_FileFormat", "rsyslog_fileformat"])
def test_a_format_of_rsyslog_that_is_not_here_has_the_one_that_serves_as_its_hint(name):
    assert problem_of(f"routes: ['*.* /x;{name}']").hint == 'write "rfc5424": its times are ISO 8601 too'


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
