"""Every way a command can fail, as one table of classes.

An error says what happened, to which thing, and what to do next. `document()` is its form inside an
order document (RFC 9457), `status` the exit status of the command that meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OURS = "urn:acme-toolkit:error:"
ACME = "urn:ietf:params:acme:error:"

DONE, FAILED, USAGE, TRY_LATER = 0, 1, 2, 75


def printable(text: object, limit: int = 2048) -> str:
    """Text from outside as one line that is safe on a terminal: control characters escaped, cut at `limit`."""
    raw = str(text)
    short = raw[:limit] + ("…" if len(raw) > limit else "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in short)


class ToolkitError(Exception):
    """Base of all errors meant for people; `kind` is the last part of the problem type."""

    kind = "failed"
    status = FAILED

    def __init__(self, message: str, hint: str | None = None, *, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after = retry_after

    def document(self) -> dict[str, Any]:
        """The error as a problem document (RFC 9457), without the stage it happened in."""
        body: dict[str, Any] = {"type": OURS + self.kind, "detail": self.message}
        if self.hint:
            body["hint"] = self.hint
        if self.retry_after:
            body["retry_after"] = self.retry_after
        return body


class UsageError(ToolkitError):
    """The command line asks for something that cannot be."""

    kind, status = "usage", USAGE


class BadName(UsageError):
    """A name that no certificate can carry, or that no lineage can have."""

    kind = "badName"


class BadDocument(ToolkitError):
    """Input that is not an order document, or not one this command can work on."""

    kind = "badDocument"


class FileTrouble(ToolkitError):
    """The file system said no."""

    kind = "io"


class HookFailed(ToolkitError):
    """A hook is missing, cannot be run, failed or took too long."""

    kind = "hookFailed"


class Declined(HookFailed):
    """A hook does not want this challenge, and has not touched anything."""

    kind = "declined"


class ChallengeFailed(ToolkitError):
    """A challenge cannot be presented, or is not visible."""

    kind = "challengeFailed"


class BadCertificate(ToolkitError):
    """What the CA sent must not become live."""

    kind = "badCertificate"


class NotServed(ToolkitError):
    """A service does not show the certificate that was installed."""

    kind = "notServed"


class ProtocolError(ToolkitError):
    """The CA broke the protocol, or is hostile."""

    kind = "protocol"


class TryLater(ToolkitError):
    """Nothing is wrong that time will not mend; `retry_after` says when, if the CA did."""

    kind, status = "tryLater", TRY_LATER


class Unreachable(TryLater):
    """The CA cannot be reached, or answered with a server error, whose HTTP status is `answer`."""

    kind = "unreachable"
    answer: int | None = None


class TimedOut(TryLater):
    """The CA did not finish before the deadline."""

    kind = "timedOut"


class Busy(TryLater):
    """Another process holds the lock."""

    kind = "busy"


class Interrupted(ToolkitError):
    """A signal asked us to stop; what was started has been cleaned up."""

    kind = "interrupted"

    def __init__(self, number: int, name: str) -> None:
        super().__init__(f"interrupted by {name}", "the same command line goes on from here")
        self.number = number
        self.status = 128 + number


HINTS: Mapping[str, str] = {
    "accountDoesNotExist": "register with acme-account register, or name the right account with --account",
    "badCSR": "look at the CSR: names in the SAN extension, a key of its own, a type the CA takes",
    "badNonce": "the CA refuses every nonce it hands out; try again later",
    "caa": "a CAA record of the name forbids this CA; see acme-account show and RFC 8659",
    "connection": "the CA could not connect to the name; check its address records and the firewall",
    "dns": "the CA could not look the name up; check the zone and its name servers",
    "externalAccountRequired": "this CA wants --eab-kid and --eab-hmac-key-file, which its web site hands out",
    "incorrectResponse": "the CA saw another answer than ours; is the name served by this machine?",
    "invalidContact": "give an e-mail address the CA accepts with -m",
    "invalidProfile": "the CA does not know this profile; leave --profile away",
    "orderNotReady": "run acme-challenge first",
    "rateLimited": "wait until the time the CA names, and do not retry in a loop",
    "rejectedIdentifier": "the CA does not issue for this name; take it out of the order",
    "tls": "the CA met a TLS error at the name; check what answers on port 443",
    "unauthorized": "the CA did not find the proof where it looked; is the name served by this machine?",
    "unsupportedIdentifier": "the CA does not issue for this type of name",
    "userActionRequired": "the CA has new terms of service; read them and run acme-account update --agree-tos",
}


class Refused(ToolkitError):
    """The CA's own problem document (RFC 8555 §6.7), kept whole."""

    kind = "refused"

    def __init__(
        self, problem: Mapping[str, Any], what: str, *, retry_after: str | None = None, answer: int | None = None
    ) -> None:
        self.problem = dict(problem)
        # The HTTP status, if it was a request that the CA refused.
        self.answer = answer
        self.type = str(problem.get("type", "about:blank"))
        self.short = self.type.removeprefix(ACME)
        super().__init__(f"{what}: {describe(problem)}", HINTS.get(self.short), retry_after=retry_after)
        if self.short == "rateLimited" or retry_after:
            self.status = TRY_LATER

    def document(self) -> dict[str, Any]:
        body = super().document()
        body.update(self.problem)
        return body


def describe(problem: Mapping[str, Any]) -> str:
    """One line for people: type, detail, and each subproblem with its identifier (RFC 8555 §6.7.1)."""
    parts = [printable(problem.get("detail") or problem.get("title") or "no detail given")]
    subproblems = problem.get("subproblems")
    for sub in subproblems if isinstance(subproblems, list) else []:
        if isinstance(sub, dict):
            identifier = sub.get("identifier")
            name = identifier.get("value") if isinstance(identifier, dict) else None
            parts.append(f"{printable(name or '?', 300)}: {printable(sub.get('detail', '?'))}")
    short = printable(str(problem.get("type", "")).removeprefix(ACME), 200)
    return "; ".join(parts) + (f" ({short})" if short and short != "about:blank" else "")
