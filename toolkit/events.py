"""What hooks are told of: a challenge to be solved, a certificate that was issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One challenge to be solved, and where it stands among those of its order."""

    type: str
    identifier: str
    wildcard: bool
    token: str
    proof: dict[str, str]
    all_identifiers: tuple[str, ...]
    remaining: int
    # Where the TXT record goes when CNAMEs lead away from the name the CA asks for; empty: nowhere else.
    target: str = ""
    # The lineage to be, and all names of the order with their wildcards, proven already or not; empty: not known.
    cert_name: str = ""
    names: tuple[str, ...] = ()

    @property
    def validation(self) -> str:
        """What must be found: the key authorization, for dns-01 the TXT value."""
        return self.proof.get("txt_value") or self.proof["key_authorization"]

    @property
    def record_name(self) -> str:
        """For dns-01 the name of the TXT record, CNAMEs followed, without a dot at its end; else empty."""
        return self.target or self.proof.get("txt_name", "")

    def as_json(self) -> dict[str, Any]:
        """The event as a hook reads it on standard input."""
        return {
            "type": self.type,
            "identifier": self.identifier,
            "wildcard": self.wildcard,
            "token": self.token,
            **self.proof,
            **({"record_name": self.record_name} if self.record_name else {}),
            "all_identifiers": list(self.all_identifiers),
            "remaining": self.remaining,
        }


@dataclass(frozen=True)
class Issued:
    """A certificate that became live, as deploy hooks are told of it; paths are absolute."""

    name: str
    names: tuple[str, ...]
    # live/NAME, which holds cert.pem, chain.pem, fullchain.pem and privkey.pem
    directory: str
    # The same four as files that no later renewal changes: cert, chain, fullchain, privkey.
    files: tuple[str, str, str, str]
    # When it was issued, in seconds since 1970.
    at: int
    server: str = ""
    email: str = ""

    def path(self, kind: str) -> str:
        """The path of cert, chain, fullchain or privkey in live/."""
        return f"{self.directory}/{kind}.pem"

    def as_json(self) -> dict[str, Any]:
        """The event as a hook reads it on standard input."""
        return {"name": self.name, "names": list(self.names), "directory": self.directory, "server": self.server}
