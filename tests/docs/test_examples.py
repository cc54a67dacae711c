"""Every configuration on a page is one that works, and every file of rules does what its tests say."""

import re
from datetime import UTC

import pytest
from docs.pages import ROOT, blocks, name_of, pages
from rule_loading import book_of

from collector.protocol.charset import Charsets
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.rules.samples import Reading, failures
from collector.service.plan import build_plan_from_text

EXAMPLES = [
    (f"{name_of(page)}-{number}", body)
    for page in pages()
    for number, body in enumerate(blocks(page.read_text(), "yaml"))
]
_CONFIGURATION = re.compile("^sources:", re.MULTILINE)
CONFIGURATIONS = [pytest.param(body, id=name) for name, body in EXAMPLES if _CONFIGURATION.search(body)]
RULES = [pytest.param(body, id=name) for name, body in EXAMPLES if not _CONFIGURATION.search(body)]

AROUND_RULES = """
sources: [{udp: "127.0.0.1:5514"}]
routes: ["*.*  /var/log/messages"]
rules: [RULES]
mail: {server: localhost, from: collector@example.org, tls: none}
destinations: {ops: {mail: ops@example.org}, chat: {webhook: "https://chat.example.org/hook"}}
"""
READING = Reading(Normaliser(Charsets(), HostMap({})), Interpreter(UTC, HostMap({}), None))


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_every_configuration_on_a_page_is_accepted(text, monkeypatch):
    monkeypatch.chdir(ROOT)

    plan, problems = build_plan_from_text(text, "example.yaml")

    assert plan is not None
    told = [problem for problem in problems if problem.level != "info"]
    assert [problem for problem in told if problem.id != "secret"] == []  # none is on a page


@pytest.mark.parametrize("text", RULES)
def test_every_rule_on_a_page_is_accepted_and_passes_its_tests(text, tmp_path):
    (tmp_path / "rules.yaml").write_text(text)

    plan, problems = build_plan_from_text(AROUND_RULES.replace("RULES", f"{tmp_path}/rules.yaml"), "example.yaml")

    assert plan is not None
    assert [problem for problem in problems if problem.level != "info"] == []
    book = book_of(text)
    assert [problem for rule in book.rules for problem in failures(book, rule, READING)] == []


def test_there_are_examples():
    assert len(CONFIGURATIONS) > 10
    assert len(RULES) >= 10
