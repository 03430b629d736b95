"""Certbot's hooks, which are the toolkit's own: environment variables, nothing else.

Contract: certbot's user guide, "Pre and Post Validation Hooks" and "Renewing certificates". What is ours stands
beside its variables as ACME_*, and as a line of JSON on the standard input of a hook directory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.dialects import TRY_LATER, Dialect, Invocation, Invocations, Outcome, Place
from toolkit.events import Event, Issued

_OUTCOMES: Mapping[int, Outcome] = {0: "done", TRY_LATER: "later"}
# One variable may hold 128 KiB on Linux, its name included (MAX_ARG_STRLEN).
_LONGEST = 96 * 1024
_CUT = "...and more"


@dataclass(frozen=True)
class Certbot(Dialect):
    """`commands`: the argv of each event; `told`: the JSON record comes on standard input."""

    commands: Mapping[str, tuple[str, ...]]
    types: tuple[str, ...] = Dialect.types
    told: bool = False
    name = "certbot"

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(self.commands)

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        (event,) = events
        return self._run("auth", _variables(event), event.as_json())

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        (event,) = events
        variables = {**_variables(event), "CERTBOT_AUTH_OUTPUT": fitting(output)}
        return self._run("cleanup", variables, {**event.as_json(), "output": output, "valid": valid})

    def deploy(self, issued: Issued, place: Place) -> Invocations:
        variables = {"RENEWED_LINEAGE": issued.directory, "RENEWED_DOMAINS": listed(issued.names, " ")}
        return self._run("deploy", variables, issued.as_json())

    def pre(self) -> Invocations:
        """Before the first certificate of a run is tried."""
        return self._run("pre", {}, {})

    def post(self, renewed: Sequence[str], failed: Sequence[str]) -> Invocations:
        """After the last one: the names of those that were renewed, and of those that were not."""
        variables = {"RENEWED_DOMAINS": listed(renewed, " "), "FAILED_DOMAINS": listed(failed, " ")}
        return self._run("post", variables, {"renewed": list(renewed), "failed": list(failed)})

    def _run(self, event: str, variables: Mapping[str, str], record: Mapping[str, object]) -> Invocations:
        if event not in self.commands:
            return ()
        stdin = json.dumps({"event": event, **record}).encode() + b"\n" if self.told else None
        return (Invocation(self.commands[event], variables, stdin, fallback="/bin/sh", outcomes=_OUTCOMES),)


def of_lines(commands: Mapping[str, str]) -> Certbot:
    """The hooks of certbot's options, each a line for the shell."""
    return Certbot({event: ("/bin/sh", "-c", line) for event, line in commands.items()})


def fitting(text: str) -> str:
    """The text, cut so that it fits into a variable whatever its characters are; a variable cannot hold NUL."""
    data = text.replace("\0", "").encode("utf-8", "replace")
    return data[:_LONGEST].decode("utf-8", "ignore")


def listed(names: Sequence[str], separator: str) -> str:
    """The names in one variable; where they do not fit, whole ones are left out and the last word says so."""
    text = separator.join(names)
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rpartition(separator)[0] + separator + _CUT


def _variables(event: Event) -> dict[str, str]:
    everybody = listed(event.all_identifiers, ",")
    variables = {
        "CERTBOT_DOMAIN": event.identifier,
        "CERTBOT_IDENTIFIER": event.identifier,
        "CERTBOT_VALIDATION": event.validation,
        "CERTBOT_ALL_DOMAINS": everybody,
        "CERTBOT_ALL_IDENTIFIERS": everybody,
        "CERTBOT_REMAINING_CHALLENGES": str(event.remaining),
        "ACME_CHALLENGE_TYPE": event.type,
        "ACME_WILDCARD": "1" if event.wildcard else "0",
    }
    if event.type == "http-01":
        variables["CERTBOT_TOKEN"] = event.token
    if event.record_name:
        variables["ACME_RECORD_NAME"] = event.record_name
    return variables
