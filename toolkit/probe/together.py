"""Several looks at a time: each waits for somebody else's machine, and all of them together for the slowest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from toolkit.waiting import Stop

T = TypeVar("T")
R = TypeVar("R")

_MOST = 32
_BLINK = 0.05


def together(look: Callable[[T], R], things: Sequence[T], stop: Stop) -> list[R]:
    """What the look gives for each of the things, in their order; a bounded number at a time.

    Raises Interrupted as soon as the process is asked to stop, whatever is still under way, and else the
    first exception of a look.
    """
    results: dict[int, R] = {}
    failures: list[BaseException] = []
    left = iter(list(enumerate(things)))
    turn = threading.Lock()

    def work() -> None:
        while not failures and not stop.reason:
            with turn:
                number, thing = next(left, (-1, None))
            if thing is None:
                return
            try:
                results[number] = look(thing)
            except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for the result
                failures.append(error)

    threads = _started(work, min(_MOST, len(things)))
    if not threads:
        work()
    for thread in threads:
        while thread.is_alive():
            stop.check()
            thread.join(_BLINK)
    stop.check()
    if failures:
        raise failures[0]
    return [results[number] for number in range(len(things))]


def _started(work: Callable[[], None], count: int) -> list[threading.Thread]:
    """That many threads, or as many as the system lets us have; none where it lets us have none.

    They are daemons: a look that still waits for an answer does not keep a process that wants to end.
    """
    threads: list[threading.Thread] = []
    for _ in range(count):
        thread = threading.Thread(target=work, name="look", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            break
        threads.append(thread)
    return threads
