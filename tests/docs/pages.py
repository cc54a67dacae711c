"""
The pages of the documentation, and the examples in them.

A ``yaml`` block is a whole configuration, or a file of rules with their tests. A ``console`` block shows commands after
``$`` (continued after ``>``) and what they print; those that only look at messages and configurations are run. ``<!--
file: NAME -->`` before a block says that the commands of its page find it under that name.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (?P<text>.*(?:\n> .*)*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)

# Warnings of check-config that depend on who asks, and their number: the pages show what root sees.
_RIGHTS = re.compile(r"^\S+ warning: .*\[no-right\]\n    hint: .*\n|(?<=: fine), \d+ warnings?(?=:)", re.MULTILINE)

_FIRST_WORDS = {"collector", "printf", "cat"}
_DAEMONS = re.compile(r"\bcollector (run|send|status|alerts|mute)\b")

# How long something took, which differs from run to run: what a page shows of it stays.
_COSTS = re.compile(r"(?<=, in )[\d.]+ s \([\d,]+ lines/s\)|(?<=\d)  +[\d,]+$", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One command of a console block, as the shell takes it, and what is shown below it."""

    text: str
    output: str

    @property
    def command(self) -> str:
        return self.text.replace("\n> ", "\n")

    @property
    def first_word(self) -> str:
        return shlex.split(self.command)[0]

    @property
    def is_run(self) -> bool:
        return self.first_word in _FIRST_WORDS and not _DAEMONS.search(self.command)


def pages() -> list[Path]:
    """Every page written for people."""
    return sorted(
        path for pattern in ("*.md", "docs/**/*.md", "contrib/*.md", "rules/*.md") for path in ROOT.glob(pattern)
    )


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(text: str, language: str) -> list[str]:
    return [match["body"] for match in _BLOCK.finditer(text) if match["language"] == language]


def examples(text: str) -> Iterator[Example]:
    for block in blocks(text, "console"):
        yield from (Example(match["text"], match["output"]) for match in _COMMAND.finditer(block))


def refreshed(text: str) -> str:
    """The page with what its commands print now."""
    if not any(example.is_run for example in examples(text)):
        return text
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, body in _FILE.findall(text):
            (folder / file).write_text(body)
        environment = _environment(folder)
        return _BLOCK.sub(lambda block: _refreshed_block(block, folder, environment), text)


def _refreshed_block(block: re.Match[str], folder: Path, environment: Mapping[str, str]) -> str:
    def shown(match: re.Match[str]) -> str:
        example = Example(match["text"], match["output"])
        output = _printed(example.command, folder, environment) if example.is_run else example.output
        if _COSTS.sub("", output) == _COSTS.sub("", example.output):
            output = example.output
        return f"$ {example.text}\n{output}"

    if block["language"] != "console":
        return block[0]
    return f"```console\n{_COMMAND.sub(shown, block['body'])}```"


def _printed(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=dict(environment), check=False, timeout=60,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return _RIGHTS.sub("", done.stdout.decode()).rstrip("\n") + "\n"


def _environment(folder: Path) -> dict[str, str]:
    """A stranger's: nothing configured, 80 columns, UTC; ``collector`` is the one under test."""
    program = folder / ".bin/collector"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m collector "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(folder),
        "COLUMNS": "80", "TZ": "UTC", "LC_ALL": "C.UTF-8",
    }  # fmt: skip
