"""Revocation at the CA (RFC 8555 §7.6)."""

from __future__ import annotations

import base64

from toolkit.ca.session import Json, Session, is_refusal
from toolkit.errors import Refused
from toolkit.waiting import Deadline

# RFC 5280 §5.3.1; those that a subscriber may give.
REASONS = {"unspecified": 0, "keyCompromise": 1, "affiliationChanged": 3, "superseded": 4, "cessationOfOperation": 5}


def revoke(session: Session, der: bytes, reason: str, deadline: Deadline, *, with_key: bool = False) -> bool:
    """Revoke the certificate (DER); False if it was revoked already.

    `with_key`: the session's key is the certificate's own, and signs instead of an account. Raises Refused.
    """
    payload: Json = {"certificate": base64.urlsafe_b64encode(der).rstrip(b"=").decode()}
    if REASONS[reason]:  # that of `unspecified` should be absent (RFC 5280 §5.3.1)
        payload["reason"] = REASONS[reason]
    url = session.endpoint("revokeCert", deadline)
    try:
        session.post(url, payload, deadline, "revocation", with_key=with_key)
    except Refused as error:
        if is_refusal(error, "alreadyRevoked"):
            return False
        if error.short == "unauthorized":
            error.hint = (
                "is it the key of that certificate?"
                if with_key
                else "name the account that ordered it with --account, or give --cert and --key of the certificate"
            )
        raise
    return True
