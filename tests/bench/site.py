"""What a client is given to work with: the CA, a place for its state, a web root and its server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import responder

if TYPE_CHECKING:
    from tests.ca.pebble import TestCA

EMAIL = "bench@example.test"
_WELL_KNOWN = Path(".well-known") / "acme-challenge"


@dataclass(frozen=True)
class Site:
    """One client's surroundings. `state` is its alone and lives as long as the bench runs."""

    program: Path
    state: Path
    directory: str
    ca_bundle: Path
    http_port: int
    closing: contextlib.ExitStack

    @property
    def challenges(self) -> Path:
        """Where a client without a web server of its own puts its http-01 answers."""
        return self.state / "www" / _WELL_KNOWN

    @contextlib.contextmanager
    def serving(self, wanted: bool) -> Iterator[None]:
        """While it lasts, the web root is served where the CA looks, if `wanted`.

        In this process and therefore on nobody's account; its socket is closed again, for the clients
        that bring a server need the port.
        """
        if not wanted:
            yield
            return
        self.challenges.mkdir(parents=True, exist_ok=True)
        with responder.serving(self.challenges, self.http_port):
            yield


def served(ca: TestCA) -> int:
    """How many requests the CA has served, once its log, which may lag behind a client's end, rests."""
    count = -1
    while count != (now := len(ca.requests())):
        count = now
        time.sleep(0.05)
    return count
