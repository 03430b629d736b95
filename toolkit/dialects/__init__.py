"""How the scripts of each ACME client want to be called: from an event to what is to be run, as data.

A dialect computes and touches nothing, so that its tests compare invocations with the tables of that client's
manual. `HookRunner` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from toolkit.events import Event, Issued

Outcome = Literal["done", "later", "declined", "failed"]

# sysexits.h: EX_TEMPFAIL
TRY_LATER = 75


@dataclass(frozen=True)
class Invocation:
    """One program to run, and what its exit status means."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    # None: /dev/null
    stdin: bytes | None = None
    # None: the directory of the command
    directory: str | None = None
    # None: that of the command
    umask: int | None = None
    # What runs a script that has no #! line; None: that is an error
    fallback: str | None = None
    # A status that is not listed is `otherwise`; so is an end by a signal, unless it is listed as its negative.
    outcomes: Mapping[int, Outcome] = field(default_factory=lambda: {0: "done"})
    otherwise: Outcome = "failed"
    # Files (path, content) that the client itself would have put there before, and would take away after cleanup.
    writes: tuple[tuple[str, bytes], ...] = ()
    removes: tuple[str, ...] = ()


Invocations = tuple[Invocation, ...]


@dataclass(frozen=True)
class Answer:
    """What the CA answered to a request that failed: headers and body as they came."""

    method: str
    status: int
    headers: str
    body: str


@dataclass(frozen=True)
class Place:
    """Where a hook runs: directories it may use (absolute), and the variables that the user lets it see."""

    # A private directory of this hook that stays from call to call
    state: str
    config: str
    work: str
    passed: Mapping[str, str] = field(default_factory=dict)


class Dialect:
    """The questions the flow asks; every answer is what to run, in order, or () for nothing.

    A dialect overrides those that its client knows, and names them in `events`.
    """

    name = ""
    # Challenge types it may be asked for, the preferred first.
    types: tuple[str, ...] = ("http-01", "dns-01")
    # Its scripts expect one challenge at a time, from presenting to cleaning up: they may hold one value only.
    alone = False

    @property
    def chained(self) -> bool:
        """Whether all challenges of an order come in one call."""
        return False

    @property
    def events(self) -> tuple[str, ...]:
        """Which of the methods below the script at hand serves, by name."""
        return ()

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        """Present the proofs: of one challenge, or of all if `chained`."""
        return ()

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        """Take the proofs away; `output` is what auth wrote, `valid` whether the CA was convinced."""
        return ()

    def refused(self, event: Event, place: Place, problem: str) -> Invocations:
        """The CA did not accept the proof; `problem` is its own document."""
        return ()

    def deploy(self, issued: Issued, place: Place) -> Invocations:
        """Hand a new certificate over."""
        return ()

    def unchanged(self, issued: Issued, place: Place) -> Invocations:
        """The certificate is not due."""
        return ()

    def begin(self, place: Place) -> Invocations:
        """A run begins."""
        return ()

    def end(self, place: Place, error: str) -> Invocations:
        """A run has ended; `error` is empty if it went well."""
        return ()

    def csr(self, name: str, names: Sequence[str], place: Place) -> Invocations:
        """Ask for a signing request for the lineage: what it writes to standard output is the request, or none."""
        return ()

    def request_failure(self, answer: Answer, place: Place) -> Invocations:
        """The CA refused a request."""
        return ()

    def lint(self, place: Place) -> Invocations:
        """What every script of this dialect answers as said, silently and without doing anything."""
        return ()
