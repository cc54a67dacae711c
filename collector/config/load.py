"""
Files → Settings, or everything that is wrong with them in one go.

    settings, problems = load_settings("/etc/collector/collector.yaml", source_kinds=SOURCES, sink_kinds=SINKS)

Beside errors, the settings are what could be read: their components and routes can then be judged in the same run, so
that nobody has to mend a file one mistake at a time. A configuration with an error is not to be used.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from collector.config.document import MAX_SIZE, TOO_LARGE, TOO_LARGE_HINT, Document, parse_document
from collector.config.problems import Location, Problem, quote
from collector.config.sections import SectionReader
from collector.config.settings import Settings
from collector.config.validation import component, validate

__all__ = ["component", "load_settings", "load_settings_text", "read_text", "validate"]

_BYTE_ORDER_MARKS = {b"\xff\xfe", b"\xfe\xff"}


def load_settings(
    path: str | Path, *, source_kinds: Collection[str], sink_kinds: Collection[str]
) -> tuple[Settings | None, list[Problem]]:
    """The settings in a file, None when it cannot be read; ``…_kinds`` are the names of the components that exist."""
    text, problem = read_text(path)
    if text is None:
        return None, [problem] if problem else []
    return load_settings_text(text, str(path), source_kinds=source_kinds, sink_kinds=sink_kinds)


def load_settings_text(
    text: str, file: str, *, source_kinds: Collection[str], sink_kinds: Collection[str]
) -> tuple[Settings | None, list[Problem]]:
    document, problems = parse_document(text, file)
    if document is None:
        return None, problems
    if not isinstance(document.data, dict):
        hint = 'write keys such as "sources:" and "routes:"'
        problems.append(Problem(document.location(()), f"{quote(document.data)} is not a mapping", "bad-value", hint))
        return None, problems
    sections = SectionReader(document, source_kinds=source_kinds, sink_kinds=sink_kinds)
    data = {**document.data, "sources": sections.sources(), "routes": sections.routes()}
    settings, found = validate(Settings, data, document, ())
    taken = {problem.location for problem in problems}  # a place that is no good YAML is told once
    problems += [problem for problem in sections.problems + found if problem.location not in taken]
    problems.sort(key=lambda problem: (problem.location.line, problem.location.column))
    return settings or _good_part(data, document), problems


def _good_part(data: dict[str, Any], document: Document) -> Settings:
    """Settings in which each key that is wrong has its default."""
    templates = data.get("templates")
    if isinstance(templates, dict):  # a name that is defined, if badly, is not to be called unknown
        data["templates"] = {name: text if isinstance(text, str) else "" for name, text in templates.items()}
    good = {
        key: value for key, value in data.items() if validate(Settings, {"sources": (), key: value}, document, ())[0]
    }
    return Settings.model_validate(good, context=document)


def read_text(path: str | Path) -> tuple[str | None, Problem | None]:
    """The text of a UTF-8 file, or why there is none."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        return None, _unreadable(path, "no such file", "create it, or name another file")
    except IsADirectoryError:
        return None, _unreadable(path, "this is a folder", "give the path of the file in it")
    except PermissionError:
        return None, _unreadable(path, "no permission to read it", "let the user that runs this program read it")
    except (OSError, ValueError) as error:
        return None, _unreadable(
            path, f"it cannot be read: {getattr(error, 'strerror', None) or error}", "check its path"
        )
    if len(raw) > MAX_SIZE:
        return None, Problem(Location(str(path)), TOO_LARGE, "too-large", TOO_LARGE_HINT)
    return _decode(raw, str(path))


def _decode(raw: bytes, file: str) -> tuple[str | None, Problem | None]:
    if raw[:2] in _BYTE_ORDER_MARKS:
        return None, Problem(Location(file), "the file is UTF-16", "encoding", "save it as UTF-8")
    try:
        return raw.decode(), None
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(errors="replace").split("\n")
        place = Location(file, len(before), len(before[-1]) + 1)
        hint = f"save the file as UTF-8, for example: iconv -f cp932 -t utf-8 {file}"
        return None, Problem(place, f"the byte 0x{raw[error.start]:02X} is not UTF-8", "encoding", hint)


def _unreadable(path: str | Path, message: str, hint: str) -> Problem:
    return Problem(Location(str(path)), message, "unreadable", hint)
