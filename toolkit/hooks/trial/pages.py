"""Looks at what a web server answers for the proofs of http-01 (RFC 8555 §8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.errors import ChallengeFailed, printable
from toolkit.events import Event
from toolkit.probe import CannotLook, web
from toolkit.probe.hosts import place


@dataclass(frozen=True)
class Pages:
    """The web server of a name, at its own address or at another one."""

    host: str
    port: int
    resolver: str | None
    connect: tuple[str, int] | None = None
    one = "proof"
    several = "proofs"
    dashed = "of a token that begins with -"

    def missing(self, event: Event) -> str:
        try:
            body = self._body(event)
        except (CannotLook, ChallengeFailed) as error:
            return f"nothing is visible: {error}"
        # White space at its end is for the CA to ignore.
        if body.rstrip() == event.validation.encode():
            return ""
        return f"{self._url(event)} answers something else: {printable(body[:60].decode('utf-8', 'replace'))!r}"

    def showing(self, event: Event) -> str:
        try:
            there = event.validation.encode() in self._body(event)
        except (CannotLook, ChallengeFailed):
            return ""
        return f"it is served at {self._url(event)}" if there else ""

    def changed(self, events: Sequence[Event]) -> str:
        return "; ".join(filter(None, map(self.showing, events)))

    def _body(self, event: Event) -> bytes:
        return web.http_body(self.host, self.port, event.proof["http_path"], self.resolver, self.connect)

    def _url(self, event: Event) -> str:
        return f"http://{place(self.host, self.port)}{event.proof['http_path']}"
