"""Messages that carry the time of their sending, and how long each took until an action of a rule began."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.001
ANSWER_SECONDS = 30.0
ID = "probe"


@dataclass
class Probes:
    """
    ``file`` is where the action writes: either lines with the stamp alone, which are looked for all the time, or, where
    ``stamped``, behind each the time at which the action began, in nanoseconds since the epoch.
    """

    file: Path
    every: float
    stamped: bool = False
    sent: int = 0
    took: list[float] = field(default_factory=list)
    _position: int = 0

    def rule(self) -> dict[str, object]:
        """The rule that answers the probes."""
        deed: dict[str, object] = {"file": str(self.file), "line": "{{ sent }}"}
        if self.stamped:
            deed = {"exec": ["/bin/sh", "-c", f'exec date "+$0 %s%N" >>{self.file}', "{{ sent }}"]}
        on = {"re": r"probe\[1\]: probe was sent at (?P<sent>\d+)"}
        return {"id": ID, "kind": "match", "on": on, "do": deed}

    def send(self, port: int, go_on: Callable[[], bool]) -> None:
        """Send, and look for answers."""
        next_probe = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while go_on():
                now = time.monotonic()
                if now >= next_probe:
                    next_probe = now + self.every
                    stamp = time.strftime("%b %e %H:%M:%S")
                    text = f"<13>{stamp} probes probe[1]: probe was sent at {time.time_ns()}\n"
                    connection.sendall(text.encode())
                    self.sent += 1
                self._look()
                time.sleep(LOOK_SECONDS)

    def finish(self) -> None:
        """Wait for the answers that are still to come. Raises TimeoutError."""
        give_up = time.monotonic() + ANSWER_SECONDS
        while len(self.took) < self.sent:
            self._look()
            time.sleep(LOOK_SECONDS)
            if time.monotonic() > give_up:
                raise TimeoutError(f"{self.sent - len(self.took)} of {self.sent} probes were not answered")

    def milliseconds(self) -> dict[str, float]:
        took = sorted(self.took)
        parts = {"median": 0.5, "p99": 0.99, "longest": 1.0}
        return {f"{name}, ms": took[min(int(len(took) * part), len(took) - 1)] * 1000 for name, part in parts.items()}

    def _look(self) -> None:
        if not self.file.exists() or self.file.stat().st_size == self._position:
            return
        now = time.time_ns()
        with self.file.open("rb") as file:
            file.seek(self._position)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.splitlines():
            sent, _, began = line.partition(b" ")
            self.took.append((int(began or now) - int(sent)) / 1e9)
