"""What the stages that speak to a CA share within one process: sessions, and the account they are for."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from toolkit import config, directories, document
from toolkit.ca import accounts as ca_accounts
from toolkit.ca.accounts import Binding
from toolkit.ca.jws import AccountKey
from toolkit.ca.session import Session
from toolkit.ca.transport import Settings, Transport
from toolkit.errors import BadDocument, ProtocolError, Refused, UsageError
from toolkit.issuance.local import Local
from toolkit.keys import KeyType
from toolkit.lock import exclusive
from toolkit.store import accounts, rollovers
from toolkit.waiting import Deadline


@dataclass(frozen=True)
class Registration:
    """What a first run may do without asking: agree to the terms, and register an account."""

    agree: bool = False
    emails: tuple[str, ...] = ()
    binding: Binding | None = None
    key_type: KeyType = field(default_factory=KeyType)


@dataclass
class Context(Local):
    """One process's conversations with CAs; the stages get it as their first argument."""

    transport: Settings
    server: str | None = None
    account: str | None = None
    registration: Registration = field(default_factory=Registration)
    timeout: float = 90.0
    _sessions: dict[str, Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _transport: Transport | None = None

    def __post_init__(self) -> None:
        if self.server:
            self.server = directories.resolve(self.server)

    def deadline(self) -> Deadline:
        """A new deadline for one operation at the CA."""
        return Deadline(self.timeout)

    def session_for(self, doc: document.Document) -> Session:
        """The session of the document's server and account.

        The server must be the one this command was told to use; without being told, one at which we have
        an account. Raises BadDocument.
        """
        server, url = doc.get("server"), doc.get("account")
        if not isinstance(server, str) or not isinstance(url, str):
            raise BadDocument("the document names no server and account", "run acme-order first")
        if self.server and server != self.server:
            raise BadDocument(
                f"the document is for {server}, and this command speaks to {self.server}", "give it the same --server"
            )
        return self._session(server, url)

    def session(self) -> Session:
        """The session of the server this command was told to use, or of Let's Encrypt; registers if allowed."""
        return self._session(self.server or config.LETSENCRYPT, None)

    def unregistered(self) -> Session:
        """A session of the same server without an account, for registering one."""
        server = self.server or config.LETSENCRYPT
        with self._lock:
            return self._new_session(server)

    def known(self, server: str | None = None, url: str | None = None) -> tuple[Session, accounts.Account]:
        """A session of an account that exists, and that account; registers none. Raises UsageError."""
        session, found = self.chosen(server, url)
        found = settle(self, session, found)
        session.key, session.account = found.key(), found.url
        return session, found

    def chosen(self, server: str | None = None, url: str | None = None) -> tuple[Session, accounts.Account]:
        """A session without a key, and the account it is for; `url`: that of the one to prefer among several."""
        server = self.server or server or config.LETSENCRYPT
        with self._lock:
            session = self._new_session(server)
        there = [account for account in accounts.stored(self.paths, server) if url and account.url == url]
        found = there[0] if there and not self.account else accounts.choose(self.paths, server, self.account)
        if found is None or found.url is None:
            raise UsageError(f"no account at {server}", f"acme-account register --server {server}")
        return session, found

    def hold_accounts(self, server: str) -> AbstractContextManager[None]:
        """The lock on the accounts at the server, for who writes them."""
        self.keep_certbot_out()
        patience = max(self.lock_timeout, 30)
        return exclusive(self.paths.account_lock(server), f"the accounts at {server}", patience, self.stop)

    def close(self) -> None:
        """Close the connections."""
        if self._transport:
            self._transport.close()

    def _session(self, server: str, url: str | None) -> Session:
        with self._lock:
            known = self._sessions.get(server)
            if known is None:
                self._sessions[server] = known = self._open(server, url)
        if url is not None and known.account != url:
            raise BadDocument(
                f"the document is for the account {url}, and ours is {known.account}", "choose it with --account"
            )
        return known

    def _open(self, server: str, url: str | None) -> Session:
        session = self._new_session(server)
        found = accounts.choose(self.paths, server, self.account, url)
        if url is None and (found is None or found.url is None):
            found = register(self, session, self.registration)
        if found is None or found.url is None:
            raise BadDocument(f"no account at {server} here", f"acme-account register --server {server}")
        if session.key is None:
            found = settle(self, session, found)
            session.key = found.key()
        session.account = found.url
        return session

    def _new_session(self, server: str) -> Session:
        if self._transport is None:
            self._transport = Transport(self.transport, self.stop)
        return Session(server, self._transport, self.stop, allow_http=self.transport.allow_http)


def register(context: Context, session: Session, registration: Registration) -> accounts.Account:
    """Register an account at the session's server, or finish a registration that was cut short.

    Several processes at once end up with one account. The key is durable before the CA hears of it.
    """
    server = session.server
    with context.hold_accounts(server):
        known = accounts.choose(context.paths, server, context.account)
        if known and known.url:
            return known
        deadline = context.deadline()
        if not registration.agree and _terms(session, deadline):
            raise UsageError(
                f"no account at {server} yet, and the CA has terms of service: {_terms(session, deadline)}",
                "register with --agree-tos, here or with acme-account register",
            )
        session.key = known.key() if known else AccountKey.generate(registration.key_type)
        kept = accounts.save_key(context.paths, server, session.key)
        url, body = ca_accounts.register(
            session, list(registration.emails), registration.agree, registration.binding, deadline
        )
        session.account = url
        context.say(f"registered the account {url}")
        return accounts.save_registration(kept, url, body)


def settle(context: Context, session: Session, account: accounts.Account) -> accounts.Account:
    """The account with the key that the CA takes, where a change of its key was cut short; else as it is."""
    if not rollovers.is_pending(account):
        return account
    with context.hold_accounts(account.server):
        again = [known for known in accounts.stored(context.paths, account.server) if known.url == account.url]
        return settle_held(context, session, again[0] if again else account)


def settle_held(context: Context, session: Session, account: accounts.Account) -> accounts.Account:
    """The same for who holds the lock: the CA is asked for the account of the next key, then for that of the present.

    Which key is valid is believed by proof alone. Raises Refused if the CA takes neither.
    """
    new = rollovers.pending(account)
    if new is None:
        return account
    deadline = context.deadline()
    try:
        _find(session, new, account, deadline)
    except Refused as refused:
        try:
            _find(session, account.key(), account, deadline)
        except Refused:
            raise refused from None
        context.say(f"the account {account.url} has its old key still; acme-account rollover changes it")
        return account
    context.say(f"the account {account.url} has its new key; a change that was cut short is done")
    return rollovers.adopt(context.paths, account)


def _find(session: Session, key: AccountKey, account: accounts.Account, deadline: Deadline) -> None:
    present, session.key = session.key, key
    try:
        url, _ = ca_accounts.find(session, deadline)
    finally:
        session.key = present
    if url != account.url:
        raise ProtocolError(f"a key of {account.url} belongs to another account, {url}")


def _terms(session: Session, deadline: Deadline) -> Any:
    meta = session.directory(deadline).get("meta")
    return meta.get("termsOfService") if isinstance(meta, dict) else None
