"""
Files that show messages as text: what any syslogd writes. They are made messages again by what is not in them.

    Oct 11 22:14:15 gate sshd[411]: …      →      <38>Oct 11 22:14:15 gate sshd[411]: …

What is written there has been made visible already, as ``#011``; to do so again would change it.
"""

import re
from itertools import repeat

from collector.batch import Batch, Fix
from collector.protocol.framing import Frames, Truncated
from collector.protocol.normalise import Normaliser, suspicious
from collector.protocol.visible import has_controls, is_clean, is_utf8, reveal

_NOT_OURS = re.compile(r"#(?!0[0-3][0-7]|043|177|302#2[0-3][0-7]|342#200#25[01])[0-7]{3}")
"""Not every syslogd marks its notation, so what stands for no control character may be what was sent."""


def with_pri(frames: Frames, pri: int, normaliser: Normaliser) -> Batch:
    """Lines of a file as messages of this PRI."""
    mark = b"<%d>" % pri
    if isinstance(frames, bytes):
        text = mark + frames[:-1].replace(b"\n", b"\n" + mark) + b"\n"
        if is_clean(text):
            return Batch(0.0, text, lambda: repeat(None), {})
        frames = frames[:-1].split(b"\n")
    fixes: dict[int, Fix] = {}
    lines = [mark + frame for frame in frames]
    for number in suspicious(frames):
        line, fix = _visible(frames[number], normaliser)
        lines[number] = mark + line
        if fix:
            fixes[number] = fix._replace(exact=f"<{pri}>{fix.exact}")
    return Batch(0.0, b"\n".join(lines) + b"\n", lambda: repeat(None), fixes)


def _visible(frame: bytes, normaliser: Normaliser) -> tuple[bytes, Fix | None]:
    if type(frame) is Truncated or not is_utf8(frame) or has_controls(frame):
        visible, fix = normaliser.one(frame, None)
        return visible.encode(), fix
    if is_clean(frame):
        return frame, None
    text = frame.decode()
    damaged = _NOT_OURS.search(text) is not None
    return frame, Fix(reveal(text, damaged=damaged), "utf-8", (), damaged)
