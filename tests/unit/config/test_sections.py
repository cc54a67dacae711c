import pytest

from collector.config.settings import ActionSpec, BlockRoute, ComponentSpec, IncludeRoute, LineRoute, MappingRoute

SOURCES = "sources: [{udp: ':514'}]\n"


@pytest.fixture
def routes_of(load):
    def routes_of(text):
        settings, problems = load(SOURCES + text)
        assert problems == []
        return settings.routes

    return routes_of


def at(spec):
    return spec.location.line, spec.location.column


def test_the_key_of_a_source_names_its_kind_and_the_keys_beside_it_are_options(load):
    settings, _ = load(
        "sources:\n- udp: ':514'\n  receive_buffer: 32MiB\n- x: 1\n  unix: /run/log\nroutes: ['*.* /x']\n"
    )

    assert settings.sources == (
        ComponentSpec("udp", ":514", {"receive_buffer": "32MiB"}, ("sources", 0)),
        ComponentSpec("unix", "/run/log", {"x": 1}, ("sources", 1)),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("workers: 1", '1:1: error: missing key "sources" [missing-key]'),
        ("sources:", "1:9: error: an empty value is not a list of sources [bad-value]"),
        ("sources: []", "1:10: error: an empty list is not a list of sources [bad-value]"),
        ("sources: {udp: ':514'}", "1:10: error: a mapping is not a list of sources [bad-value]"),
        ("sources: [5]", "1:11: error: 5 is not a source [bad-value]"),
        ("sources: [udp]", '1:11: error: "udp" is not a source [bad-value]'),
        ("sources: [{}]", "1:11: error: an empty value is not a source [bad-value]"),
        ("sources: [~]", "1:11: error: an empty value is not a source [bad-value]"),
        ("sources: [{x: 1, upd: ':514'}]", '1:18: error: unknown kind of source "upd" [unknown-kind]'),
        ("sources: [{relp: ':514', x: 1}]", '1:12: error: unknown kind of source "relp" [unknown-kind]'),
        ("sources: [{udp: x, tcp: y}]", '1:20: error: "udp" and "tcp" in one source [two-kinds]'),
    ],
)
def test_what_is_no_source_is_told_at_its_place(told, text, problem):
    assert told(text + "\nroutes: ['*.* /x']\n") == [f"c.yaml:{problem}"]


def test_an_unknown_kind_is_guessed_or_the_kinds_are_listed(load):
    _, problems = load("sources: [{upd: 1}, {relp: 1}]\nroutes: ['*.* /x']\n")

    assert [problem.hint for problem in problems] == ['did you mean "udp"?', "its key is one of: tcp, udp, unix"]


def test_a_route_may_be_a_line_of_syslog_conf(routes_of):
    (first, second) = routes_of('routes:\n- local0.debug   /var/log/windows\n- "*.* @host"\n')

    assert (first.text, at(first)) == ("local0.debug   /var/log/windows", (3, 3))
    assert (second.text, at(second)) == ("*.* @host", (4, 4))
    assert isinstance(first, LineRoute)


@pytest.mark.parametrize(
    ("text", "place"), [("routes: |\n  a\n  b\n", (3, 3)), ("routes:\n- |\n    a\n    b\n", (4, 5))]
)
def test_routes_may_be_a_block_of_lines(routes_of, text, place):
    (block,) = routes_of(text)

    assert (block, at(block)) == (BlockRoute("a\nb\n", block.location), place)


def test_routes_may_be_a_single_line(routes_of):
    (line,) = routes_of("routes: mail.* /var/log/mail\n")

    assert (line, at(line)) == (LineRoute("mail.* /var/log/mail", line.location), (2, 9))


def test_a_route_may_include_a_file(routes_of):
    (include,) = routes_of("routes:\n- include: /etc/syslog.conf\n")

    assert (include, at(include)) == (IncludeRoute("/etc/syslog.conf", include.location), (3, 12))


