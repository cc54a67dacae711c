"""No command or option is undocumented, and none is documented that does not exist."""

import argparse
import re

import pytest
from docs.generate import parsers
from docs.pages import ROOT, blocks, examples, name_of, pages

OWN_TOOLS = {"collector", "make"}
OTHERS_TOOLS = {"cat", "git", "logger", "printf", "sudo", "tail", "echo", ".venv/bin/collector"}

INLINE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"\bcollector ((?:[a-z]+-)?[a-z]+)\b((?: [^`|;]*)?)")


def options(parser):
    return {word for action in parser._actions for word in action.option_strings}


def calls(text):
    """What stands between backticks or in a console block and calls this program: the command, and its options."""
    spans = INLINE.findall(text) + [example.command for example in examples(text)]
    for span in spans:
        for found in CALL.finditer(span):
            yield found[1], set(re.findall(r"(?<!\S)--?[a-z][\w-]*", found[2]))


def make_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_command_and_option_on_a_page_exists(page):
    known = parsers()
    wrong = [
        (command, sorted(used)) for command, used in calls(page.read_text())
        if command not in known or not used <= options(known[command])
    ]  # fmt: skip

    assert wrong == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_make_target_on_a_page_exists(page):
    used = set(re.findall(r"`make ([a-z-]+)`", page.read_text()))

    assert used <= make_targets()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_shown_command_is_run_or_known_to_be_somebody_elses(page):
    shown = list(examples(page.read_text()))
    unknown = [one.command for one in shown if not one.is_run and one.first_word not in OWN_TOOLS | OTHERS_TOOLS]

    assert unknown == []


def test_the_readme_lists_every_command():
    listed = re.findall(r"^\| `collector ([a-z-]+)`", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert [name for name in parsers() if name] == listed


def test_every_command_and_option_says_what_it_does():
    silent = [
        f"{name} {'/'.join(action.option_strings) or action.dest}" for name, parser in parsers().items()
        for action in parser._actions if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]  # fmt: skip

    assert silent == []
    assert [name for name, parser in parsers().items() if not parser.description] == []


def test_the_page_of_commands_shows_each_help_at_80_columns():
    text = (ROOT / "docs/cli.md").read_text()
    shown = [block for block in blocks(text, "") if block.startswith("usage: collector")]

    assert len(parsers()) == len(shown)
    assert [line for block in shown for line in block.splitlines() if len(line) > 80] == []


# What other programs of this kind have and this one has not: nobody shall look for it in vain.
NOT_BUILT = r"\b(TLS|RELP|database|Kafka|dashboard)\b"


@pytest.mark.parametrize("name", parsers())
def test_no_help_speaks_of_what_is_not_there(name):
    assert re.findall(NOT_BUILT, parsers()[name].format_help(), re.IGNORECASE) == []
