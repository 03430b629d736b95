"""Calls of the hook under test, as the flow makes them: noted in the journal first, and undone whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.errors import Declined, Interrupted, ToolkitError
from toolkit.events import Event
from toolkit.solvers.hook import HookSolver
from toolkit.store.journal import Journal


@dataclass
class _Call:
    events: tuple[Event, ...]
    # Of these, what is not cleaned up
    left: list[Event]
    record: dict[str, Any] = field(default_factory=dict)


class Attempt:
    """One hook, and what it was asked to present."""

    def __init__(self, solver: HookSolver, journal: Journal, authenticator: dict[str, Any]) -> None:
        """`authenticator` is what the solver can be built from again."""
        self.solver = solver
        self._journal = journal
        self._authenticator = authenticator
        self._calls: list[_Call] = []

    def auth(self, events: Sequence[Event]) -> str:
        """Present them in one call; returns what went wrong. Raises Declined, Interrupted."""
        entry = self._journal.begin(self._authenticator, self.solver.name, events)
        call = _Call(tuple(events), list(events))
        self._calls.append(call)
        try:
            call.record = self.solver.present(events)
        except Declined:
            self._calls.remove(call)
            self._journal.finished(self.solver.name, events)
            raise
        except Interrupted:
            raise
        except ToolkitError as error:
            return error.message
        self._journal.presented(entry, call.record)
        return ""

    def cleanup(self, event: Event) -> str:
        """Take one of them away, or do so again; returns what went wrong. Raises Interrupted."""
        call = next(call for call in self._calls if event in call.events)
        try:
            self.solver.cleanup([event], {**call.record, "valid": True})
        except Interrupted:
            raise
        except ToolkitError as error:
            return error.message
        call.left = [one for one in call.left if one != event]
        if not call.left:
            self._journal.finished(self.solver.name, call.events)
        return ""

    def left(self) -> list[Event]:
        """What is not cleaned up, the last first."""
        return [event for call in reversed(self._calls) for event in reversed(call.left)]

    def close(self, warn: Callable[[ToolkitError, str], None]) -> None:
        """Clean up what the test did not come to; what resists stays in the journal, for acme-hook sweep."""
        for event in self.left():
            problem = self.cleanup(event)
            if problem:
                hint = "acme-hook sweep tries again, in the environment the hook needs"
                warn(ToolkitError(problem, hint), f"cannot clean up {event.type} of {event.identifier}")
        self.solver.close()