def test_a_route_may_be_a_mapping(routes_of):
    (route,) = routes_of(
        "routes:\n"
        '- select: "*.info"\n'
        '  where: {hostname: "dc*"}\n'
        "  to: [/var/log/x, {file: /var/log/y, mode: 0600}, '@host']\n"
    )

    assert isinstance(route, MappingRoute)
    assert (route.select, route.where, route.path) == ("*.info", {"hostname": "dc*"}, ("routes", 0))
    assert [target.text for target in route.to if isinstance(target, ActionSpec)] == ["/var/log/x", "@host"]
    assert at(route.to[2]) == (5, 53)
    assert route.to[1] == ComponentSpec("file", "/var/log/y", {"mode": "0600"}, ("routes", 0, "to", 1))


def test_a_single_destination_needs_no_list(routes_of):
    text, component = routes_of("routes: [{select: a, to: /x}, {select: a, to: {file: /x}}]\n")

    assert [target.text for target in text.to] == ["/x"]
    assert component.to == (ComponentSpec("file", "/x", {}, ("routes", 1, "to")),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("routes: 5", "2:9: error: 5 is not a list of routes [bad-value]"),
        ("routes:", "2:8: error: an empty value is not a list of routes [bad-value]"),
        ("routes: {a: b}", "2:9: error: a mapping is not a list of routes [bad-value]"),
        ("routes: [5]", "2:10: error: 5 is not a route [bad-value]"),
        ("routes: [[a]]", "2:10: error: a list is not a route [bad-value]"),
        ("routes: [~]", "2:10: error: an empty value is not a route [bad-value]"),
        ("routes: >\n  a /x\n  b /y", "2:9: error: YAML joins these lines into one [bad-value]"),
        ("routes:\n- a /x\n  b /y", "3:3: error: YAML joins these lines into one [bad-value]"),
        ("routes: [{a.b: /x}]", "2:10: error: neither a syslog.conf line nor a route with select: and to: [bad-value]"),
        ("routes: [{}]", "2:10: error: neither a syslog.conf line nor a route with select: and to: [bad-value]"),
        ("routes: [{include: 5}]", "2:20: error: 5 is not a path [bad-value]"),
        ("routes: [{include: /x, to: /y}]", '2:24: error: unknown key "to" [unknown-key]'),
        ("routes: [{select: 5, to: /x}]", "2:19: error: 5 is not text [bad-value]"),
        ("routes: [{to: /x}]", '2:10: error: missing key "select" [missing-key]'),
        ("routes: [{select: a}]", '2:10: error: missing key "to" [missing-key]'),
        ("routes: [{select: a, to: /x, when: b}]", '2:30: error: unknown key "when" [unknown-key]'),
        ("routes: [{select: a, to: /x, where: b}]", '2:37: error: "b" is not a mapping [bad-value]'),
        ("routes: [{select: a, to: []}]", "2:26: error: an empty list of destinations [bad-value]"),
        ("routes: [{select: a, to: ~}]", "2:26: error: an empty value is not a destination [bad-value]"),
        ("routes: [{select: a, to: ''}]", "2:26: error: an empty value is not a destination [bad-value]"),
        ("routes: [{select: a, to: [/x, 5]}]", "2:31: error: 5 is not a destination [bad-value]"),
        ("routes: [{select: a, to: {fil: /x}}]", '2:27: error: unknown kind of destination "fil" [unknown-kind]'),
        (
            "routes: [{select: a, to: {file: /x, pipe: /y}}]",
            '2:37: error: "file" and "pipe" in one destination [two-kinds]',
        ),
    ],
)
def test_what_is_no_route_is_told_at_its_place(told, text, problem):
    assert told(f"{SOURCES}{text}\n") == [f"c.yaml:{problem}"]


@pytest.mark.parametrize("text", ["", "routes: []\n"])
def test_no_routes_is_a_warning(load, text):
    settings, problems = load(SOURCES + text)

    assert settings.routes == ()
    assert [(problem.id, problem.level) for problem in problems] == [("no-routes", "warning")]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("routes: [{selekt: a}]", 'did you mean "select"?'),
        ("routes: [{a.b: /x}]", 'a line that contains ": " must be quoted; a destination stands after "to:"'),
        ("sources: [{udp: a, tcp: b}]", 'a source has one kind: begin another item with "- "'),
    ],
)  # fmt: skip
def test_hints_name_the_likely_mistake(load, text, hint):
    problems = load(text + "\n")[1]

    assert hint in [problem.hint for problem in problems]
