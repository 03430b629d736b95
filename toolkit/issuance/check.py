"""The look before the CA looks: is what was presented visible from here?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toolkit.errors import ChallengeFailed
from toolkit.events import Event
from toolkit.issuance.local import Local
from toolkit.probe import CannotLook, web, zone
from toolkit.waiting import Deadline, growing

# A record needs time to reach all name servers; a web server shows a file at once, or never.
_PATIENCE = {"dns-01": 120.0, "http-01": 5.0}


@dataclass(frozen=True)
class Check:
    """How to look: `mode` is skip, warn or require; `timeout` in seconds, None for one fit for the type."""

    mode: str = "warn"
    timeout: float | None = None
    resolver: str | None = None
    http_port: int = 80


def check(local: Local, events: list[Event], how: Check, warn: Callable[[ChallengeFailed], None]) -> None:
    """Wait until every event is visible; raises ChallengeFailed, or warns, where one does not become so."""
    if how.mode == "skip":
        return
    for event in events:
        try:
            _wait(local, event, how)
        except CannotLook as error:
            _judge(ChallengeFailed(f"cannot look whether {event.identifier} is ready: {error}", _HINT), how, warn)
        except ChallengeFailed as error:
            _judge(error, how, warn)


_HINT = "--check skip does without the look; --resolver names another DNS server"


def _judge(error: ChallengeFailed, how: Check, warn: Callable[[ChallengeFailed], None]) -> None:
    error.hint = error.hint or _HINT
    if how.mode == "require":
        raise error
    warn(error)


def _wait(local: Local, event: Event, how: Check) -> None:
    deadline = Deadline(how.timeout if how.timeout is not None else _PATIENCE.get(event.type, 0.0))
    for interval in growing(0.1, longest=5.0):
        try:
            _look(event, how)
            return
        except ChallengeFailed:
            if deadline.passed():
                raise
        local.stop.wait(min(interval, deadline.remaining()))


def _look(event: Event, how: Check) -> None:
    if event.type == "http-01":
        body = web.http_body(event.identifier, how.http_port, event.proof["http_path"], how.resolver)
        if body.strip() != event.validation.encode():
            raise ChallengeFailed(f"http://{event.identifier}{event.proof['http_path']} answers something else")
    elif event.type == "dns-01":
        name = event.proof["txt_name"]
        if event.validation not in zone.txt_values(name, how.resolver):
            raise ChallengeFailed(f"{name} has no TXT record {event.validation}")
