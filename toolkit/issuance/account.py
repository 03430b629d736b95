"""What acme-account does: register, show, list; each gives objects to be printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from toolkit.ca import accounts as ca_accounts
from toolkit.errors import UsageError
from toolkit.issuance.context import Context, register
from toolkit.store import accounts
from toolkit.store.accounts import Account


def register_one(context: Context) -> list[dict[str, Any]]:
    """Register an account at the server, unless there is one."""
    session = context.unregistered()
    found = register(context, session, context.registration)
    return [_shown(found)]


def show(context: Context) -> list[dict[str, Any]]:
    """The account in use, with what the CA says of it now."""
    session = context.unregistered()
    found = accounts.choose(context.paths, session.server, context.account)
    if found is None:
        raise UsageError(f"no account at {session.server}", f"acme-account register --server {session.server}")
    session.key = found.key()
    url, body = ca_accounts.find(session, context.deadline())
    return [
        {
            **_shown(found),
            "url": url,
            "status": body.get("status"),
            "contact": body.get("contact", []),
            "thumbprint": session.key.thumbprint,
        }
    ]


def list_all(context: Context) -> list[dict[str, Any]]:
    """All accounts of the store, or those at the server that was named; asks no CA."""
    servers = [context.server] if context.server else accounts.servers(context.paths)
    return [_shown(account) for server in servers for account in accounts.stored(context.paths, server)]


def _shown(account: Account) -> dict[str, Any]:
    return {"id": account.id, "server": account.server, "url": account.url, "directory": str(account.directory)}


ACTIONS: Mapping[str, Callable[[Context], list[dict[str, Any]]]] = {
    "register": register_one,
    "show": show,
    "list": list_all,
}
