"""A change of an account's key on disk: the next key lies beside the present one until the CA has said which is valid.

The present key is given up by one rename, after the CA has confirmed the next. Nothing here asks the CA.
"""

from __future__ import annotations

from toolkit import files
from toolkit.ca.jws import AccountKey
from toolkit.errors import FileTrouble
from toolkit.store.accounts import Account, account_id
from toolkit.store.paths import Paths

_KEY, _NEXT, _RETIRED = "private_key.json", "next_private_key.json", "retired_private_key.json"


def is_pending(account: Account) -> bool:
    """Whether a change of the key was begun and not brought to its end."""
    return (account.directory / _NEXT).exists()


def pending(account: Account) -> AccountKey | None:
    """The next key, if there is one. Raises BadDocument."""
    path = account.directory / _NEXT
    return AccountKey.from_json(files.read(path), str(path)) if path.exists() else None


def begin(account: Account, key: AccountKey) -> None:
    """Keep the next key durably, before the CA hears of it."""
    files.replace(account.directory / _NEXT, key.to_json().encode(), 0o400)


def forget(account: Account) -> None:
    """Remove the next key, which the CA does not want."""
    files.remove(account.directory / _NEXT)


def adopt(paths: Paths, account: Account) -> Account:
    """Let the next key be the account's; its directory then has the name that certbot gives such a key.

    The directory comes first: as long as the next key lies in it, a run that was killed is known as such.
    """
    key = pending(account)
    if key is None:
        raise FileTrouble(f"the next key of {account.id} is gone")
    target = paths.account(account.server, account_id(key))
    if target != account.directory:
        files.move(account.directory, target)
    files.move(target / _NEXT, target / _KEY)
    return Account(target.name, account.server, account.url, account.body, target)


def retire(account: Account) -> None:
    """Let the account be none of ours any more; its key stays, under a name that nobody looks for."""
    files.move(account.directory / _KEY, account.directory / _RETIRED)
