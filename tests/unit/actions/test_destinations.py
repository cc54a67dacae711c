import pickle

import pytest
from alerting import alert, read

from collector.actions import ACTIONS, action_class
from collector.actions.destinations import Destinations, preview
from collector.config.document import parse_document
from collector.config.load import load_settings_text
from collector.config.mail import MailServer
from collector.rules.fields import template_names

MAIL = 'mail: {server: "smtp.example.org", from: collector@example.org}\n'


def settings(text):
    found, problems = load_settings_text(
        f"sources: [{{udp: ':514'}}]\nroutes: ['*.* /x']\n{text}", "collector.yaml",
        source_kinds={"udp"}, sink_kinds={"file"},
    )  # fmt: skip
    assert problems == []
    return found


def problems_of(text):
    return [str(problem) for problem in Destinations(settings(text)).problems]


def in_rule(destinations, text, captures=()):
    document, _ = parse_document(text, "rules.yaml")
    label, problems = destinations.read(document.data, document, (), template_names(captures))
    return label, [str(problem).partition("\n")[0] for problem in problems]


@pytest.mark.parametrize("kind", ACTIONS)
def test_every_kind_takes_its_target_under_its_name(kind):
    options = action_class(kind).Options

    assert (options.kind, options.target_field) == (kind, kind)
    assert options.model_fields[kind].is_required()


def test_a_configuration_names_destinations():
    found = Destinations(settings(f"{MAIL}destinations:\n  ops: {{mail: root, cap: {{alerts: 60, per: 1h}}}}\n"))

    assert found.problems == []
    assert list(found.names) == ["ops"]
    assert (found.by_label["ops"].kind, found.by_label["ops"].options.cap.per) == ("mail", 3600)


MISTAKES = {
    "ops: {mial: root}": (9, 'unknown kind of destination "mial" [unknown-kind]', 'did you mean "mail"?'),
    "ops: {mail: root}": (
        15,
        "there is no mail server to send it by [missing-key]",
        'mail: {server: "smtp.example.org:587", from: collector@example.org} in collector.yaml',
    ),
    "a: {file: /x, timeout: 3s}": (
        17,
        'unknown key "timeout" [unknown-key]',
        "known keys: queue, retry, cap, file, line, mode, dir_mode",
    ),
    "a: {exec: [/bin/true, '{{ user }}']}": (29, 'unknown variable "user" [template]', "known here: "),
    "a: {file: /x, cap: {alerts: 0, per: 1h}}": (31, "0 is too small [bad-value]", "at least 1"),
    "a: {file: /x, retry: {first: 1h}}": (
        24,
        "the longest pause is shorter than the first [bad-value]",
        "at least 1h",
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_what_is_wrong_is_told_at_its_place(text):
    column, message, hint = MISTAKES[text]
    [found] = problems_of(f"destinations:\n  {text}\n")

    assert found.startswith(f"collector.yaml:4:{column}: error: {message}\n    hint: {hint}")


def test_a_mail_server_that_is_wrong_is_told_once_and_not_called_missing():
    text = "sources: [{udp: ':514'}]\nroutes: ['*.* /x']\nmail: {server: a}\ndestinations: {ops: {mail: root}}"
    found, problems = load_settings_text(text, "collector.yaml", source_kinds={"udp"}, sink_kinds={"file"})
    assert [problem.id for problem in problems] == ["missing-key"]
    assert Destinations(found).problems == []


def test_a_secret_that_is_not_there_is_a_warning_at_its_place():
    text = (
        "mail: {server: h, from: a@b, user: u, password: '${file:/absent}'}\n"
        "destinations:\n  a: {webhook: 'https://h/', headers: {x: '${file:/absent}'}}\n"
    )
    found = Destinations(settings(text))

    assert list(found.by_label) == ["a"]
    assert [str(problem).partition(" [")[0] for problem in found.problems] == [
        f"collector.yaml:{place}: warning: the secret in /absent cannot be read: No such file or directory"
        for place in ("3:49", "5:43")
    ]


def test_a_rule_writes_one_out_with_its_captures():
    found = Destinations(settings(""))
    text = "exec: [/bin/page, '{{ ip }} {{ hostname }} {{ title }} {{ key.ip }} {{ EventID }} {{ line }}']"
    label, problems = in_rule(found, text, ["ip"])

    assert problems == []
    assert label.startswith("exec page #")
    assert found.by_label[label].options.exec[0] == "/bin/page"


def test_the_same_text_is_one_destination_and_another_text_is_another():
    found = Destinations(settings(""))
    labels = [
        in_rule(found, text)[0]
        for text in ("file: /x", "{'file': '/x'}", "{file: /x, queue: 5}", "{queue: 5, file: /x}", "file: /y")
    ]

    assert labels[0] == labels[1]
    assert labels[2] == labels[3]
    assert len(set(labels)) == 3
    assert set(found.by_label) == set(labels)


def test_thousands_that_are_alike_are_told_apart():
    found = Destinations(settings(""))
    labels = {in_rule(found, f"{{exec: [/usr/local/bin/page, --team={number}]}}")[0] for number in range(3000)}

    assert len(labels) == 3000


def test_the_same_text_in_two_rules_may_use_the_captures_of_both():
    found = Destinations(settings(""))
    text = "exec: [/bin/page, '{{ User | default(ip) }}']"
    labels = {in_rule(found, text, names)[0] for names in (["ip"], ["ip", "user"])}
    [label] = labels

    assert {"ip", "user"} <= found.by_label[label].names
    assert "EventID" in found.by_label[label].names


def test_a_mistake_in_a_rule_is_told_there():
    found = Destinations(settings(""))

    assert in_rule(found, "exec: [/bin/page, '{{ ipp }}']", ["ip"]) == (
        None, ['rules.yaml:1:23: error: unknown variable "ipp" [template]'],
    )  # fmt: skip
    assert found.by_label == {}


def test_no_secret_is_in_a_label():
    document, _ = parse_document("webhook: 'https://${env:HOST}/${env:TOKEN}'", "r.yaml")
    label, _ = Destinations(settings("")).read(document.data, document, (), ())

    assert label.startswith("webhook #")


def test_a_destination_goes_to_another_process_as_it_is():
    found, _ = read("{exec: [/bin/page, '{{ ip }}'], environment: {TOKEN: '${env:T}'}}", names=["ip"])
    there = pickle.loads(pickle.dumps(found))

    assert there == found
    assert "EventID" in there.names


PREVIEWS = {
    "exec: [/bin/page, -x, '{{ user }}', '{{ title }}']": "exec /bin/page -x root '192.0.2.7 tried 5 users'",
    "mail: [ops@example.org, root]": "mail to ops@example.org, root: [high] 192.0.2.7 tried 5 users",
    "{webhook: 'https://h.example/${env:TOKEN}', body: {a: '{{ user }}'}}": 'webhook h.example:443: {"a":"root"}',
    "{file: '/absent/{{ rule }}', line: '{{ title }}'}": "file /absent/ssh-spray: 192.0.2.7 tried 5 users",
    "{terminal: bell, path: /dev/absent, line: '{{ user }}'}": "bell on /dev/absent: root",
}


@pytest.mark.parametrize("text", PREVIEWS)
def test_what_would_be_done_is_shown_and_not_done(text):
    server = {"server": "smtp.example.org", "from": "collector@example.org"}
    found, _ = read(text, mail=server, names=["user"])

    assert preview(found, alert(), MailServer.model_validate(server)) == PREVIEWS[text]
