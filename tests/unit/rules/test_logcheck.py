"""The rules of logcheck, some 1,900 expressions made for real logs: what grep finds, the prefilter lets through."""

import glob
import random
import re
import subprocess

import pytest

from collector.errors import CollectorError
from collector.routing.posix_regex import extended_to_python
from collector.rules.prefilter import compile_prefilter
from collector.rules.regex_tree import Choice, One, Repeat, Sequence, Text, parse
from collector.rules.requirement import Text as Wanted

FILES = sorted(glob.glob("/etc/logcheck/ignore.d.*/*"))
EACH = 7
"""grep is asked for one expression in so many."""


def _translated():
    """Extended expressions as logcheck has them, and the same for ``re``."""
    found = {}
    for file in FILES:
        with open(file, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                expression = line.rstrip("\n")
                if not expression or expression.startswith("#"):
                    continue
                try:
                    found[expression] = extended_to_python(expression)
                    re.compile(found[expression], re.ASCII)
                except (CollectorError, re.error):
                    del found[expression]
    return found


def _example(node, dice):
    """A text that the tree describes."""
    match node:
        case Text(text):
            return text
        case One(chars):
            fit = sorted(char for char in chars if char.isprintable() and char.isascii())
            return dice.choice([char for char in fit if char.isalnum()] or fit)
        case Sequence(parts):
            return "".join(_example(part, dice) for part in parts)
        case Choice(parts):
            return _example(dice.choice(parts), dice)
        case Repeat(low, high, body):
            most = low + 4 if high is None else min(high, low + 4)
            return "".join(_example(body, dice) for _ in range(dice.randint(low, most)))
    return ""


@pytest.fixture(scope="module")
def rules():
    if not FILES:
        pytest.skip("needs the Debian package logcheck-database")
    return _translated()


@pytest.fixture(scope="module")
def lines(rules):
    dice = random.Random(1884)
    return [_example(parse(expression), dice) for expression in rules.values()]


@pytest.mark.parametrize("engine", ["hyperscan", "python"])
def test_what_grep_finds_is_let_through(rules, lines, engine, tmp_path):
    (tmp_path / "lines").write_text("".join(f"{line}\n" for line in lines))
    prefilter = compile_prefilter([Wanted(pattern) for pattern in rules.values()], engine)
    text = "".join(f"<30>{line}\n" for line in lines).encode()
    found = {(text.count(b"\n", 0, end), rule) for end, rule in _last_of_rows(text, prefilter.scan(text))}
    hits = 0
    for rule, expression in list(enumerate(rules))[::EACH]:
        grep = ["grep", "-nE", "--", expression, str(tmp_path / "lines")]
        output = subprocess.run(grep, capture_output=True, text=True, env={"LC_ALL": "C"}, check=False).stdout
        wanted = {int(line.partition(":")[0]) - 1 for line in output.splitlines()}
        assert wanted <= {row for row, its in found if its == rule} or rule in prefilter.residual, expression
        hits += len(wanted)
    assert len(rules) > 1_800
    assert hits > len(rules) / EACH / 2, "the lines must be such that rules match them"
    assert len(found) < 6 * len(lines), "a prefilter that lets everything through is none"


def _last_of_rows(text, hits):
    """One hit for each row and rule."""
    return {(text.rfind(b"\n", 0, end), rule): (end, rule) for end, rule in hits}.values()
