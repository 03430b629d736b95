"""RFC 8555 §7.1.6 as tables: what a status of the CA means for the next step.

This file is the only one that knows the statuses. It does not talk to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from toolkit.errors import BadDocument, ProtocolError, printable

ORDER: Final[Mapping[str, str]] = {
    "pending": "answer its challenges",
    "ready": "finalize",
    "processing": "wait for the CA",
    "valid": "download",
    "invalid": "open a new order",
    # Not of the RFC, but answered by Pebble 2.4 for an order whose authorization was deactivated.
    "deactivated": "open a new order",
}

AUTHORIZATION: Final[Mapping[str, str]] = {
    "pending": "answer",
    "valid": "nothing",
    "invalid": "open a new order",
    "deactivated": "open a new order",
    "expired": "open a new order",
    "revoked": "open a new order",
}

NEW_ORDER_HINT: Final = "feed the document to acme-order, which opens a new order"


def order_status(order: Mapping[str, Any]) -> str:
    """The order's status; raises ProtocolError for one no RFC knows."""
    return _known(order, ORDER, "order")


def authorization_status(authorization: Mapping[str, Any]) -> str:
    """The authorization's status; raises ProtocolError for one no RFC knows."""
    return _known(authorization, AUTHORIZATION, "authorization")


def is_over(status: str, table: Mapping[str, str]) -> bool:
    """Whether nothing but a new order helps."""
    return table[status] == "open a new order"


def require_order(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document's order object. Raises BadDocument when no order was opened."""
    order = document.get("order")
    if not isinstance(order, dict):
        raise BadDocument("the document has no order yet", "run acme-order first")
    return order


def _known(thing: Mapping[str, Any], table: Mapping[str, str], what: str) -> str:
    status = thing.get("status")
    if not isinstance(status, str) or status not in table:
        raise ProtocolError(f"the CA gave the {what} an unknown status: {printable(status, 80)}")
    return status
