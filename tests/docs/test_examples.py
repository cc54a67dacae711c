"""Every configuration on a page is one that works."""

import pytest
from docs.pages import ROOT, blocks, name_of, pages

from collector.service.plan import build_plan_from_text

CONFIGURATIONS = [
    pytest.param(body, id=f"{name_of(page)}-{number}")
    for page in pages()
    for number, body in enumerate(blocks(page.read_text(), "yaml"))
]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_every_configuration_on_a_page_is_accepted(text, monkeypatch):
    monkeypatch.chdir(ROOT)

    plan, problems = build_plan_from_text(text, "example.yaml")

    assert plan is not None
    assert problems == []


def test_there_are_examples():
    assert len(CONFIGURATIONS) > 10
