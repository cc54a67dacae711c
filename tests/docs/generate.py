"""
Writes the parts of the documentation that follow from the code: docs/cli.md, what the commands in ``console`` blocks
print, and what stands between the markers

    <!-- options: udp -->  …  <!-- end -->

    python -m tests.docs.generate            write them
    python -m tests.docs.generate --check    exit 1 with a diff when they are not up to date
"""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le

from collector.actions import ACTIONS, action_class
from collector.actions import syslog as syslog_action
from collector.actions.options import Cap, Retry
from collector.cli import build_parser
from collector.config import certificates
from collector.config import mail as mail_types
from collector.config import options as types
from collector.config import secrets as secret_types
from collector.config.mail import MailServer
from collector.config.options import Options, Written
from collector.config.sections import IncludeOptions, RouteOptions
from collector.config.settings import Charsets, Dns, Journal, RuleSetOptions, Settings, Silence, TimeZones
from collector.priority import FACILITIES, SEVERITIES
from collector.protocol.columns import COLUMNS
from collector.routing.where import FIELDS
from collector.rules import fields as rule_fields
from collector.rules import options as rule_types
from collector.rules import times as rule_times
from collector.rules.kinds import KINDS, kind_class
from collector.rules.kinds.threshold import ClearOptions, CountOptions
from collector.rules.limit import LimitOptions
from collector.rules.mute import MuteOptions
from collector.rules.options import AlertOptions, RuleOptions, SampleOptions
from collector.rules.times import TimeOptions
from collector.sinks import SINKS, sink_class
from collector.sinks.rotation import RotateOptions
from collector.sinks.users import UserNames
from collector.sources import SOURCES, source_class

sys.path.append(str(Path(__file__).resolve().parents[1]))  # tests/, as pytest has it
from docs.pages import ROOT, name_of, pages, refreshed

CLI = ROOT / "docs/cli.md"

WIDTH = 80
MARKER = re.compile(r"(<!-- (?P<what>[a-z]+(?:: \w+)?) -->)(?P<body>.*?)(<!-- end -->)", re.DOTALL)


def own_keys(model: type[Options]) -> list[str]:
    """The keys that a table tells of: of a kind of rules those that not every rule has."""
    shared = RuleOptions.model_fields if model is not RuleOptions and issubclass(model, RuleOptions) else {}
    return [key for key in model.model_fields if key not in shared]


MODELS: dict[str, type[Options]] = {
    **{model.__name__: model for model in (Settings, Charsets, TimeZones, Silence, Dns, MailServer, Journal)},
    **{model.__name__: model for model in (RuleSetOptions, RuleOptions, AlertOptions, LimitOptions, TimeOptions)},
    **{model.__name__: model for model in (MuteOptions, CountOptions, ClearOptions, SampleOptions)},
    **{kind: model for kind in KINDS if own_keys(model := kind_class(kind).Options)},
    **{model.__name__: model for model in (RouteOptions, IncludeOptions, RotateOptions)},
    **{kind: source_class(kind).Options for kind in SOURCES},
    **{kind: sink_class(kind).Options for kind in SINKS},
    **{f"{kind}_action": action_class(kind).Options for kind in ACTIONS},
    **{model.__name__: model for model in (Cap, Retry)},
}

# What the tables call the types that are written in a way of their own.
WRITTEN = {
    "network": types.Network, "rate": types.Rate,
    "size": types.Size, "duration": types.Duration, "address": types.Address, "mode": types.Mode,
    "host or network": types.HostOrNetwork, "time zone": types.TimeZone, "character set": types.CharsetName,
    "path": types.FilePath, "socket path": types.SocketPath, "user": types.UserName, "group": types.GroupName,
    "`on` or `off`": types.Switch, "duration or `none`": types.MaxSkew, "domain": types.Domain,
    "peer": types.Peer, "users": UserNames,
    "field, or a list of fields": rule_fields.FieldNames,
    "field, a list of fields, or `[]`": rule_fields.SomeOrNone, "id": rule_types.Id,
    "`next`, `stop` or `{goto: ID}`": rule_types.ThenNext,
    "days": rule_times.Days, "hours": rule_times.Hours,
    "mail address": mail_types.MailAddress, "host, or host and port": mail_types.ServerAddress,
    "certificates": certificates.CaFile,
    "secret": secret_types.SecretText, "text, maybe with secrets": secret_types.Text,
    "receiver": syslog_action.Target, "facility": syslog_action.Facility, "text": syslog_action.AppName,
}  # fmt: skip
PLAIN = {str: "text", int: "number", float: "number", bool: "true or false", Any: "anything"}
LINKED = {
    "sources": "list of [sources](#sources)",
    "routes": "[routes](#routes)",
    "to": "path, mapping, or a list of these",
    "on": "conditions",
    "do": "destination, or a list of them",
}
NESTED = {
    TimeZones: "mapping, or a time zone",
    Silence: "mapping, or a duration",
    Dns: "mapping, or `on` or `off`",
    CountOptions: "number, or mapping",
    RotateOptions: "mapping, size, or `hourly`, `daily`, `weekly`, `monthly`",
}


