"""Whom to ask."""

import argparse
import os

from collector.errors import CollectorError


def control_to_ask(options: argparse.Namespace) -> str:
    """The control socket of the configured daemon; one that runs can be asked whatever is wrong with the file now."""
    from collector.service.places import config_file
    from collector.service.plan import control_of

    if options.control:
        return str(options.control)
    if options.config and not os.path.exists(options.config):
        raise CollectorError(f"{options.config}: no such file", hint="name its socket with --control")
    if options.config and not os.access(options.config, os.R_OK):
        raise CollectorError(f"{options.config}: no permission to read it", hint="name its socket with --control")
    return control_of(options.config or config_file())
