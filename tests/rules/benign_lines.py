"""
What machines say on a day on which nothing is wrong: tests/rules/benign/*.log, over which no shipped rule may alert.

    python -m tests.rules.benign_lines          writes them anew

Everyday trouble is part of it: mistyped passwords, a service that restarts once, a link that goes down and up. The
lines are made up from templates with a fixed seed; what they look like is how programs write, but no line is anybody's.
"""

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

FOLDER = Path(__file__).parent / "benign"
TEMPLATES = Path(__file__).parent / "templates"
LINES = 1400
_START = datetime(2026, 7, 23)  # noqa: DTZ001 - the wall clock of stamps without a zone
_USERS = ("alice", "bob", "carol", "dave", "erin", "yamada", "suzuki", "svc-backup", "m.tanaka")
_SIGNS = re.compile(r"<(\w+)>")


def texts() -> Iterator[tuple[str, str]]:
    """The name of each file and what is in it."""
    for path in sorted(TEMPLATES.glob("*.txt")):
        chance = random.Random(path.stem)
        signs = _signs(chance)
        lines = path.read_text("utf-8").splitlines()
        moments = sorted(chance.randrange(86_400) for _ in range(LINES))
        yield f"{path.stem}.log", "".join(f"{_line(chance.choice(lines), moment, signs)}\n" for moment in moments)


def _line(template: str, moment: int, signs: dict[str, Callable[[], str]]) -> str:
    pri, _, rest = template.partition(">")
    stamp = f"{_START + timedelta(seconds=moment):%b %d %H:%M:%S}"
    return f"{pri}>{stamp} " + _SIGNS.sub(lambda found: signs[found[1]]() if found[1] in signs else found[0], rest)


def _signs(chance: random.Random) -> dict[str, Callable[[], str]]:
    return {
        "user": lambda: chance.choice(_USERS),
        "word": lambda: chance.choice(
            ("backup", "report", "spool", "index", "admin", "metrics", "W32Time", "wuauserv")
        ),
        "pc": lambda: f"{chance.choice(('pc', 'srv', 'dc'))}{chance.randrange(1, 9)}",
        "ip": lambda: f"192.0.2.{chance.randrange(10, 250)}",
        "far": lambda: f"198.51.100.{chance.randrange(1, 250)}",
        "port": lambda: str(chance.randrange(1024, 65_536)),
        "pid": lambda: str(chance.randrange(300, 32_768)),
        "uid": lambda: str(chance.randrange(1000, 1100)),
        "number": lambda: str(chance.randrange(10, 100_000)),
        "digit": lambda: str(chance.randrange(1, 9)),
        "octet": lambda: f"{chance.randrange(256):02x}",
        "hash": lambda: f"{chance.randrange(1 << 32):08x}",
        "stamp": lambda: f"{chance.randrange(100_000):5d}.{chance.randrange(1_000_000):06d}",
    }


if __name__ == "__main__":
    for name, text in texts():
        (FOLDER / name).write_text(text, encoding="utf-8")
