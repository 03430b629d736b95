"""Account files, in the form certbot reads and writes: private_key.json, regr.json, meta.json."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from toolkit import files
from toolkit.ca.jws import AccountKey
from toolkit.errors import BadDocument, FileTrouble, UsageError
from toolkit.store.paths import Paths


@dataclass(frozen=True)
class Account:
    """An account of ours at a server; `url` is None until the CA has confirmed it."""

    id: str
    server: str
    url: str | None
    body: dict[str, Any]
    directory: Path

    def key(self) -> AccountKey:
        """The private key, read from its file."""
        path = self.directory / "private_key.json"
        return AccountKey.from_json(files.read(path), str(path))


def stored(paths: Paths, server: str) -> list[Account]:
    """The accounts we have at the server, sorted by id."""
    directory = paths.accounts(server)
    with files.trouble(directory, "read"):
        entries = sorted(directory.iterdir()) if directory.is_dir() else []
        found = [entry.name for entry in entries if (entry / "private_key.json").exists()]
    return [_load(paths, server, name) for name in found]


def servers(paths: Paths) -> list[str]:
    """The directory URLs at which we have accounts, sorted."""
    top = paths.directories.config / "accounts"
    found = set()
    for key in top.glob("**/private_key.json") if top.is_dir() else []:
        found.add("https://" + key.parent.parent.relative_to(top).as_posix())
    return sorted(found)


def choose(paths: Paths, server: str, wanted: str | None, url: str | None = None) -> Account | None:
    """The account with that id, or with that URL, or the only one; None if there is none at the server.

    Raises UsageError when that is not decided, BadDocument when `url` belongs to no account of ours.
    """
    found = [account for account in stored(paths, server) if wanted in (None, account.id)]
    if url is not None and found:
        found = [account for account in found if account.url == url]
        if not found:
            raise BadDocument(
                f"the document is for the account {url}, which is not ours", "name the right --config-dir"
            )
    if wanted and not found:
        raise UsageError(f"no account {wanted} at {server}", "acme-account list shows those there are")
    if len(found) > 1:
        ids = ", ".join(account.id for account in found)
        raise UsageError(f"there are several accounts at {server}: {ids}", "choose one with --account")
    return found[0] if found else None


def save_key(paths: Paths, server: str, key: AccountKey) -> Account:
    """Keep the key of an account to be, before the CA hears of it."""
    directory = paths.account(server, account_id(key))
    files.make_directory(directory)
    if not (directory / "private_key.json").exists():
        files.create(directory / "private_key.json", key.to_json().encode(), 0o400)
    return Account(directory.name, server, None, {}, directory)


def save_registration(account: Account, url: str, body: dict[str, Any]) -> Account:
    """Keep what the CA said of the account."""
    meta = {
        "creation_dt": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "creation_host": os.uname().nodename,
        "register_to_eff": None,
    }
    if not (account.directory / "meta.json").exists():
        files.create(account.directory / "meta.json", json.dumps(meta).encode(), 0o644)
    files.replace(account.directory / "regr.json", json.dumps({"body": body, "uri": url}).encode(), 0o644)
    return Account(account.id, account.server, url, body, account.directory)


def account_id(key: AccountKey) -> str:
    """The id certbot gives an account: the MD5 of its public key in PEM. A name, not a proof."""
    pem = key.jwk.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.md5(pem, usedforsecurity=False).hexdigest()


def _load(paths: Paths, server: str, name: str) -> Account:
    directory = paths.account(server, name)
    try:
        registration = json.loads(files.read(directory / "regr.json"))
        return Account(name, server, str(registration["uri"]), dict(registration.get("body") or {}), directory)
    except FileTrouble:
        return Account(name, server, None, {}, directory)
    except (ValueError, KeyError, TypeError):
        raise BadDocument(
            f"{directory / 'regr.json'}: not a registration", "acme-account register writes it anew"
        ) from None
