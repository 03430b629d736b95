"""Cleaning up what a process that is gone had presented."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from toolkit import leftovers
from toolkit.errors import ToolkitError, printable
from toolkit.hooks.running import mark
from toolkit.issuance import authenticators
from toolkit.issuance.authenticators import Around
from toolkit.runner import MARK
from toolkit.store.journal import Entry, Journal

Told = Callable[[str], None]
Warned = Callable[[ToolkitError, str], None]


def sweep(journal: Journal, entries: Iterable[Entry], around: Around, tell: Told, warn: Warned) -> int:
    """Clean up each entry, the youngest first; returns how many could not be, each of which is told of."""
    failed = 0
    for entry in entries:
        what = describe(entry)
        try:
            around.stop.check()
            # What the killed run had called may still be at work, and would present after we have cleaned up.
            leftovers.end(MARK, mark(entry.run, "auth"))
            solver = authenticators.build(entry.authenticator, around)
            solver.cleanup(entry.events, entry.record)
            journal.finished(entry.solver, entry.events)
            tell(f"cleaned up {what}, which an earlier run had left")
        except ToolkitError as error:
            failed += 1
            error.hint = "acme-hook sweep tries again, in the environment the hook needs; --forget gives up on it"
            warn(error, f"cannot clean up {what}")
    return failed


def describe(entry: Entry) -> str:
    """The entry in words: what, for which names, by whom, since when."""
    names = ", ".join(sorted({f"{event.type} of {event.identifier}" for event in entry.events}))
    return printable(f"{names} by {entry.solver}, presented {entry.at}", 500)
