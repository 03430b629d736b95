"""Whether proofs are visible, seen from here as the CA will look for them: one look at all of an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import ChallengeFailed
from toolkit.events import Event
from toolkit.probe import CannotLook, tls, web
from toolkit.probe.hosts import place
from toolkit.probe.together import together
from toolkit.waiting import Stop

if TYPE_CHECKING:
    from toolkit.probe.authoritative import Found, Look

_MOST_TOLD = 6


@dataclass(frozen=True)
class Sight:
    """How one proof looks: visible where nothing is told."""

    # Why it is not visible, in one sentence, and the server that this is about.
    trouble: str = ""
    where: str = ""
    hint: str = ""
    # The look itself failed; or, time will not mend it.
    blind: bool = False
    final: bool = False
    # All others show it, and these say nothing at all.
    silent: str = ""

    @property
    def visible(self) -> bool:
        return not self.trouble and not self.silent


class Eyes:
    """Looks at proofs; what was learnt about zones stays with it."""

    def __init__(self, resolver: str | None, ports: tuple[int, int, int], stop: Stop) -> None:
        """`ports` are those of http, TLS and DNS servers."""
        self._resolver = resolver
        self._http_port, self._tls_port, self._dns_port = ports
        self._stop = stop
        self._zones: Look | None = None

    def look(self, events: Sequence[Event]) -> list[Sight]:
        """How each of them looks, all of them looked at together. Raises Interrupted."""
        records = {event.proof["txt_name"] for event in events if event.type == "dns-01"}
        found = self._records(records) if records else {}
        services = [event for event in events if event.type != "dns-01"]
        seen = iter(together(self._service, services, self._stop))
        return [
            next(seen) if event in services else _of_record(event, found[event.proof["txt_name"]]) for event in events
        ]

    def _records(self, names: set[str]) -> dict[str, Found | CannotLook | ChallengeFailed]:
        from toolkit.probe.authoritative import Look
        from toolkit.probe.resolver import Resolver

        if self._zones is None:
            try:
                self._zones = Look(Resolver(self._resolver), self._stop, self._dns_port)
            except CannotLook as error:
                return dict.fromkeys(names, error)
        return self._zones.at(names)

    def _service(self, event: Event) -> Sight:
        try:
            if event.type == "http-01":
                self._http(event)
            elif event.type == "tls-alpn-01":
                self._tls(event)
        except CannotLook as error:
            return _blind(event, str(error))
        except ChallengeFailed as error:
            return Sight(error.message, hint=error.hint or "")
        return Sight()

    def _http(self, event: Event) -> None:
        path = event.proof["http_path"]
        body = web.http_body(event.identifier, self._http_port, path, self._resolver)
        if body.strip() != event.validation.encode():
            raise ChallengeFailed(f"http://{place(event.identifier, self._http_port)}{path} answers something else")

    def _tls(self, event: Event) -> None:
        if tls.alpn_digest(event.identifier, self._tls_port, self._resolver) != event.proof["digest"]:
            raise ChallengeFailed(
                f"{place(event.identifier, self._tls_port)} shows the tls-alpn-01 certificate of another challenge"
            )


def label(event: Event) -> str:
    """What is looked for, in a few words."""
    if event.type == "dns-01":
        return event.proof["txt_name"]
    return f"http://{event.identifier}" if event.type == "http-01" else event.identifier


def _of_record(event: Event, found: Found | CannotLook | ChallengeFailed) -> Sight:
    if isinstance(found, CannotLook):
        return _blind(event, str(found))
    if isinstance(found, ChallengeFailed):
        return Sight(found.message, hint=found.hint or "", final=True)
    lacking, silent = found.lacking(event.validation), found.silent()
    mute = [f"{said}: {said.trouble}" for said in silent]
    if not found.showing(event.validation) and not lacking:
        hint = "does this network let questions out to port 53? --check skip does without the look"
        return _blind(event, _nobody(found, mute), hint if found.zone.servers else "")
    name = event.proof["txt_name"]
    if lacking:
        told = [f"{said}: {why}" for said, why in lacking] + mute
        way = "" if found.target == name else f", a CNAME to {found.target},"
        return Sight(f"{name}{way} is not visible; {_few(told)}", lacking[0][0].server, _hint(event, found))
    if silent:
        return Sight(where=silent[0].server, silent=f"{name} is visible, but not at every server: {_few(mute)}")
    return Sight()


def _nobody(found: Found, mute: list[str]) -> str:
    if not found.zone.servers:
        return _few(mute)
    text = f"no name server of {found.zone.name} answers; {_few(mute)}"
    return text + ("; the resolver serves the zone, but CAs ask those servers" if found.zone.resolver_serves else "")


def _hint(event: Event, found: Found) -> str:
    if found.showing(event.validation):
        return "the name servers disagree; --check-timeout gives them more time"
    name = event.proof["txt_name"]
    if found.target != name and found.target != event.record_name:
        return f"the hook was told to write at {event.record_name}, and the CNAME leads to {found.target}"
    if found.target != name:
        return f"the value belongs at {found.target}, which hooks are told in ACME_RECORD_NAME; not at {name}"
    if any(said.values for said in found.said):
        return "another value is there: of an earlier run, or of a hook that replaces one value by the next"
    where = f", in the zone {found.zone.name}" if found.zone.name else ""
    return f"nothing is there: does the hook write TXT at {name}{where}, and do all servers get it?"


def _few(texts: list[str]) -> str:
    more = len(texts) - _MOST_TOLD
    return "; ".join(texts[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _blind(event: Event, reason: str, hint: str = "") -> Sight:
    return Sight(f"cannot look whether {event.identifier} is ready: {reason}", hint=hint, blind=True)
