"""A new source, sink, framing or format is a file, a line in its registry, a test and a page."""

import re
from importlib import import_module

import pytest
from docs.pages import ROOT

from collector.actions import ACTIONS
from collector.protocol import render
from collector.protocol.framing import FRAMERS
from collector.protocol.parsers.payload import PAYLOADS
from collector.sinks import SINKS, sink_class
from collector.sources import SOURCES, source_class

ENTRIES = [*SOURCES.values(), *SINKS.values(), *FRAMERS.values(), *ACTIONS.values()]
PAGE = (ROOT / "docs/configuration.md").read_text()
ALERTS = (ROOT / "docs/alerts.md").read_text()


def modules():
    return sorted({entry.partition(":")[0] for entry in ENTRIES} | {render.__name__})


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_names_a_class_that_is_there(entry):
    module, _, name = entry.partition(":")

    assert isinstance(getattr(import_module(module), name), type)


@pytest.mark.parametrize("module", modules())
def test_every_part_begins_with_a_manual_page_that_has_an_example(module):
    text = import_module(module).__doc__
    example = re.search(r"^ {4}\S|^``", text, re.MULTILINE)

    assert len(text.splitlines()) > 4
    assert example


@pytest.mark.parametrize("module", modules())
def test_every_part_has_a_test(module):
    """Of its own, or one on the wire or of a property that runs it."""
    _, *folders, name = module.split(".")
    own = (ROOT / "tests/unit" / "/".join(folders)).glob(f"test_{name}*.py")
    run = (path for room in ("wire", "properties") for path in (ROOT / "tests" / room).glob("test_*.py"))
    used = re.compile(rf"\bfrom {re.escape(module)} import\b|\b{name}: ")

    assert [*own, *(path for path in run if used.search(path.read_text()))] != []


@pytest.mark.parametrize("kind", [*SOURCES, *render.FORMATS])
def test_every_source_and_format_has_a_section(kind):
    assert f"\n### {kind}\n" in PAGE


@pytest.mark.parametrize("kind", [*SOURCES, *SINKS])
def test_every_kind_has_a_table_of_its_options(kind):
    assert f"<!-- options: {kind} -->" in PAGE


@pytest.mark.parametrize("kind", ACTIONS)
def test_every_kind_of_action_has_a_table_of_its_options(kind):
    assert f"<!-- options: {kind}_action -->" in ALERTS


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_takes_its_target_under_the_name_of_its_kind(kind):
    options = source_class(kind).Options

    assert kind == source_class(kind).kind
    assert options.model_fields[options.target_field].is_required()


@pytest.mark.parametrize("kind", SINKS)
def test_every_sink_takes_its_target_under_the_name_of_its_kind(kind):
    options = sink_class(kind).Options

    assert options.model_fields[options.target_field].is_required()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_payload_has_vectors_and_is_named_on_the_page(payload):
    assert len((ROOT / f"tests/vectors/{payload}.jsonl").read_text().splitlines()) > 10
    assert payload in PAGE.lower()
