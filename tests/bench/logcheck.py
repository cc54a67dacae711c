"""The patterns of logcheck-database, some 1,800 that people wrote over twenty years, as Python's ``re`` has them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from collector.errors import CollectorError
from collector.routing.posix_regex import extended_to_python

FOLDER = Path("/etc/logcheck")


def missing() -> str | None:
    """What must be installed for it, if it is not."""
    return None if _files() else "the patterns of logcheck (Debian package logcheck-database)"


def patterns() -> list[str]:
    """Each once, without those of a kind that only grep knows."""
    return list(dict.fromkeys(_translated()))


def as_rules() -> str:
    """A file of rules for collector, one for each pattern, which counts its hits. JSON is YAML."""
    written = [
        {"id": f"logcheck-{number}", "kind": "match", "on": {"re": pattern}}
        for number, pattern in enumerate(patterns())
    ]
    return json.dumps({"rules": written}, indent=1)


def _files() -> list[Path]:
    """In Debian these are conffiles, whose owner may add to them: what is there counts."""
    return sorted(path for path in FOLDER.glob("ignore.d.*/*") if path.is_file())


def _translated() -> Iterator[str]:
    for path in _files():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.strip() and not line.startswith("#"):
                try:
                    pattern = extended_to_python(line)
                    re.compile(pattern, re.ASCII)
                except (CollectorError, re.error):
                    continue
                yield pattern
