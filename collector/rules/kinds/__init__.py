"""Kinds of rules: what a rule makes of the events that fit its condition. One file per kind, one line here."""

from importlib import import_module
from typing import Any

KINDS = {
    "match": "collector.rules.kinds.match:Match",
    "threshold": "collector.rules.kinds.threshold:Threshold",
}


def kind_class(kind: str) -> Any:
    """The class of a kind; ``.Options`` is its options model."""
    module, _, name = KINDS[kind].partition(":")
    return getattr(import_module(module), name)
