"""What ``collector explain`` found, told to a person."""

from typing import Any

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
    lines += ["routes"]
    for route in found["routes"]:
        lines.append(f"  {'yes' if route['taken'] else 'no ':<3} {route['place']}: {route['select']} {route['reason']}")
        if route["taken"]:
            lines += [f"        → {route['file']}", f"        {route['written']}"]
    taken = sum(route["taken"] for route in found["routes"])
    lines.append(
        f"written to {taken} {'file' if taken == 1 else 'files'}" if taken else "written nowhere: it counts as unrouted"
    )
    return "\n".join(map(_printable, lines))


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
