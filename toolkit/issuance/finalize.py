"""A ready order in, its certificate out. The private key is durable before the CA hears of it."""

from __future__ import annotations

import datetime
from pathlib import Path

from toolkit import certs, keys, states
from toolkit.ca import orders
from toolkit.ca.session import Session
from toolkit.document import Document, title
from toolkit.errors import BadDocument, ProtocolError, Refused, UsageError
from toolkit.issuance import order as ordering
from toolkit.issuance.context import Context
from toolkit.issuance.csr import KeyWish, own_csr
from toolkit.store import lineages, private_keys
from toolkit.waiting import Deadline


def finalize(context: Context, document: Document, wish: KeyWish) -> None:
    """Bring the document's order to its end, from wherever it stands, and put the certificate in."""
    session = context.session_for(document)
    deadline = context.deadline()
    states.require_order(document)
    brought = document.get("key")
    if states.order_status(document["order"]) != "ready":
        document["order"] = orders.read_order(session, document["order"].get("url"), deadline)
    order = _to_the_end(context, session, document, wish, deadline)
    url, text = orders.download(session, order, deadline)
    chain = certs.read_chain(text)
    _check(context, document, chain)
    if document.get("key") is not brought:
        _drop_unused(context, document, Path(document["key"]["path"]).stem, keys.public_name(chain.leaf))
    document["certificate"] = {"url": url, **chain.facts()}
    context.say(f"{title(document)}: certificate {chain.fingerprint[:16]} until {document['certificate']['not_after']}")


def _to_the_end(
    context: Context, session: Session, document: Document, wish: KeyWish, deadline: Deadline
) -> dict[str, object]:
    status = states.order_status(document["order"])
    if status == "ready":
        document["order"] = _send(context, session, document, wish, deadline)
    elif status == "processing":
        document["order"] = orders.wait_while(session, document["order"], "processing", deadline)
    elif status == "pending":
        raise _still_pending(session, document, deadline)
    status = states.order_status(document["order"])
    if states.is_over(status, states.ORDER):
        raise ordering.over(session, document, deadline)
    if status != "valid":
        raise ProtocolError(f"the order is {status} after it was finalized: {document['order']['url']}")
    order: dict[str, object] = document["order"]
    return order


def _send(
    context: Context, session: Session, document: Document, wish: KeyWish, deadline: Deadline
) -> dict[str, object]:
    csr = document.get("csr") or own_csr(context, document, wish)
    assert session.key is not None  # noqa: S101 - a session of a document has its account's key
    if keys.csr_public_name(csr) == session.key.public_name:
        raise UsageError("the signing request is for the account's own key", "a certificate needs a key of its own")
    try:
        return orders.finalize(session, document["order"], keys.csr_der(csr), deadline)
    except Refused:
        if "csr" not in document:
            private_keys.forget(context.paths, keys.csr_public_name(csr))
        raise


def _check(context: Context, document: Document, chain: certs.Chain) -> None:
    """The certificate must be for the signing request's key: the user's own, or one that waits in the store."""
    if "csr" in document:
        name = keys.csr_public_name(document["csr"])
    else:
        name = keys.public_name(chain.leaf)
        if not _have_key(context, document, name):
            raise BadDocument(
                f"the certificate of this order is for a key that is not here: {document['order']['url']}",
                "run this on the host that made the key, or open a new order",
            )
    certs.check_chain(chain, document["names"], name, datetime.datetime.now(datetime.UTC))


def _drop_unused(context: Context, document: Document, made: str, used: str) -> None:
    """Let go of a key made here for nothing: an earlier run had finalized the order with another one."""
    if made != used:
        private_keys.forget(context.paths, made)
        document["key"] = {**document["key"], "path": str(context.paths.key(used))}


def _have_key(context: Context, document: Document, name: str) -> bool:
    """Whether the key waits in the store, or came to lie in the lineage already."""
    if private_keys.find(context.paths, name):
        return True
    present = lineages.current(context.paths, document["cert_name"])
    return present is not None and keys.public_name(present.key()) == name


def _still_pending(session: Session, document: Document, deadline: Deadline) -> BadDocument:
    found = orders.read_authorizations(session, document["order"], document["names"], deadline)
    valid = sum(a["status"] == "valid" for a in found)
    return BadDocument(
        f"the order is pending; {valid} of {len(found)} authorizations valid", "run acme-challenge first"
    )
