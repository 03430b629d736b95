"""What clients ask for in the protocol of lego's DNS provider `httpreq`, and how a hook does it.

The body of POST /present and /cleanup is {"fqdn", "value"}, or in RAW mode {"domain", "token", "keyAuth"}.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from typing import Any

from toolkit import names as naming
from toolkit import proofs
from toolkit.errors import Declined, ToolkitError, UsageError, printable
from toolkit.events import Event
from toolkit.solvers.hook import HookSolver
from toolkit.store.journal import Journal

ACTIONS = ("present", "cleanup")
_DEFAULT, _RAW = {"fqdn", "value"}, {"domain", "token", "keyAuth"}
# base64url of a SHA-256 (RFC 8555 §8.4): nothing else is a value of a dns-01 challenge.
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_PREFIX = "_acme-challenge."


class Malformed(Exception):
    """The body is not what the protocol says; the text is for the client to read."""


def event_of(body: bytes) -> tuple[Event, dict[str, str]]:
    """The challenge that a body is about, and the body as it was understood. Raises Malformed."""
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the body is not JSON: {printable(error, 100)}") from None
    if not isinstance(found, dict) or set(found) not in (_DEFAULT, _RAW):
        raise Malformed('the body is neither {"fqdn", "value"} nor {"domain", "token", "keyAuth"}')
    if not all(isinstance(text, str) for text in found.values()):
        raise Malformed("the body has something else than strings")
    return (_default(found) if "fqdn" in found else _raw(found)), found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _default(found: dict[str, str]) -> Event:
    """Without token and key authorization, which the client keeps to itself: the value stands for the token."""
    name, value = found["fqdn"].removesuffix(".").lower(), found["value"]
    if "." not in name or not proofs.is_record_name(name):
        raise Malformed(f"fqdn is not the name of a record: {printable(found['fqdn'], 100)}")
    if not _VALUE.match(value):
        raise Malformed("value is not the value of a dns-01 challenge, 43 characters of base64url")
    # lego follows CNAMEs before it asks: the name may be any, and then there is no other to tell the hook.
    base = name.removeprefix(_PREFIX)
    proof = {"txt_name": f"{_PREFIX}{base}", "txt_value": value}
    return Event("dns-01", base, False, value, proof, (base,), 0, "" if base != name else name)


def _raw(found: dict[str, str]) -> Event:
    try:
        name, token = naming.identifier(found["domain"]), proofs.check_token(found["token"])
        authorization = proofs.check_key_authorization(token, found["keyAuth"])
    except ToolkitError as error:
        raise Malformed(error.message) from None
    if naming.is_wildcard(name) or naming.acme_identifier(name)["type"] != "dns":
        raise Malformed(f"domain is not a host name: {printable(found['domain'], 100)}")
    proof = proofs.proof("dns-01", token, name, authorization.partition(".")[2])
    return Event("dns-01", name, False, token, proof, (name,), 0)


class Desk:
    """Does what is asked for, one thing at a time, and notes in the journal what is to be undone."""

    def __init__(self, solver: HookSolver, journal: Journal, authenticator: dict[str, Any]) -> None:
        """`authenticator` is what the solver can be built from again."""
        self._solver = solver
        self._journal = journal
        self._authenticator = authenticator
        self._turn = threading.Lock()

    def act(self, action: str, event: Event) -> None:
        """Present or clean up. Raises ToolkitError when the hook fails."""
        with self._turn:
            try:
                self._present(event) if action == "present" else self._cleanup(event)
            except KeyError as error:  # a dialect that is told more than the default mode tells
                raise UsageError(
                    f"the hook wants the {printable(error.args[0], 50).replace('_', ' ')}, which this request lacks",
                    "let the client set HTTPREQ_MODE=RAW",
                ) from None

    def _present(self, event: Event) -> None:
        entry = self._journal.begin(self._authenticator, self._solver.name, [event])
        try:
            record = self._solver.present([event])
        except (Declined, KeyError):  # nothing was begun
            self._journal.finished(self._solver.name, [event])
            raise
        except ToolkitError:
            # Some clients ask to clean up after that, others do not. What resists, acme-hook sweep finds.
            with suppress(ToolkitError):
                self._cleanup(event)
            raise
        self._journal.presented(entry, record)
        self._journal.hand_on(self._solver.name, [event], None)

    def _cleanup(self, event: Event) -> None:
        entry = self._journal.find(self._solver.name, [event])
        record = entry.record if entry else {}
        self._solver.cleanup([event], {**record, "valid": True})
        self._journal.finished(self._solver.name, [event])
