"""Every path of the store is built here, from names that were checked."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from toolkit import names as naming
from toolkit.config import Directories
from toolkit.errors import BadDocument, UsageError, printable

_ACCOUNT = re.compile(r"[0-9a-zA-Z_-]{1,64}\Z")
_KEY = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Paths:
    """The store's paths below its two directories."""

    directories: Directories

    def accounts(self, server: str) -> Path:
        """accounts/HOST[:PORT]/PATH, as certbot names it."""
        parts = urlsplit(server)
        pieces = [parts.netloc, *parts.path.strip("/").split("/")]
        if not parts.netloc or any(piece in (".", "..") or "\0" in piece for piece in pieces):
            raise UsageError(f"not the URL of an ACME directory: {printable(server, 300)}")
        return self.directories.config.joinpath("accounts", *filter(None, pieces))

    def account(self, server: str, account_id: str) -> Path:
        if not _ACCOUNT.match(account_id):
            raise UsageError(f"not the id of an account: {printable(account_id, 100)!r}")
        return self.accounts(server) / account_id

    def account_lock(self, server: str) -> Path:
        return self.accounts(server) / ".lock"

    def key(self, public_name: str) -> Path:
        """Where a private key waits until its certificate is installed."""
        if not _KEY.match(public_name):
            raise BadDocument(f"not the name of a key: {printable(public_name, 100)!r}")
        return self.directories.config / "keys" / f"{public_name}.pem"

    def archive(self, lineage: str) -> Path:
        return self.directories.config / "archive" / naming.lineage(lineage)

    def live(self, lineage: str) -> Path:
        return self.directories.config / "live" / naming.lineage(lineage)

    def generation(self, lineage: str, number: int) -> Path:
        """The directory of links that live/NAME points to while this generation is live."""
        return self.directories.config / "live" / f".{naming.lineage(lineage)}.{number}"

    def lineage_lock(self, lineage: str) -> Path:
        return self.directories.config / "live" / f".{naming.lineage(lineage)}.lock"

    def settings(self, lineage: str) -> Path:
        return self.directories.config / "renewal" / f"{naming.lineage(lineage)}.yaml"

    def ledger(self, lineage: str) -> Path:
        return self.directories.work / "deploy" / f"{naming.lineage(lineage)}.json"

    def attempts(self, lineage: str) -> Path:
        return self.directories.work / "renewal" / f"{naming.lineage(lineage)}.json"

    def idle(self) -> Path:
        return self.directories.work / "renewal" / ".idle"

    def renewal_lock(self, lineage: str) -> Path:
        """Held while a lineage is renewed, from the order to the deployment."""
        return self.directories.work / "renewal" / f".{naming.lineage(lineage)}.lock"

    def hooks(self) -> Path:
        return self.directories.config / "hooks"

    def renewal_hooks(self, event: str) -> Path:
        return self.directories.config / "renewal-hooks" / event

    def hook_state(self, name: str, identity: str) -> Path:
        """A directory of the hook's own, the same for every run with that hook."""
        return self.directories.work / "hooks" / _file_name(name, identity)

    def hook_lock(self, name: str, identity: str) -> Path:
        return self.directories.work / "hooks" / f".{_file_name(name, identity)}.lock"

    def hook_findings(self, name: str, identity: str) -> Path:
        """What a test of the hook has found out."""
        return self.directories.work / "hooks" / f".{_file_name(name, identity)}.json"

    def journal(self) -> Path:
        return self.directories.work / "journal"

    def sweep_lock(self) -> Path:
        return self.directories.work / ".sweep.lock"


def _file_name(name: str, identity: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", name)[-40:].strip("-.") or "hook"
    return f"{readable}-{hashlib.sha256(identity.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
