"""Hooks of uacme: PROGRAM begin|done|failed TYPE IDENTIFIER TOKEN AUTH, and the same as variables.

Contract: uacme(1), --hook and HOOK ENVIRONMENT, 1.8.1. An exit status above 0 declines the challenge, and the
next type is offered; `done` and `failed` follow only where `begin` accepted.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.dialects import Dialect, Invocation, Invocations, Outcome, Place
from toolkit.events import Event

_DECLINES = range(1, 256)
_BEGIN: Mapping[int, Outcome] = {0: "done", **dict.fromkeys(_DECLINES, "declined")}
_BOGUS: Mapping[int, Outcome] = dict.fromkeys(_DECLINES, "done")


@dataclass(frozen=True)
class Uacme(Dialect):
    """The program chooses the challenge type, by declining others."""

    script: str
    name = "uacme"
    types = ("http-01", "dns-01", "tls-alpn-01")
    alone = True

    @property
    def events(self) -> tuple[str, ...]:
        return ("auth", "cleanup")

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        return tuple(self._run("begin", _arguments(event), place, _BEGIN) for event in events)

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        method = "done" if valid else "failed"
        # It ignores how these end; that what was presented is still there should be heard.
        return tuple(self._run(method, _arguments(event), place, {0: "done"}) for event in events)

    def lint(self, place: Place) -> Invocations:
        return (self._run("begin", ("bogus-01", "example.invalid", "token", "auth"), place, _BOGUS),)

    def _run(
        self, method: str, arguments: tuple[str, str, str, str], place: Place, outcomes: Mapping[int, Outcome]
    ) -> Invocation:
        names = ("UACME_METHOD", "UACME_TYPE", "UACME_IDENT", "UACME_TOKEN", "UACME_AUTH")
        variables = {
            **dict(zip(names, (method, *arguments), strict=True)),
            "UACME_CONFDIR": place.config,
            "UACME_VERBOSE": "0",
        }
        return Invocation((self.script, method, *arguments), variables, outcomes=outcomes)


def _arguments(event: Event) -> tuple[str, str, str, str]:
    return event.type, event.identifier, event.token, _auth(event)


def _auth(event: Event) -> str:
    """The key authorization for http-01, for the others base64url of its SHA-256."""
    if event.type != "tls-alpn-01":
        return event.validation
    digest = hashlib.sha256(event.proof["key_authorization"].encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
