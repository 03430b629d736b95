"""The account's key is changed for a new one (RFC 8555 §7.3.5), whatever happens to us, the network or the CA.

The new key is durable before the CA hears of it, and the old one is kept until the CA has confirmed. A run that is
cut short leaves both; the next one asks the CA which of them it knows.
"""

from __future__ import annotations

from toolkit.ca import accounts as ca_accounts
from toolkit.ca.jws import AccountKey
from toolkit.ca.session import Session
from toolkit.errors import Interrupted, Refused, ToolkitError
from toolkit.issuance.context import Context, settle_held
from toolkit.keys import KeyType
from toolkit.store import rollovers
from toolkit.store.accounts import Account


def roll_over(context: Context, key_type: KeyType) -> Account:
    """Give the account a new key of that type; ends a change that was cut short instead, if the CA has made it."""
    session, account = context.chosen()
    with context.hold_accounts(account.server):
        session, account = context.chosen()  # what it is now that nobody else changes it
        if rollovers.is_pending(account):
            settled = settle_held(context, session, account)
            if settled is not account:
                return settled
        session.key, session.account = account.key(), account.url
        return _change(context, session, account, key_type)


def _change(context: Context, session: Session, account: Account, key_type: KeyType) -> Account:
    deadline = context.deadline()
    session.endpoint("keyChange", deadline)  # a CA that has none is told by name, before a key is made
    new = rollovers.pending(account)
    if new is None or new.key_type != key_type:
        new = AccountKey.generate(key_type)
    rollovers.begin(account, new)
    try:
        ca_accounts.change_key(session, new, deadline)
    except Interrupted:
        raise
    except ToolkitError as error:
        return _doubted(context, session, account, error)
    return rollovers.adopt(context.paths, account)


def _doubted(context: Context, session: Session, account: Account, error: ToolkitError) -> Account:
    """What became of the change when the CA said no, or nothing: an answer that is lost may have been a yes."""
    try:
        found = settle_held(context, session, account)
    except ToolkitError:
        error.hint = "run it again: it finds out which of the two keys is valid, and keeps both until then"
        raise error from None
    if found is not account:
        return found
    if isinstance(error, Refused):
        rollovers.forget(account)
    raise error
