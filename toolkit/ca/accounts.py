"""Accounts at the CA (RFC 8555 §7.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from toolkit.ca.jws import AccountKey, external_account_binding
from toolkit.ca.session import Session
from toolkit.errors import ProtocolError, Refused, UsageError, printable
from toolkit.waiting import Deadline

# Printable ASCII without what has a meaning in a mailto URI (RFC 6068) or could add a header to a mail.
_EMAIL = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]+@[A-Za-z0-9.-]+\Z")


@dataclass(frozen=True)
class Binding:
    """External account binding: what the CA's web site hands out."""

    kid: str
    secret: str
    algorithm: str = "HS256"

    def __repr__(self) -> str:
        return f"Binding({self.kid!r})"


def register(
    session: Session, emails: list[str], agree: bool, binding: Binding | None, deadline: Deadline
) -> tuple[str, dict[str, Any]]:
    """Register the session's key, or find its account; returns the account's URL and object.

    Raises UsageError while the terms of service are not agreed to, Refused as the CA says.
    """
    meta = session.directory(deadline).get("meta")
    terms = meta.get("termsOfService") if isinstance(meta, dict) else None
    if isinstance(terms, str) and not agree:
        raise UsageError(f"the CA has terms of service: {printable(terms, 500)}", "agree to them with --agree-tos")
    payload: dict[str, Any] = {"termsOfServiceAgreed": True} if agree else {}
    if emails:
        payload["contact"] = [contact(email) for email in emails]
    url = session.endpoint("newAccount", deadline)
    if binding:
        assert session.key is not None  # noqa: S101 - a session that registers has a key
        bound = external_account_binding(session.key, binding.kid, binding.secret, binding.algorithm, url)
        payload["externalAccountBinding"] = bound
    try:
        return _account(session, url, payload, deadline, "new account")
    except Refused as error:
        if binding and error.short in ("unauthorized", "malformed"):
            error.hint = "look at --eab-kid and its key: does the CA's web site show the same?"
        raise


def find(session: Session, deadline: Deadline) -> tuple[str, dict[str, Any]]:
    """The URL and object of the account the session's key belongs to, at the CA (RFC 8555 §7.3.1)."""
    url = session.endpoint("newAccount", deadline)
    return _account(session, url, {"onlyReturnExisting": True}, deadline, "account")


def update(session: Session, changes: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
    """Change members of the session's account (RFC 8555 §7.3.2, §7.3.6); returns its object."""
    return session.json(session.post(session.account, changes, deadline, "account"), "account")


def change_key(session: Session, new: AccountKey, deadline: Deadline) -> None:
    """Let the session's account have another key (RFC 8555 §7.3.5); the session goes on with it."""
    url = session.endpoint("keyChange", deadline)
    if session.key is None or session.account is None:
        raise ValueError("a session without an account cannot change its key")
    session.post(url, dict(new.claim(session.account, session.key, url)), deadline, "key change")
    session.key = new


def contact(email: str) -> str:
    """The mailto URI of an address. Raises UsageError."""
    if not _EMAIL.match(email):
        raise UsageError(f"not an e-mail address: {printable(email, 200)}")
    return f"mailto:{email}"


def _account(
    session: Session, url: str, payload: dict[str, Any], deadline: Deadline, what: str
) -> tuple[str, dict[str, Any]]:
    response = session.post(url, payload, deadline, what, with_key=True)
    account = response.header("location")
    if not account:
        raise ProtocolError("the CA gave the account no URL")
    return session.check(account, deadline), session.json(response, what)
