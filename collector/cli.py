"""
The command line: parse arguments, call, print, exit code. Nothing else prints or exits.

stdout is data, stderr is talk. Exit codes: 0 fine, 1 problems, 2 usage, 78 ``run`` with a bad configuration
(EX_CONFIG of sysexits.h, so that systemd does not try again).
"""

import argparse
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, TextIO

from collector import __version__
from collector.arguments import add_config, add_reading
from collector.config.problems import Problem
from collector.errors import CollectorError

EX_CONFIG = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """The command ``collector``; returns its exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.call is None:
        parser.print_help()
        return 0
    call: Callable[[argparse.Namespace], int] = options.call
    try:
        _take_any_text(sys.stdout)
        code = call(options)
        if sys.stdout is not None:  # it may be closed: >&-
            sys.stdout.flush()
    except CollectorError as error:
        _say(f"collector: error: {error}", *([f"    hint: {error.hint}"] if error.hint else []))
        return 1
    except OSError as error:
        if error.errno not in {errno.EPIPE, errno.ENOSPC}:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to flush at exit
        if error.errno == errno.ENOSPC:
            _say("collector: error: no room for the output")
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _take_any_text(stdout: TextIO | None) -> None:
    """Not every locale has a byte for every character of a message or a file name: write those as escapes."""
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(errors="backslashreplace")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="collector", description="A syslog server: receives, understands, routes and stores log messages."
    )
    parser.set_defaults(call=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_check_config(commands)
    _add_check_rules(commands)
    _add_parse(commands)
    _add_explain(commands)
    _add_status(commands)
    _add_reload(commands)
    _add_alerts(commands)
    _add_mute(commands)
    _add_send(commands)
    _add_import(commands)
    _add_schema(commands)
    _add_version(commands)
    return parser


def _command(commands: Any, name: str, call: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(call=call)
    return parser


def _add_run(commands: Any) -> None:
    parser = _command(commands, "run", _run, "receive and write until told to stop, in the foreground")
    add_config(parser)
    parser.add_argument(
        "--log-level",
        choices=("error", "warning", "info", "debug"),
        default="info",
        help="how much it says of itself, on stderr (default: info)",
    )


def _run(options: argparse.Namespace) -> int:
    from collector.service.ownlog import OwnLog, is_journal
    from collector.service.plan import build_plan
    from collector.service.privileges import to_become
    from collector.service.supervisor import Supervisor
    from collector.service.surroundings import build_and_look, look, look_as
    from collector.service.worker import run_worker

    plan, problems = build_plan(_config(options))
    _say(*(str(problem) for problem in problems if problem.level != "info"))
    if plan is None:
        _say(f"Not started: {_count(problems)} in the configuration.")
        return EX_CONFIG
    who = to_become(plan.settings.user, plan.settings.group)
    _say(*map(str, look_as(plan, who) if who else look(plan, starting=True)))
    log = OwnLog(sys.stderr, level=options.log_level, journal=is_journal(sys.stderr))
    return Supervisor(plan, run_worker, log, partial(build_and_look, _config(options))).run()


def _add_check_config(commands: Any) -> None:
    parser = _command(
        commands, "check-config", _check_config, "do everything run would do, short of listening and making files"
    )
    parser.add_argument("file", metavar="F", nargs="?", help="the configuration (default: as for run)")
    parser.add_argument("--json", action="store_true", help="one JSON object per problem")
    parser.add_argument("--user", metavar="NAME", help="look at the files as this user of the service; for root")


def _check_config(options: argparse.Namespace) -> int:
    from collector.service.plan import build_plan

    path = options.file or _config(options)
    plan, problems = build_plan(path)
    problems += _look(plan, options.user) if plan else []
    for problem in problems:
        print(json.dumps(problem.as_json(), ensure_ascii=False) if options.json else problem)
    if plan is None or any(problem.level == "error" for problem in problems):
        _say(f"{path}: {_count(problems)}.")
        return 1
    doubts = [problem for problem in problems if problem.level != "info"]
    sources, routes, files = len(plan.sources), len(plan.routes), len(plan.destinations)
    rules = f", {_number(len(plan.outline.rules), 'rule')}" if plan.outline.rules else ""
    if plan.deliveries:
        rules += f" with {_number(len(plan.deliveries), 'destination')} of alerts"
    _say(
        f"{path}: fine{f', {_count(problems)}' if doubts else ''}: {_number(sources, 'source')}, "
        f"{_number(routes, 'route')}, {_number(files, 'destination')}{rules}, plan {plan.hash}."
    )
    return 0


def _look(plan: Any, user: str | None) -> list[Problem]:
    """As the user who asks, unless another is named here or in the configuration."""
    from collector.service.privileges import to_become, user_called
    from collector.service.surroundings import look, look_as

    if user is None and os.geteuid() != 0:
        return look(plan)
    who = to_become(user_called(user) if user is not None else plan.settings.user, plan.settings.group)
    return look_as(plan, who) if who else look(plan)


def _add_check_rules(commands: Any) -> None:
    from collector.commands import check_rules

    text = "what is wrong with rules, their own tests, and which alerts a log would raise"
    check_rules.add_arguments(_command(commands, "check-rules", check_rules.run, text))


def _add_parse(commands: Any) -> None:
    parser = _command(commands, "parse", _parse, "messages in, JSON records out")
    parser.add_argument(
        "files", metavar="FILE", nargs="*", help="messages, one per line or octet-counted (default: stdin)"
    )
    parser.add_argument("--whole", action="store_true", help="each file is one message, as a datagram is")
    parser.add_argument("--config", metavar="F", help="take charsets, time zones and names from this configuration")
    add_reading(parser)


def _parse(options: argparse.Namespace) -> int:
    from collector.protocol.framing import DEFAULT_MAX_MESSAGE
    from collector.service.inspect import Reader, frames, records, whole

    plan = _plan(options.config) if options.config else None
    reader = Reader.of(plan, options.timezone)
    limit = plan.settings.max_message if plan else DEFAULT_MAX_MESSAGE
    received_at = _aware(options.received_at, reader)
    if not options.files and sys.stdin.isatty():
        _say("Reading messages from the terminal; Ctrl-D ends.")
    for name in options.files or ["-"]:
        with ExitStack() as stack:
            file = _open(name, stack)
            found = whole(file) if options.whole else frames(file, limit)
            _print_json(records(found, reader, options.peer, received_at))
    return 0


def _add_explain(commands: Any) -> None:
    parser = _command(commands, "explain", _explain, "one message through parser and routes, each decision shown")
    parser.add_argument("message", metavar="MESSAGE", help="the message as sent, with its <PRI>; - reads it from stdin")
    add_config(parser)
    add_reading(parser)
    parser.add_argument("--source", metavar="NAME", help='where it comes in, as "udp 0.0.0.0:514" (default: the first)')
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _explain(options: argparse.Namespace) -> int:
    from collector.service.inspect import Reader, explain
    from collector.service.narrate import narrate

    plan = _plan(_config(options))
    reader = Reader.judging(plan, options.timezone, options.source)
    message = sys.stdin.buffer.read() if options.message == "-" else os.fsencode(options.message)
    found = explain(plan, reader, message, options.peer, _aware(options.received_at, reader))
    if options.json:
        _print_json([found])
    else:
        print(narrate(found))
    return 0


def _add_status(commands: Any) -> None:
    from collector.commands import status

    status.add_arguments(_command(commands, "status", status.run, "what the running daemon received, wrote and lost"))


def _add_reload(commands: Any) -> None:
    from collector.commands import reload

    text = "have the running daemon read its configuration again"
    reload.add_arguments(_command(commands, "reload", reload.run, text))


def _add_alerts(commands: Any) -> None:
    from collector.commands import alerts

    text = "the last alerts of the running daemon, and those that come"
    alerts.add_arguments(_command(commands, "alerts", alerts.run, text))


def _add_mute(commands: Any) -> None:
    from collector.commands import mute

    mute.add_arguments(_command(commands, "mute", mute.run, "have a rule raise no alerts for a while"))


def _add_send(commands: Any) -> None:
    from collector.service import send

    send.add_arguments(_command(commands, "send", _send, "send messages, for trying things"))


def _send(options: argparse.Namespace) -> int:
    from collector.service import send

    result = send.run(options)
    _say(f"Sent {_number(result.sent, 'message')}, {result.bytes:,} bytes, in {result.seconds:.3f} s.")
    return 0


def _add_import(commands: Any) -> None:
    text = "an old configuration as YAML, and on stderr what was understood, approximated, refused"
    parser = _command(commands, "import", _import, text)
    parser.add_argument("language", choices=("syslog-conf",), help="what the files are written in")
    parser.add_argument("files", metavar="FILE", nargs="+", help="the files, as /etc/syslog.conf, in their order")


def _import(options: argparse.Namespace) -> int:
    from collector.service.import_syslog_conf import import_conf

    imported = import_conf(options.files)
    print(imported.yaml, end="")
    _say(*imported.report)
    return 1 if imported.refused else 0


def _add_schema(commands: Any) -> None:
    parser = _command(commands, "schema", _schema, "the JSON Schema of collector.yaml or of rule files, for editors")
    parser.add_argument("--rules", action="store_true", help="that of rule files")


def _schema(options: argparse.Namespace) -> int:
    from collector.actions import ACTIONS, action_class
    from collector.config.schema import json_schema
    from collector.rules.schema import rules_schema
    from collector.sinks import SINKS, sink_class
    from collector.sources import SOURCES, source_class

    sources = {kind: source_class(kind).Options for kind in SOURCES}
    sinks = {kind: sink_class(kind).Options for kind in SINKS}
    actions = {kind: action_class(kind).Options for kind in ACTIONS}
    print(json.dumps(rules_schema(actions) if options.rules else json_schema(sources, sinks, actions), indent=2))
    return 0


def _add_version(commands: Any) -> None:
    parser = _command(commands, "version", _version, "the version of the program and of what it stands on")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _version(options: argparse.Namespace) -> int:
    from collector.service.versions import versions

    found = versions()
    if options.json:
        print(json.dumps(found))
    else:
        parts = [f"{name} {version}" for name, version in found.items() if name != "collector"]
        print(f"collector {__version__}  ({', '.join(parts)})")
    return 0


def _config(options: argparse.Namespace) -> str:
    from collector.service import places

    return getattr(options, "config", None) or places.config_file()


def _plan(path: str) -> Any:
    from collector.service.plan import build_plan

    plan, problems = build_plan(path)
    _say(*map(str, problems))
    if plan is None:
        raise CollectorError(f"{_count(problems)} in the configuration")
    return plan


def _open(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(name, "rb"))
    except OSError as error:
        raise CollectorError(f"{name}: {error.strerror}") from error


def _aware(time: datetime | None, reader: Any) -> datetime | None:
    return time if time is None or time.tzinfo else time.replace(tzinfo=reader.interpreter.zone)


def _print_json(items: Iterable[dict[str, Any]]) -> None:
    from collector.protocol.render import escape_unseen

    everything = sys.stdout is not None and sys.stdout.encoding.lower() == "utf-8"
    for item in items:
        print(escape_unseen(json.dumps(item, ensure_ascii=not everything)))


def _count(problems: Sequence[Problem]) -> str:
    errors = sum(problem.level == "error" for problem in problems)
    warnings = sum(problem.level == "warning" for problem in problems)
    return (
        " and ".join(_number(count, word) for count, word in ((errors, "error"), (warnings, "warning")) if count)
        or "no problems"
    )


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
