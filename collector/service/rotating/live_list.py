"""
Which files were written through paths with fields: a list that outlives the service.

A service that is started again has to rotate what its predecessor wrote, and nothing that only lies in the same folder.
One JSON list ``[destination, path]`` a line; what cannot be read is as if it were not there.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

NAME = "written-files"


def write(path: str, entries: Iterable[tuple[str, str]]) -> None:
    """Replace the list, whole or not at all. Raises OSError."""
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    begun = f"{path}.new"
    with open(begun, "w", encoding="ascii") as file:
        file.write(text)
    os.replace(begun, path)


def read(path: str) -> Iterator[tuple[str, str]]:
    try:
        with open(path, encoding="ascii") as file:
            lines = file.readlines()
    except (OSError, ValueError):
        return
    for line in lines:
        with suppress(ValueError, RecursionError):
            match json.loads(line):
                case [str(label), str(found)]:
                    yield label, found
