"""What ``collector explain`` found, told to a person."""

from datetime import UTC, datetime
from typing import Any

from collector.rules.explain import in_words

_SHOWN = ("facility", "severity", "hostname", "app_name", "proc_id", "msg_id", "message", "charset", "peer")


def narrate(found: dict[str, Any]) -> str:
    """The answer of ``inspect.explain`` as text, safe for a terminal: what is not printable is escaped."""
    record = found["record"]
    lines = ["message"]
    lines += [f"  {name:<11}{record[name]}" for name in _SHOWN if record[name] is not None]
    lines.append(f"  {'timestamp':<11}{record['timestamp']}, {_source(record)}")
    for sd_id, params in record["structured_data"].items():
        lines.append(f"  [{sd_id}]  " + " ".join(f"{name}={value}" for name, value in params.items()))
    if record["marks"]:
        lines.append(f"  {'marks':<11}{', '.join(record['marks'])}")
    if record["fields"]:
        lines += ["fields", *(f"  {name:<25} {value}" for name, value in record["fields"].items())]
    lines += ["routes"]
    for route in found["routes"]:
        lines.append(f"  {'yes' if route['taken'] else 'no ':<3} {route['place']}: {route['select']} {route['reason']}")
        if route["stops"]:
            lines.append("        stop: no later route is asked")
        elif route["taken"]:
            lines += [f"        → {route.get('file') or route['destination']}", f"        {route['written']}"]
    lines.append(_summary(found["routes"]))
    if "rules" in found:
        lines += ["rules", *(f"  {line}" for line in in_words(found["rules"], _clock))]
    return "\n".join(map(_printable, lines))


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%H:%M:%S}"


def _summary(routes: list[dict[str, Any]]) -> str:
    taken = [route for route in routes if route["taken"] and not route["stops"]]
    if not taken:
        stopped = any(route["stops"] for route in routes)
        return f"written nowhere: it counts as {'discarded' if stopped else 'unrouted'}"
    noun = "file" if all("file" in route for route in taken) else "destination"
    return f"written to {len(taken)} {noun}{'' if len(taken) == 1 else 's'}"


def _source(record: dict[str, Any]) -> str:
    if record["time_source"] == "sender":
        return "as the sender says"
    if "clock_skew" in record["marks"]:
        return f"too far from {record['received_at']}, when it was received, to count"
    return "as it was received"


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
