"""Time as an argument: deadlines on the monotonic clock, waits that a signal ends, intervals that grow."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from toolkit.errors import Interrupted


class Deadline:
    """The moment, on the monotonic clock, after which an operation must have ended."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - self._clock())

    def passed(self) -> bool:
        return self.remaining() <= 0


class Stop:
    """A flag that a signal raises once and that every wait of the process looks at."""

    def __init__(self) -> None:
        # Held until the request comes. Not an Event, which waits for itself when a signal handler sets it while
        # the same thread is about to wait for it, or to set it for the signal before.
        self._gate = threading.Lock()
        self._gate.acquire()
        self._reason: Interrupted | None = None

    def request(self, reason: Interrupted) -> None:
        """Ask all work to end; the first reason stays."""
        self._reason = self._reason or reason
        self._open()

    @property
    def reason(self) -> Interrupted | None:
        return self._reason

    def check(self) -> None:
        """Raise Interrupted if the process was asked to stop."""
        if self._reason:
            raise self._reason

    def wait(self, seconds: float) -> None:
        """Wait that long; raises Interrupted as soon as the process is asked to stop."""
        if self._gate.acquire(timeout=max(0.0, seconds)):
            self._open()
        self.check()

    def _open(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is open
            self._gate.release()


def growing(first: float, factor: float = 1.5, longest: float = 30.0) -> Iterator[float]:
    """Waits in seconds: `first`, then each `factor` times the one before, up to `longest`."""
    interval = first
    while True:
        yield min(interval, longest)
        interval = min(interval * factor, longest)
