"""What every stage shares within one process, whether it speaks to a CA or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from toolkit.certbot_lock import CertbotLock
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
    certbot: CertbotLock = field(default_factory=CertbotLock, kw_only=True)

    def keep_certbot_out(self) -> None:
        """Before the first account, key or lineage is written: no certbot on our directories from here on.

        It lasts until the process ends. Those who only read never call it. Raises Busy.
        """
        directories = self.paths.directories
        self.certbot.take(directories.config, directories.work, self.lock_timeout, self.stop)
