"""What acme-account does; each action gives objects to be printed, and export a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit import files
from toolkit.ca import accounts as ca_accounts
from toolkit.ca.jws import AccountKey
from toolkit.ca.session import is_refusal
from toolkit.errors import Refused, UsageError
from toolkit.issuance.context import Context, register, settle
from toolkit.issuance.rollover import roll_over
from toolkit.keys import KeyType
from toolkit.store import accounts, rollovers
from toolkit.store.accounts import Account


@dataclass(frozen=True)
class Asked:
    """What beside the account and its registration the actions were told."""

    key: Path | None = None
    key_type: KeyType = field(default_factory=KeyType)
    key_format: str = "jwk"
    output: Path | None = None


Objects = list[dict[str, Any]]


def register_one(context: Context, asked: Asked) -> Objects:
    """Register an account at the server, unless there is one."""
    session = context.unregistered()
    return [_shown(register(context, session, context.registration))]


def show(context: Context, asked: Asked) -> Objects:
    """The account in use, with what the CA says of it now."""
    session = context.unregistered()
    found = accounts.choose(context.paths, session.server, context.account)
    if found is None:
        raise UsageError(f"no account at {session.server}", f"acme-account register --server {session.server}")
    found = settle(context, session, found)
    session.key = found.key()
    url, body = ca_accounts.find(session, context.deadline())
    return [{**_shown(found), "url": url, **_said(body), "thumbprint": session.key.thumbprint}]


def list_all(context: Context, asked: Asked) -> Objects:
    """All accounts of the store, or those at the server that was named; asks no CA."""
    servers = [context.server] if context.server else accounts.servers(context.paths)
    return [_shown(account) for server in servers for account in accounts.stored(context.paths, server)]


def update(context: Context, asked: Asked) -> Objects:
    """Change the contacts, or agree to new terms of service (RFC 8555 §7.3.2, §7.3.3)."""
    emails, agree = context.registration.emails, context.registration.agree
    if not emails and not agree:
        raise UsageError("nothing to update", "give contacts with -m, none with -m '', or --agree-tos")
    contacts = [ca_accounts.contact(email) for email in emails if email]
    session, found = context.known()
    with context.hold_accounts(found.server):
        deadline = context.deadline()
        if not emails:
            # A CA that knows nothing of this agreement takes a change of nothing for a mistake.
            contacts = ca_accounts.find(session, deadline)[1].get("contact", [])
        changes: dict[str, Any] = {"contact": contacts, **({"termsOfServiceAgreed": True} if agree else {})}
        body = ca_accounts.update(session, changes, deadline)
        return [{**_shown(accounts.save_registration(found, str(found.url), body)), **_said(body)}]


def rollover(context: Context, asked: Asked) -> Objects:
    """Give the account a new key."""
    found = roll_over(context, asked.key_type)
    context.say(f"the account {found.url} has a new key; its id is {found.id} now")
    return [{**_shown(found), "thumbprint": found.key().thumbprint}]


def deactivate(context: Context, asked: Asked) -> Objects:
    """End the account for good, at the CA and here (RFC 8555 §7.3.6); once more is no error."""
    session, found = context.known()
    with context.hold_accounts(found.server):
        body: dict[str, Any] = {"status": "deactivated"}
        try:
            body = ca_accounts.update(session, body, context.deadline())
        except Refused as error:
            if not _is_over(context, session, error):
                raise
            context.say(f"the account {found.url} was deactivated already")
        rollovers.retire(found)
    return [{**_shown(found), "status": body.get("status")}]


def recover(context: Context, asked: Asked) -> Objects:
    """Take the account of a private key as ours, if the CA knows it (RFC 8555 §7.3.1)."""
    if asked.key is None:
        raise UsageError("no key to find the account by", "name its file with --key")
    session = context.unregistered()
    session.key = AccountKey.parse(files.read(asked.key, 1024 * 1024), str(asked.key))
    with context.hold_accounts(session.server):
        url, body = ca_accounts.find(session, context.deadline())
        kept = accounts.save_registration(accounts.save_key(context.paths, session.server, session.key), url, body)
        for other in accounts.stored(context.paths, session.server):
            if other.url == url and other.id != kept.id:
                context.say(f"the key {other.id} of the same account is no longer valid, and is retired")
                rollovers.retire(other)
    return [{**_shown(kept), **_said(body), "thumbprint": session.key.thumbprint}]


def export(context: Context, asked: Asked) -> Objects | str:
    """The private key of the account, as text, or in a file that only its owner can read; asks no CA."""
    _, found = context.chosen()
    key = found.key()
    text = key.to_pem().decode() if asked.key_format == "pem" else key.to_json() + "\n"
    if asked.output is None:
        return text
    files.replace(asked.output, text.encode(), 0o600)
    return [_shown(found)]


def _is_over(context: Context, session: Any, error: Refused) -> bool:
    """Whether the CA refused because the account had been deactivated: then it does not give it out either."""
    if error.short not in ("unauthorized", "accountDoesNotExist"):
        return False
    try:
        _, body = ca_accounts.find(session, context.deadline())
    except Refused as found:
        return is_refusal(found, "unauthorized") or is_refusal(found, "accountDoesNotExist")
    return body.get("status") in ("deactivated", "revoked")


def _shown(account: Account) -> dict[str, Any]:
    return {"id": account.id, "server": account.server, "url": account.url, "directory": str(account.directory)}


def _said(body: dict[str, Any]) -> dict[str, Any]:
    return {"status": body.get("status"), "contact": body.get("contact", [])}


ACTIONS: Mapping[str, Callable[[Context, Asked], Objects | str]] = {
    "register": register_one,
    "show": show,
    "list": list_all,
    "update": update,
    "rollover": rollover,
    "deactivate": deactivate,
    "recover": recover,
    "import": recover,
    "export": export,
}
