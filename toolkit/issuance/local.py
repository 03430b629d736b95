"""What every stage shares within one process, whether it speaks to a CA or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toolkit.store.paths import Paths
from toolkit.waiting import Stop


@dataclass
class Local:
    """The store, the wish to stop, how long to wait for a lock (seconds), and where progress is told."""

    paths: Paths
    stop: Stop
    lock_timeout: float
    say: Callable[[str], None]
