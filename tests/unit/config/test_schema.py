import json
import re

import pytest
from schema_validation import accepts

from collector.config.document import parse_document
from collector.config.schema import DIALECT, json_schema
from collector.config.validation import component

KINDS = ("udp", "tcp", "unix")


@pytest.fixture
def schema(listener, file_sink):
    return json_schema(dict.fromkeys(KINDS, listener), {"file": file_sink, "pipe": file_sink}, {})


GOOD = [
    "sources: [{udp: ':514'}]",
    "sources: [{udp: ':514', receive_buffer: 1MiB, tls: {ciphers: [a]}}, {unix: '[::]:1', idle: 5m}]",
    "sources: [{udp: ':514', receive_buffer: 65536, idle: 1h30m, keepalive: true, framing: lf}]",
    "routes: |\n  *.* /x\n",
    "routes: ['*.* /x', {include: /etc/syslog.conf}]",
    "routes: [{select: '*.*', to: /x}, {select: a, where: {hostname: b}, to: [{file: /x, mode: '0600'}, '@h']}]",
    "timezone: Asia/Tokyo",
    "timezone: {default: '+09:00', hosts: {a: UTC}}",
    "charset: {fallback: [cp932], hosts: {192.0.2.0/24: euc-jp}}",
    "workers: auto\nmax_message: 8KiB\nmax_files: 1\nmax_paths: 1\nstate_dir: /x\ncontrol: /y\ntemplates: {a: b}",
    "workers: 64",
    "watch: off",
    "watch: true",
    "dns: off",
    "dns: {lookups: on, hosts: /etc/hosts, fqdn: false, strip_domains: [example.net], ttl: 5m, timeout: 500ms}",
]
BAD = [
    "sources: []",
    "sources: {udp: ':514'}",
    "sources: [{udp: localhost}]",
    "sources: [{udp: ':514', recieve_buffer: 1MiB}]",
    "sources: [{udp: ':514', tcp: ':514'}]",
    "sources: [{relp: ':514'}]",
    "sources: [{udp: ':514', address: ':514'}]",
    "sources: [{udp: ':514', keepalive: on}]",
    "sources: [{udp: ':514', framing: crlf}]",
    "sources: [{udp: ':514', receive_buffer: 64K}]",
    "sources: [{udp: ':514', idle: 5}]",
    "routes: 5",
    "routes: [5]",
    "routes: [{include: /x, to: /y}]",
    "routes: [{select: a}]",
    "routes: [{select: a, to: []}]",
    "routes: [{select: a, to: {fil: /x}}]",
    "routes: [{select: a, to: {file: /x, mode: rw}}]",
    "timezone: 9",
    "charset: cp932",
    "charset: {fallback: cp932}",
    "workers: 0",
    "dns: yes",
    "dns: {lookups: maybe}",
    "dns: {hosts: 5}",
    "dns: {strip_domains: example.net}",
    "workers: many",
    "max_message: 64K",
    "max_files: '1'",
    "roles: []",
]


def whole(text):
    return text if text.startswith("sources:") else f"sources: [{{udp: ':514'}}]\n{text}\n"


def data_of(text):
    return parse_document(whole(text), "c.yaml")[0].data


@pytest.mark.parametrize("text", GOOD)
def test_what_the_program_reads_the_schema_accepts(schema, text):
    assert accepts(schema, data_of(text), schema)


@pytest.mark.parametrize("text", BAD)
def test_what_the_schema_can_judge_it_refuses(schema, text):
    assert not accepts(schema, data_of(text), schema)


@pytest.mark.parametrize("text", GOOD + BAD)
def test_the_schema_and_the_program_agree(schema, load, listener, file_sink, text):
    settings, problems = load(whole(text))
    sinks = [spec for route in settings.routes for spec in getattr(route, "to", ()) if hasattr(spec, "kind")]
    specs = [(spec, listener) for spec in settings.sources] + [(spec, file_sink) for spec in sinks]
    problems += [problem for spec, model in specs for problem in component(spec, model, settings.document)[1]]
    good = all(problem.level == "warning" for problem in problems)

    assert accepts(schema, data_of(text), schema) == good


def parts_of(part):
    yield part
    for item in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from parts_of(item)


def test_the_schema_names_its_dialect(schema):
    assert schema["$schema"] == DIALECT == "https://json-schema.org/draft/2020-12/schema"


def test_every_mapping_with_known_keys_refuses_others(schema):
    mappings = [
        part for part in parts_of(schema) if isinstance(part, dict) and isinstance(part.get("properties"), dict)
    ]
    closed = [part for part in mappings if part.get("type") == "object"]

    assert len(closed) >= 8
    assert all(part["additionalProperties"] is False for part in closed)


def test_every_setting_is_described(schema):
    def described(option):
        target = schema["$defs"][reference_of(option)] if reference_of(option) else {}
        return "description" in option or "description" in target or any(map(described, option.get("anyOf", [])))

    assert [name for name, option in schema["properties"].items() if not described(option)] == []


def reference_of(option):
    whole = json.dumps(option)
    found = re.search(r'"\$ref": "#/\$defs/([^"]+)"', whole)
    return found and found[1]


def test_every_reference_leads_somewhere_and_nothing_is_left_over(schema):
    references = {part["$ref"] for part in parts_of(schema) if isinstance(part, dict) and "$ref" in part}

    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}


def test_defaults_are_shown_as_they_are_written(schema):
    udp = schema["$defs"]["source"]["anyOf"][0]["properties"]

    assert (udp["receive_buffer"]["default"], udp["idle"]["default"]) == ("32MiB", "10m")
    assert schema["properties"]["max_message"]["default"] == "64KiB"
    assert schema["$defs"]["destination"]["anyOf"][1]["properties"]["mode"]["default"] == "0640"


def test_the_key_of_a_component_is_its_kind(schema):
    sources = schema["$defs"]["source"]["anyOf"]

    assert [(part["title"], part["required"]) for part in sources] == [(kind, [kind]) for kind in KINDS]
    assert all("address" not in part["properties"] for part in sources)


def test_no_kinds_at_all_still_make_a_schema():
    assert json_schema({}, {}, {})["$defs"]["source"] == {"anyOf": []}
