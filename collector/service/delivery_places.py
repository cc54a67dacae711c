"""
Whether the programs that alerts call are there and may be run. They are looked at and left as they are.

What is missing may yet come, and the rest of the service works without it: all of it is a warning.
"""

import os
from collections.abc import Iterator
from typing import Any

from collector.actions.exec import ExecOptions
from collector.service.sink_places import Trouble


def delivery_troubles(options: Any) -> Iterator[Trouble]:
    """What is wrong with a destination of alerts, for the user who asks."""
    if not isinstance(options, ExecOptions):
        return
    program = options.exec[0]
    if not os.path.exists(program):
        hidden = not os.path.isdir(os.path.dirname(program))
        why = f"its folder {os.path.dirname(program)} is not there or closed" if hidden else "it is not there"
        yield Trouble("warning", f"the program {program} cannot be run: {why}", "install it, or correct its path")
    elif os.path.isdir(program):
        yield Trouble("warning", f"the program {program} cannot be run: it is a folder", "name the program in it")
    elif not os.access(program, os.X_OK, effective_ids=True):
        yield Trouble("warning", f"the program {program} may not be run by this user", f"chmod +x {program}")
    if not os.path.isdir(options.folder):
        text = f"the folder {options.folder} for {program} is not there"
        yield Trouble("warning", text, "make it, or leave out `folder`")
