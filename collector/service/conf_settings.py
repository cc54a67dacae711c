"""
What included files set that is a setting of this configuration: told, with the key, unless the configuration says so
already.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from collector.config.problems import Problem
from collector.config.settings import Settings
from collector.config.values import BadValueError, parse_size
from collector.routing.directives import Setting


def advice(found: Sequence[Setting], settings: Settings) -> Iterator[Problem]:
    """A warning for each setting that is not in force."""
    for setting in found:
        if not _in_force(setting, settings):
            message = f"{setting.written} is set in the configuration, not here"
            yield Problem(setting.location, message, "setting", setting.hint, "warning")


def _in_force(setting: Setting, settings: Settings) -> bool:
    key, value = setting.key, setting.value
    if key in {"udp", "tcp"}:
        return any(_port(target) == _port(value) for target in _targets(settings, key))
    if key == "unix":
        return value is None or value in _targets(settings, key)
    if key in {"allow", "rate_limit", "repeat_reduction", "max_connections"}:
        about = [spec for spec in settings.sources if setting.source in {None, spec.kind}]
        return not about or any(key in spec.options for spec in about)
    if key == "max_message":
        return _at_most(value, settings.max_message)
    return key in settings.model_fields_set


def _targets(settings: Settings, kind: str) -> Iterable[Any]:
    return [spec.target for spec in settings.sources if spec.kind == kind]


def _port(target: Any) -> str:
    return str(target).rpartition(":")[2]


def _at_most(value: Any, limit: int) -> bool:
    try:
        return parse_size(value) <= limit
    except BadValueError:
        return False
