"""Two challenges for one name that no CA has set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from toolkit import names as naming
from toolkit import proofs
from toolkit.events import Event

# One value in 64 begins with a dash: so many tries leave none out in any human lifetime.
_MOST_TRIES = 20_000

# 32 random bytes in base64url: secrets.token_urlsafe
Random = Callable[[], str]


def pair(kind: str, name: str, random: Random, *, chained: bool) -> tuple[Event, Event]:
    """Two challenges of the type, with proofs of keys that nobody has; `chained`: of one order.

    What the second one publishes begins with a dash, as it does now and then: for dns-01 the value, for http-01
    the token.
    """
    base = naming.base(name)
    plain = next(e for e in _events(kind, base, random) if _published(e)[0].isalnum())
    dashed = next(e for e in _events(kind, base, random) if _published(e)[0] == "-")
    # A wildcard shares the record of its name, which is how two values come to be there.
    dashed = replace(dashed, wildcard=kind == "dns-01")
    if not chained:
        return plain, dashed
    both = (base, base)
    return replace(plain, all_identifiers=both, remaining=1), replace(dashed, all_identifiers=both)


def _events(kind: str, base: str, random: Random) -> Iterator[Event]:
    for _ in range(_MOST_TRIES):
        token = random()
        yield Event(kind, base, False, token, proofs.proof(kind, token, base, random()), (base,), 0)


def _published(event: Event) -> str:
    return event.validation if event.type == "dns-01" else event.token
