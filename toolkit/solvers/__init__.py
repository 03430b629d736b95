"""Authenticators: what makes a proof visible to the CA, and takes it away again.

A solver is a module with a class of this shape; users extend the toolkit with hooks, not with solvers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from toolkit.errors import UsageError
from toolkit.events import Event


class Solver:
    """`name` as a document calls it; `types` of challenges, the preferred first."""

    name: str
    types: tuple[str, ...]
    # Whether what was presented stays when this process ends.
    lasting = True
    # Whether a look from outside can tell more than present() itself.
    worth_checking = True
    # All challenges of an order are presented by one call.
    chained = False
    # Of several challenges at once: whether it holds no more than one, or no more than one of a record name.
    alone = False
    one_value = False

    def present(self, events: Sequence[Event]) -> dict[str, Any]:
        """Make the proofs visible, of one challenge unless `chained`.

        Returns what cleanup will want to know, as JSON. Raises ToolkitError.
        """
        raise NotImplementedError

    def cleanup(self, events: Sequence[Event], record: dict[str, Any]) -> None:
        """Take the proofs away.

        `record` is what present returned, or empty when it did not get to its end; `valid` in it says that the
        CA was convinced. Raises ToolkitError.
        """
        raise NotImplementedError

    def refused(self, event: Event, problem: dict[str, Any]) -> None:
        """Hear that the CA did not accept a proof."""

    def request_failed(self, status: int, problem: dict[str, Any]) -> None:
        """Hear that the CA refused a request."""

    def csr(self, name: str, names: Sequence[str]) -> str | None:
        """A signing request (PEM) for the lineage, where the solver brings one of its own. Raises ToolkitError."""
        return None

    def turn(self) -> AbstractContextManager[None]:
        """What is held from presenting to cleaning up."""
        return nullcontext()

    def close(self) -> None:
        """Let go of what the solver holds."""


class Nobody(Solver):
    """Stands for the authenticator where only the CA is answered; presents nothing and takes nothing away."""

    name = "nobody"
    types = ()
    worth_checking = False

    def present(self, events: Sequence[Event]) -> dict[str, Any]:
        raise UsageError(f"nobody presents {events[0].identifier}", "name an authenticator")

    def cleanup(self, events: Sequence[Event], record: dict[str, Any]) -> None:
        """Nothing was presented."""
