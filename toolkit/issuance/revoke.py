"""What acme-revoke does: certificates are revoked, by an account or by their own keys (RFC 8555 §7.6)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from toolkit import certs, config, files, keys
from toolkit.ca import revocation
from toolkit.ca.jws import AccountKey
from toolkit.ca.session import Session
from toolkit.errors import Interrupted, ToolkitError, UsageError
from toolkit.issuance.context import Context
from toolkit.lock import exclusive
from toolkit.store import changes, lineages

_LONGEST = 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """Which certificates, and why: lineages, or one file, with the certificate's own key or without."""

    lineages: tuple[str, ...] = ()
    cert: Path | None = None
    key: Path | None = None
    reason: str = "unspecified"
    delete: bool = False

    def __post_init__(self) -> None:
        if self.key and not self.cert:
            raise UsageError("--key without --cert", "name the certificate of that key with --cert")
        if bool(self.lineages) == bool(self.cert):
            what = "lineages and --cert at once" if self.cert else "nothing to revoke"
            raise UsageError(what, "name lineages, or a certificate with --cert")
        if self.delete and self.cert:
            raise UsageError("--delete-after-revoke with --cert", "it deletes lineages; name those")


def revoke(context: Context, asked: Asked, failed: Callable[[ToolkitError, str], None]) -> Iterator[dict[str, Any]]:
    """Revoke one after the other, and say of each what became of it; one that fails does not keep the others."""
    for name in asked.lineages or (str(asked.cert),):
        try:
            with _held(context, name) if asked.lineages else contextlib.nullcontext():
                if asked.delete:
                    context.keep_certbot_out()
                    lineages.current(context.paths, name)  # one that we may not delete is told before it is revoked
                found = _revoke(context, asked, name)
                if asked.delete:
                    found |= _delete(context, name, failed)
                yield found
        except Interrupted:
            raise
        except ToolkitError as error:
            failed(error, name)
            yield {"name": name, "status": "failed", "error": error.document()}


def _held(context: Context, name: str) -> contextlib.AbstractContextManager[None]:
    return exclusive(context.paths.lineage_lock(name), f"the lineage {name}", context.lock_timeout, context.stop)


def _revoke(context: Context, asked: Asked, name: str) -> dict[str, Any]:
    chain = _chain(context, asked, name)
    session = _session(context, asked, name, chain)
    der = chain.leaf.public_bytes(Encoding.DER)
    with_key = asked.key is not None
    is_new = revocation.revoke(session, der, asked.reason, context.deadline(), with_key=with_key)
    context.say(f"{name}: revoked" if is_new else f"{name}: was revoked already")
    serial = f"{chain.leaf.serial_number:x}"
    return {"name": name, "serial": serial, "status": "revoked", "already": not is_new}


def _delete(context: Context, name: str, failed: Callable[[ToolkitError, str], None]) -> dict[str, Any]:
    try:
        changes.delete(context.paths, name)
    except ToolkitError as error:
        failed(error, name)
        return {"deleted": False, "error": error.document()}
    return {"deleted": True}


def _chain(context: Context, asked: Asked, name: str) -> certs.Chain:
    path = asked.cert or context.paths.live(name) / "cert.pem"
    if asked.cert is None and not path.parent.is_dir():
        raise UsageError(f"no certificate is live as {name}", "acme-cert list shows those there are")
    return certs.read_chain(files.read(path, _LONGEST).decode("ascii", "replace"))


def _session(context: Context, asked: Asked, name: str, chain: certs.Chain) -> Session:
    """The conversation with the CA, and who signs it."""
    if asked.key:
        key = keys.from_pem(files.read(asked.key, _LONGEST), str(asked.key))
        if keys.public_name(key) != keys.public_name(chain.leaf):
            raise UsageError(f"{asked.key} is not the key of {asked.cert}")
        session = context.unregistered()
        session.key = AccountKey.of(key, str(asked.key))
        return session
    settings = config.read_settings(context.paths.settings(name)) if not asked.cert else None
    server, account = ((settings or {}).get(key) for key in ("server", "account"))
    return context.known(server if isinstance(server, str) else None, account if isinstance(account, str) else None)[0]
