"""What the supervisor reads of a plan, whether it was built here or in another process."""

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from collector.config.settings import Settings
from collector.metrics import Layout, Slot
from collector.service.outline import Outline
from collector.service.sockets import Share, Source
from collector.service.stamp import Stamp


class Plan(Protocol):
    """What the supervisor reads of a plan; the rest is for the workers."""

    @property
    def hash(self) -> str: ...
    @property
    def workers(self) -> int: ...
    @property
    def layout(self) -> Layout: ...
    @property
    def outline(self) -> Outline: ...
    @property
    def watched(self) -> Mapping[str, Stamp]: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def state_dir(self) -> str: ...
    @property
    def control(self) -> str: ...
    @property
    def sources(self) -> Sequence[Source]: ...
    @property
    def destinations(self) -> Sequence[Any]: ...
    @property
    def rules(self) -> bytes | None: ...
    @property
    def actions(self) -> bytes | None: ...


RunWorker = Callable[[Any, Share, Slot, socket.socket], None]
"""``run_worker(plan, its share of sockets and memory, slot of the board, link)``, called in the new process."""
