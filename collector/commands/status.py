"""``collector status`` — what the running daemon received, wrote and lost."""

import argparse
import json
import os
import shutil
import sys
from functools import partial

from collector.arguments import add_control
from collector.commands.asking import control_to_ask


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from collector.service.senders import screen

    add_control(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every counter, as JSON; a line for each of the senders")
    form.add_argument("--prometheus", action="store_true", help="the counters as Prometheus text")
    screen.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from collector.service.control import request
    from collector.service.exposition import expose
    from collector.service.senders.screen import answered, are_wanted
    from collector.service.status import render

    ask = partial(request, control_to_ask(options))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size((80, 24)).columns
    if are_wanted(options):
        for line in answered(ask, options, width, colour):
            print(line)
        return 0
    answer = ask({"ask": "status"})
    if options.json:
        print(json.dumps(answer, ensure_ascii=False))
    elif options.prometheus:
        print(expose(answer), end="")
    else:
        print(render(answer, width, colour))
    return 0
