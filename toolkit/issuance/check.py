"""The look before the CA looks: is what was presented visible from here? One wait for all proofs of an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from toolkit.errors import ChallengeFailed
from toolkit.events import Event
from toolkit.issuance.local import Local
from toolkit.probe.visible import Eyes, Sight, label
from toolkit.waiting import Deadline, growing

# A record needs time to reach all name servers; a web server shows a file at once, or never.
_PATIENCE = {"dns-01": 120.0, "http-01": 5.0, "tls-alpn-01": 5.0}
# So many looks in a row at nothing: the resolver is dead, or nobody lets our questions out.
_BLIND = 3
_TICK = 1.0
_MOST_TOLD = 10
_HINT = "--check skip does without the look; --resolver names another DNS server"


@dataclass(frozen=True)
class Check:
    """How to look: `mode` is skip, warn or require; `timeout` in seconds, None for one fit for the type."""

    mode: str = "warn"
    timeout: float | None = None
    resolver: str | None = None
    http_port: int = 80
    tls_port: int = 443
    dns_port: int = 53


def check(local: Local, events: list[Event], how: Check, warn: Callable[[ChallengeFailed], None]) -> None:
    """Wait until every event is visible; raises ChallengeFailed, or warns, where one does not become so."""
    if how.mode == "skip" or not events:
        return
    sights = _Wait(local, events, how).run()
    trouble = [sight for sight in sights if sight.trouble]
    silent = [sight for sight in sights if sight.silent]
    if trouble and how.mode == "require":
        raise _error(trouble, len(events))
    if trouble:
        warn(_error(trouble, len(events)))
    elif silent:
        warn(ChallengeFailed(_list([sight.silent for sight in silent]), "a CA that asks them has to ask twice"))


class _Wait:
    """One wait for all events, however many: those that are visible are not looked at again."""

    def __init__(self, local: Local, events: list[Event], how: Check) -> None:
        self._stop = local.stop
        self._events = events
        self._eyes = Eyes(how.resolver, (how.http_port, how.tls_port, how.dns_port), local.stop)
        patience = max(_PATIENCE.get(event.type, 0.0) for event in events)
        self._deadline = Deadline(patience if how.timeout is None else how.timeout)
        self._all_or_none = how.mode == "require"
        self._sights = [Sight("not looked at yet")] * len(events)
        self._blind = [0] * len(events)
        self._progress = local.progress()

    def run(self) -> list[Sight]:
        """How each of them looks in the end. Raises Interrupted."""
        intervals = growing(0.2, longest=5.0)
        try:
            self._look()
            while not self._over():
                self._pause(min(next(intervals), self._deadline.remaining()))
                self._look()
        finally:
            self._progress.end(f"{self._visible()} visible after {self._passed():.0f} s")
        return self._sights

    def _look(self) -> None:
        waiting = self._waiting()
        seen = self._eyes.look([self._events[number] for number in waiting])
        for number, sight in zip(waiting, seen, strict=True):
            self._blind[number] = self._blind[number] + 1 if sight.blind else 0
            self._sights[number] = replace(sight, final=True) if self._blind[number] >= _BLIND else sight

    def _over(self) -> bool:
        lost = self._all_or_none and any(sight.final for sight in self._sights)
        return lost or not self._waiting() or self._deadline.passed()

    def _pause(self, seconds: float) -> None:
        first = self._waiting()[0]
        where = self._sights[first].where
        what = f"waiting for {label(self._events[first])}" + (f" at {where}" if where else "")
        pause = Deadline(seconds)
        while not pause.passed():
            self._progress.show(f"{what} ({self._visible()} visible, {self._passed():.0f} s)")
            self._stop.wait(min(_TICK, pause.remaining()))

    def _waiting(self) -> list[int]:
        return [number for number, sight in enumerate(self._sights) if not sight.visible and not sight.final]

    def _visible(self) -> str:
        return f"{sum(sight.visible for sight in self._sights)} of {len(self._sights)}"

    def _passed(self) -> float:
        return self._deadline.seconds - self._deadline.remaining()


def _error(trouble: list[Sight], total: int) -> ChallengeFailed:
    hint = next((sight.hint for sight in trouble if sight.hint), _HINT)
    head = f"{len(trouble)} of {total} proofs are not visible: " if total > 1 else ""
    return ChallengeFailed(head + _list([sight.trouble for sight in trouble]), hint)


def _list(texts: list[str]) -> str:
    different = list(dict.fromkeys(texts))
    more = len(different) - _MOST_TOLD
    return "; ".join(different[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
