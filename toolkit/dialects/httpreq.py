"""The JSON of lego's DNS provider `httpreq`, sent by the shipped hook of that name to an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit.dialects import Dialect, Invocations, Place
from toolkit.dialects.certbot import Certbot
from toolkit.events import Event


@dataclass(frozen=True)
class Httpreq(Dialect):
    """`endpoint`: a URL, or empty when the user passes HTTPREQ_ENDPOINT; `hook`: the directory of the shipped hook."""

    endpoint: str
    raw: bool
    hook: str
    name = "httpreq"
    types = ("dns-01",)

    @property
    def events(self) -> tuple[str, ...]:
        return ("auth", "cleanup")

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        return self._directed(self._native().auth(events, place))

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        return self._directed(self._native().cleanup(events, place, output, valid))

    def _native(self) -> Certbot:
        # The record on standard input has the key authorization that RAW asks for.
        return Certbot({event: (f"{self.hook}/{event}",) for event in self.events}, self.types, told=True)

    def _directed(self, invocations: Invocations) -> Invocations:
        more = {"HTTPREQ_MODE": "RAW"} if self.raw else {}
        if self.endpoint:
            more["HTTPREQ_ENDPOINT"] = self.endpoint
        return tuple(replace(i, variables={**i.variables, **more}) for i in invocations)
