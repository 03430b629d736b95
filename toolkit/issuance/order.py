"""Names in, an order at the CA out: with its authorizations, and the proof beside each challenge."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from toolkit import certs, proofs, states
from toolkit.ca import orders
from toolkit.ca.session import Session, is_refusal
from toolkit.document import Document, title
from toolkit.errors import BadDocument, Refused, Unreachable, UsageError
from toolkit.issuance.context import Context
from toolkit.waiting import Deadline

# What was read from the CA this long ago, in seconds, is still taken for the truth.
_FRESH = 30


@dataclass(frozen=True)
class Wanted:
    """Members of newOrder beside the names."""

    profile: str | None = None


def open_order(context: Context, document: Document, wanted: Wanted) -> None:
    """Open an order for the document's names, or go on with the one it has while that is still of use."""
    session = context.session()
    deadline = context.deadline()
    _adopt(session, document)
    if wanted.profile:
        document["profile"] = wanted.profile
    if "order" in document and _still_good(session, document, deadline):
        context.say(f"{title(document)}: the order is {document['order']['status']}")
        return
    for key in ("order", "authorizations", "presented", "certificate"):
        document.pop(key, None)
    document["order"] = _open(context, session, document, deadline)
    _read_authorizations(session, document, deadline)
    pending = sum(a["status"] == "pending" for a in document["authorizations"])
    context.say(
        f"{title(document)}: order opened, {pending} of {len(document['authorizations'])} authorizations pending"
    )


def refresh(session: Session, document: Document, deadline: Deadline, now: datetime.datetime) -> None:
    """Read the order, and what of its authorizations may have changed, unless the document is fresh."""
    if _age(document, now) < _FRESH:
        return
    order = states.require_order(document)
    document["order"] = orders.read_order(session, order.get("url"), deadline)
    if document["order"]["status"] == "pending":
        _read_authorizations(session, document, deadline)


def over(session: Session, document: Document, deadline: Deadline) -> Refused | BadDocument:
    """The error for an order that nothing but a new one can replace."""
    order = document["order"]
    if _expired(order):
        return BadDocument(f"the order expired at {order.get('expires')}: {order['url']}", states.NEW_ORDER_HINT)
    failed = orders.failure(session, order, document["names"], deadline)
    failed.hint = failed.hint or states.NEW_ORDER_HINT
    return failed


def _adopt(session: Session, document: Document) -> None:
    for key, ours in (("server", session.server), ("account", session.account)):
        if document.get(key) not in (None, ours):
            raise BadDocument(
                f"the document is for the {key} {document[key]}, and ours is {ours}", f"name the same --{key}"
            )
        document[key] = ours


def _open(context: Context, session: Session, document: Document, deadline: Deadline) -> dict[str, Any]:
    names, options = document["names"], _options(session, document, deadline)
    try:
        return orders.open_order(session, names, options, deadline)
    except (Refused, Unreachable) as error:
        # Of the reasons to refuse `replaces` only this one has a type (RFC 9773 §5); it may be our own order whose
        # answer was lost. Others a CA may stumble over (Pebble 2.10 does at one certificate in 128). Without the
        # member the order is one like any other.
        stumbled = isinstance(error, Unreachable) and error.answer == 500
        if "replaces" not in options or not (stumbled or is_refusal(error, "alreadyReplaced")):
            raise
        context.say(f"{title(document)}: {error.message}; the order will not say which certificate it replaces")
    options.pop("replaces")
    del document["replaces"]
    return orders.open_order(session, names, options, deadline)


def _still_good(session: Session, document: Document, deadline: Deadline) -> bool:
    try:
        order = orders.read_order(session, document["order"].get("url"), deadline)
    except Refused as error:
        if is_refusal(error, "malformed") or error.problem.get("status") == 404:
            return False
        raise
    document["order"] = order
    if states.is_over(states.order_status(order), states.ORDER) or _expired(order):
        return False
    _read_authorizations(session, document, deadline)
    return True


def _read_authorizations(session: Session, document: Document, deadline: Deadline) -> None:
    found = orders.read_authorizations(session, document["order"], document["names"], deadline)
    assert session.key is not None  # noqa: S101 - a session of a document has its account's key
    for authorization in found:
        proofs.add_proofs(authorization, session.key.thumbprint)
    document["authorizations"] = found
    document["fetched"] = certs.timestamp(datetime.datetime.now(datetime.UTC))


def _options(session: Session, document: Document, deadline: Deadline) -> dict[str, Any]:
    options = {}
    for member, key in (
        ("profile", "profile"),
        ("replaces", "replaces"),
        ("notBefore", "not_before"),
        ("notAfter", "not_after"),
    ):
        if document.get(key):
            options[member] = document[key]
    directory = session.directory(deadline)
    if "renewalInfo" not in directory:
        options.pop("replaces", None)  # RFC 9773 §5: not to a CA that does not know what it means
    meta = directory.get("meta")
    offered = meta.get("profiles") if isinstance(meta, dict) else None
    if "profile" in options and isinstance(offered, dict) and options["profile"] not in offered:
        raise UsageError(f"the CA has no profile {options['profile']!r}", f"it has {', '.join(sorted(offered))}")
    return options


def _expired(order: dict[str, Any]) -> bool:
    try:
        expires = datetime.datetime.fromisoformat(str(order.get("expires")))
    except ValueError:
        return False
    return (
        expires.tzinfo is not None
        and expires < datetime.datetime.now(datetime.UTC)
        and order["status"] in ("pending", "ready")
    )


def _age(document: Document, now: datetime.datetime) -> float:
    try:
        age = (now - datetime.datetime.fromisoformat(str(document.get("fetched")))).total_seconds()
    except (ValueError, TypeError):
        return float("inf")
    return age if age > -1 else float("inf")
