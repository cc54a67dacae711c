"""Links lead somewhere."""

import re

import pytest
from docs.pages import ROOT, name_of, pages

LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")


def anchors(page):
    """The anchors of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page):
    return LINK.findall(CODE.sub("x", FENCE.sub("", page.read_text())))


def leads_somewhere(page, link):
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(target)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_within_the_repository_resolves(page):
    assert [link for link in links(page) if not link.startswith("https://") and not leads_somewhere(page, link)] == []


def test_there_are_links():
    assert sum(len(links(page)) for page in pages()) > 50


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/architecture.md"], ids=name_of)
def test_every_file_a_page_names_exists(page):
    named = re.findall(r"`((?:collector|tests|docs|deploy|rules|contrib)/[\w./-]+)`", page.read_text())

    assert [name for name in named if not (ROOT / name).exists()] == []
