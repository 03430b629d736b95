"""A shared key that signs DNS messages (RFC 8945), in the form of BIND's key files."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Key(NamedTuple):
    """Name, base64 secret and algorithm."""

    name: str
    secret: str
    algorithm: str = "hmac-sha256"

    @classmethod
    def make(cls, name: str = "acme-key", algorithm: str = "hmac-sha256") -> Key:
        return cls(name, base64.b64encode(os.urandom(32)).decode(), algorithm)

    def statement(self) -> str:
        """What tsig-keygen prints: the content of a key file, and a statement of named.conf."""
        return f'key "{self.name}" {{\n\talgorithm {self.algorithm};\n\tsecret "{self.secret}";\n}};\n'

    def write(self, path: Path, mode: int = 0o600) -> Path:
        """The key file, readable by its owner only unless `mode` says otherwise."""
        path.touch(mode=0o600)
        path.write_text(self.statement(), encoding="ascii")
        path.chmod(mode)
        return path
