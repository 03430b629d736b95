"""Private keys that wait for their certificate, each in a file named by its public key.

A document can so name a certificate but never a key: the key is found by the certificate itself.
"""

from __future__ import annotations

from pathlib import Path

from toolkit import files, keys
from toolkit.store.paths import Paths


def save(paths: Paths, key: keys.PrivateKey) -> Path:
    """Keep the key durably; returns its path."""
    path = paths.key(keys.public_name(key))
    files.make_directory(path.parent)
    if not path.exists():
        files.create(path, keys.to_pem(key), 0o600)
    return path


def find(paths: Paths, public_name: str) -> keys.PrivateKey | None:
    """The key with that name, or None."""
    path = paths.key(public_name)
    return keys.from_pem(files.read(path), str(path)) if path.exists() else None


def forget(paths: Paths, public_name: str) -> None:
    """Remove the key, once it lies in a lineage."""
    files.remove(paths.key(public_name))
