"""What every stage shares within one process, whether it speaks to a CA or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from toolkit.store.paths import Paths
from toolkit.waiting import Stop


class Progress(Protocol):
    """Where a wait tells how far it is."""

    def show(self, text: str) -> None:
        """Say so in place of what was said before."""

    def end(self, text: str) -> None:
        """It is over; the text says how."""


class Unseen:
    """Progress that nobody watches."""

    def show(self, text: str) -> None:
        """Nobody."""

    def end(self, text: str) -> None:
        """Nobody."""


@dataclass
class Local:
    """The store, the wish to stop, how long to wait for a lock (seconds), and where progress is told."""

    paths: Paths
    stop: Stop
    lock_timeout: float
    say: Callable[[str], None]
    progress: Callable[[], Progress] = field(default=Unseen, kw_only=True)
