import json

import pytest
from rule_loading import read_rules
from schema_validation import accepts

from collector.config.document import parse_document
from collector.config.options import Options
from collector.config.schema import DIALECT
from collector.rules.kinds import KINDS
from collector.rules.schema import rules_schema


class MailOptions(Options):
    """Mail."""

    target_field = "mail"
    mail: tuple[str, ...]
    """To whom."""


@pytest.fixture
def schema():
    return rules_schema({"mail": MailOptions})


BEGINNING = "id: a, kind: match, on: {text: x}, alert: {title: t}"
COUNTING = "id: a, kind: threshold, on: {text: x}, within: 5m, alert: {title: t}"

GOOD = [
    "rules: []",
    f"- {{{BEGINNING}}}",
    ("sets: [{name: s, ordered: on}]\nrules:\n"
    f"- {{{BEGINNING}, set: s, then: {{goto: b}}}}\n- {{id: b, kind: match, on: {{re: x}}, set: s}}"),
    f"- {{{BEGINNING}, do: ops}}",
    f"- {{{BEGINNING}, do: [ops, {{mail: [a@example.org]}}]}}",
    f"- {{{BEGINNING}, by: hostname, limit: {{by: [hostname], first: 1, per: 15m, summary: true}}}}",
    f"- {{{BEGINNING}, limit: {{once: true}}, time: {{days: mon-fri, hours: ['22:00-06:00'], timezone: UTC}}}}",
    f"- {{{BEGINNING}, tests: [{{lines: [x], alerts: []}}, {{lines: x, alerts: [{{title: t}}], wait: 5m}}]}}",
    f"- {{{COUNTING}, count: 5, window: anchored, clear: {{within: 1h, at_most: 0, alert: {{title: u}}}}}}",
    f"- {{{COUNTING}, by: [hostname, User], count: {{distinct: EventID, gte: 5}}}}",
    ("- id: a\n  kind: match\n  alert: {severity: high}\n"
    "  on: {any: [{EventID: [1, null]}, {all: [{re|i: [a, b]}]}], not: {User|exists: true}}"),
]  # fmt: skip
BAD = [
    "rules: 5",
    "rule: []",
    "- just text",
    "- {id: a, on: {text: x}}",
    "- {id: a, kind: match}",
    "- {id: a, kind: sequence, on: {text: x}}",
    f"- {{{BEGINNING}, within: 5m}}",
    f"- {{{BEGINNING}, limt: 5}}",
    f"- {{{COUNTING}}}",
    f"- {{{COUNTING}, count: five}}",
    f"- {{{COUNTING}, count: 0}}",
    f"- {{{COUNTING}, count: 5, window: tumbling}}",
    f"- {{{BEGINNING}, do: {{mail: a@example.org}}}}",
    f"- {{{BEGINNING}, tests: [{{lines: x}}]}}",
    "- {id: a, kind: match, on: [x]}",
    "- {id: a, kind: match, on: {any: {text: x}}}",
    "- {id: a, kind: match, on: {}}",
]


def data_of(text):
    return parse_document(text, "rules.yaml")[0].data


@pytest.mark.parametrize("text", GOOD)
def test_what_the_program_reads_the_schema_accepts(schema, text):
    _, problems = read_rules(text)
    assert [problem for problem in problems if problem.level == "error"] == []
    assert accepts(schema, data_of(text), schema)


@pytest.mark.parametrize("text", BAD)
def test_what_the_schema_can_judge_it_refuses(schema, text):
    assert not accepts(schema, data_of(text), schema)


def test_every_kind_of_rule_is_in_it_and_every_key_described(schema):
    kinds = [
        schema["$defs"][part["$ref"].removeprefix("#/$defs/")] for part in schema["$defs"]["rules"]["items"]["anyOf"]
    ]

    assert [kind["properties"]["kind"]["const"] for kind in kinds] == list(KINDS)
    for kind in kinds:
        assert [name for name, option in kind["properties"].items() if "description" not in json.dumps(option)] == []


def test_it_names_its_dialect_and_every_reference_leads_somewhere(schema):
    def references(part):
        items = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        own = {part["$ref"]} if isinstance(part, dict) and isinstance(part.get("$ref"), str) else set()
        return own.union(*map(references, items))

    assert schema["$schema"] == DIALECT
    assert references(schema) == {f"#/$defs/{name}" for name in schema["$defs"]}
