"""Cleaning up what a process that is gone had presented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toolkit import leftovers
from toolkit.errors import Busy, Interrupted, ToolkitError, printable
from toolkit.hooks.running import mark
from toolkit.issuance import authenticators
from toolkit.issuance.authenticators import Around
from toolkit.lock import exclusive
from toolkit.runner import MARK
from toolkit.store.journal import Entry, Journal

Told = Callable[[str], None]
Warned = Callable[[ToolkitError, str], None]


def before_run(journal: Journal, around: Around, tell: Told, warn: Warned) -> None:
    """Clean up what is abandoned before anything new is presented, except what could not be lately.

    Whoever sweeps already is waited for: what it cleans up may be what this run is about to present.
    """
    if any(not entry.rests() for entry in journal.abandoned()):
        try:
            with alone(around):
                sweep(journal, [e for e in journal.abandoned() if not e.rests()], around, tell, warn)
        except Busy:
            return  # a hook runs us within a sweep


@contextmanager
def alone(around: Around) -> Iterator[None]:
    """One sweep at a time. Raises Busy if another is going on and may wait for us."""
    patience = 0.0 if MARK in around.environment else float("inf")
    with exclusive(around.paths.sweep_lock(), "sweeping", patience, around.stop):
        yield


def sweep(journal: Journal, entries: list[Entry], around: Around, tell: Told, warn: Warned) -> int:
    """Clean up each entry, the youngest first; returns how many could not be, each of which is told of.

    Raises Interrupted.
    """
    failed = 0
    for entry in entries:
        what = describe(entry)
        around.stop.check()
        if not journal.stands(entry):
            continue
        try:
            # What the killed run had called may still be at work, and would present after we have cleaned up.
            leftovers.end(MARK, mark(entry.run, "auth"))
            authenticators.check_environment(entry.authenticator, around.environment)
            solver = authenticators.build(entry.authenticator, around)
            with solver.turn():
                solver.cleanup(entry.events, entry.record)
            journal.finished(entry.solver, entry.events)
            tell(f"cleaned up {what}, which an earlier run had left")
        except Interrupted:
            raise
        except ToolkitError as error:
            failed += 1
            error.hint = "acme-hook sweep tries again, in the environment the hook needs; --forget gives up on it"
            warn(error, f"cannot clean up {what}")
            journal.failed(entry)
    return failed


def describe(entry: Entry) -> str:
    """The entry in words: what, for which names, by whom, since when."""
    names = ", ".join(sorted({f"{event.type} of {event.identifier}" for event in entry.events}))
    return printable(f"{names} by {entry.solver}, presented {entry.at}", 500)