LISTS = {
    "facilities": [name for name in FACILITIES if name not in ("audit", "alert", "clock")],  # not in selectors
    "severities": SEVERITIES,
    "fields": FIELDS,
    "columns": COLUMNS,
}


def type_words(annotation: Any, metadata: list[Any]) -> str:
    """A type as the documentation calls it: ``size, 480B to 1MiB``."""
    written = next((mark for mark in metadata if isinstance(mark, Written)), None)
    if written:
        name = next(name for name, known in WRITTEN.items() if written in get_args(known))
        return name + limits(metadata, written.show)
    arguments = get_args(annotation)
    match get_origin(annotation):
        case None:
            if isinstance(annotation, type) and issubclass(annotation, Options):
                return NESTED.get(annotation, "mapping")
            return PLAIN[annotation] + limits(metadata, str)
        case origin if origin is Annotated:
            marks = [part for mark in arguments[1:] for part in getattr(mark, "metadata", [mark])]
            return type_words(arguments[0], [*metadata, *marks])
        case origin if origin is Literal:
            words = [f"`{choice}`" for choice in arguments]
        case origin if origin in (tuple, list):
            words = [f"list of {type_words(arguments[0], [])}"]
        case origin if origin is dict:
            key, value = (type_words(part, []) for part in arguments)
            words = ["mapping" if value == PLAIN[Any] else f"mapping of {key} to {value}"]
        case _:
            words = [type_words(part, []) for part in arguments if part is not NoneType]
    return " or ".join(words)


def limits(metadata: list[Any], show: Callable[[Any], str]) -> str:
    low = next((show(mark.ge) for mark in metadata if isinstance(mark, Ge)), None)
    high = next((show(mark.le) for mark in metadata if isinstance(mark, Le)), None)
    if low and high:
        return f", {low} to {high}"
    return f", at least {low}" if low else ""


def default_words(model: type[Options], name: str) -> str:
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    shown = model.model_construct().model_dump(mode="json", include={name})[name]
    if shown in (None, [], {}, "") or isinstance(shown, dict):
        return "–"
    if isinstance(shown, list):
        return f"`[{', '.join(shown)}]`"
    return f'`"{shown}"`' if re.fullmatch("0[0-7]+", str(shown)) else f"`{shown}`"


def options_table(name: str) -> Iterator[str]:
    model = MODELS[name]
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for key in own_keys(model):
        field = model.model_fields[key]
        kind = LINKED.get(key) or type_words(field.annotation, field.metadata)
        meaning = " ".join((field.description or "").split())
        yield f"| `{field.alias or key}` | {kind} | {default_words(model, key)} | {meaning} |".replace("|lte", "\\|lte")


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def generated(what: str) -> str | None:
    """The text between the markers of that name; None for those that only name a part written by hand."""
    kind, _, name = what.partition(": ")
    if kind == "options":
        return "\n" + "\n".join(options_table(name)) + "\n"
    return listed(LISTS[kind]) if kind in LISTS else None


def filled(text: str) -> str:
    """A page with its generated parts as they should be."""

    def fill(match: re.Match[str]) -> str:
        body = generated(match["what"])
        return match[0] if body is None else match[1] + body + match[4]

    return refreshed(MARKER.sub(fill, text))


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command by its name, that of ``collector`` itself under the empty one."""
    top = build_parser()
    (commands,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return {"": top, **commands.choices}


def help_of(parser: argparse.ArgumentParser) -> str:
    os.environ["COLUMNS"] = str(WIDTH)
    text = parser.format_help()
    # Python 3.13 names the value of an option with two names once: take that form from every version.
    return re.sub(r"(-\w) ([A-Z.]+), (--[\w-]+ \2)", r"\1, \3", text)


def cli_page() -> str:
    parts = ["# Commands", "", "*Generated from the program's own help; `make docs` writes it anew.*", ""]
    for name, parser in parsers().items():
        parts += [f"## collector {name}".rstrip(), "", "```", help_of(parser).rstrip(), "```", ""]
    return "\n".join(parts)


def fresh_pages() -> Iterator[tuple[Path, str, str]]:
    """Each page, as it is and as it should be."""
    for path in {CLI, *pages()}:
        old = path.read_text() if path.exists() else ""
        new = cli_page() if path == CLI else filled(old)
        # Where argparse breaks its lines differs between versions of Python, and is not worth an error.
        yield path, old, old if path == CLI and old.split() == new.split() else new


def main(arguments: list[str]) -> int:
    stale = [(path, old, new) for path, old, new in fresh_pages() if old != new]
    for path, old, new in stale:
        if "--check" in arguments:
            lines = (text.splitlines(keepends=True) for text in (old, new))
            print("".join(difflib.unified_diff(*lines, name_of(path), f"{name_of(path)}, fresh")))
        else:
            path.write_text(new)
            print(f"{name_of(path)} written")
    if stale and "--check" in arguments:
        print("The documentation is not up to date: run `make docs`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
