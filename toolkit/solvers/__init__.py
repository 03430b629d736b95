"""Authenticators: what makes a proof visible to the CA, and takes it away again.

A solver is a module with a class of this shape; users extend the toolkit with hooks, not with solvers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from toolkit.errors import UsageError


@dataclass(frozen=True)
class Event:
    """One challenge to be solved, and where it stands among those of its order."""

    type: str
    identifier: str
    wildcard: bool
    token: str
    proof: dict[str, str]
    all_identifiers: tuple[str, ...]
    remaining: int

    @property
    def validation(self) -> str:
        """What must be found: the key authorization, for dns-01 the TXT value."""
        return self.proof.get("txt_value") or self.proof["key_authorization"]


class Nobody:
    """Stands for the authenticator where only the CA is answered; presents nothing and takes nothing away."""

    name = "nobody"
    types: tuple[str, ...] = ()
    lasting = True
    worth_checking = False

    def present(self, event: Event) -> dict[str, Any]:
        raise UsageError(f"nobody presents {event.identifier}", "name an authenticator")

    def cleanup(self, event: Event, record: dict[str, Any]) -> None:
        """Nothing was presented."""

    def close(self) -> None:
        """Nothing is held."""


class Solver(Protocol):
    """`name` as a document calls it; `types` of challenges, the preferred first."""

    name: str
    types: tuple[str, ...]
    # Whether what was presented stays when this process ends.
    lasting: bool
    # Whether a look from outside can tell more than present() itself.
    worth_checking: bool

    def present(self, event: Event) -> dict[str, Any]:
        """Make the proof visible; returns what cleanup will want to know, as JSON. Raises ToolkitError."""

    def cleanup(self, event: Event, record: dict[str, Any]) -> None:
        """Take the proof away; `record` may be empty, when present did not get to its end. Raises ToolkitError."""

    def close(self) -> None:
        """Let go of what the solver holds."""
