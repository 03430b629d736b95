"""In which ways a test CA may differ from a fast and quiet one, and how Pebble is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DAY = 86400


@dataclass(frozen=True)
class Variant:
    """The defaults reject nothing, never sleep, reuse nothing and offer one profile."""

    nosleep: bool = True
    """False: each of the three validations of a challenge first sleeps 0-4 s."""
    always_valid: bool = False
    """True: every challenge is valid, and nobody is asked for proof."""
    nonce_reject: int = 0
    """Percentage of good nonces answered badNonce; 100 rejects all of them."""
    authz_reuse: int = 0
    """Percentage of valid authorizations reused in new orders (Pebble's 0 still reuses one in a hundred)."""
    retry_after: tuple[int, int] | None = None
    """Seconds in Retry-After of (authorizations, orders), sent as seconds or as a date at random."""
    alternate_roots: int = 0
    chain_length: int = 1
    """Intermediates between leaf and root, at least 1."""
    strict: bool = False
    eab: dict[str, str] | None = None
    """Key ids and base64url MAC keys, padded or not; given, every new account must be bound to one."""
    blocklist: tuple[str, ...] = ()
    """Names (and what lies below them) answered rejectedIdentifier."""
    profiles: dict[str, dict[str, Any]] | None = None
    """Name -> {description, validityPeriod (seconds), promoteCommonName}. Pebble gives an order that
    names no profile a random one, so the default is a single one."""
    validity: int = 90 * DAY
    """Seconds a certificate of the default profile is valid."""
    key_algorithm: str = "ecdsa"
    """"rsa" or "ecdsa", for root and intermediates; before 2.9 they are RSA whatever this says."""
    caa_identities: tuple[str, ...] = ()
    orders_per_page: int = 3
    dns_server: str | None = None
    """"127.0.0.1:PORT" of the DNS server that the CA asks; its own challtestsrv if None."""
    http_port: int | None = None
    """Where http-01 is validated; a free port if None."""
    tls_port: int | None = None
    """Where tls-alpn-01 is validated; a free port if None."""
    environment: dict[str, str] = field(default_factory=dict)
    """More environment for Pebble."""

    def __post_init__(self) -> None:
        if self.chain_length < 1:
            raise ValueError("chain_length must be at least 1: Pebble panics at 0")

    def config(self) -> dict[str, Any]:
        """Pebble's configuration except addresses and files. Old versions ignore keys they do not know."""
        default = {"default": {"description": "the default profile", "validityPeriod": self.validity}}
        authz, order = self.retry_after or (0, 0)
        return {
            "externalAccountBindingRequired": self.eab is not None,
            "externalAccountMACKeys": {kid: key.rstrip("=") for kid, key in (self.eab or {}).items()},
            "domainBlocklist": list(self.blocklist),
            "caaIdentities": list(self.caa_identities),
            "keyAlgorithm": self.key_algorithm,
            "profiles": self.profiles or default,
            "certificateValidityPeriod": self.validity,
            "retryAfter": {"authz": authz, "order": order},
        }

    def variables(self) -> dict[str, str]:
        """Pebble's environment variables."""
        variables = {
            "PEBBLE_VA_NOSLEEP": "1" if self.nosleep else "0",
            "PEBBLE_VA_ALWAYS_VALID": "1" if self.always_valid else "0",
            "PEBBLE_WFE_NONCEREJECT": str(self.nonce_reject),
            "PEBBLE_WFE_ORDERS_PER_PAGE": str(self.orders_per_page),
            "PEBBLE_AUTHZREUSE": str(self.authz_reuse),
            "PEBBLE_ALTERNATE_ROOTS": str(self.alternate_roots),
            "PEBBLE_CHAIN_LENGTH": str(self.chain_length),
        }
        return variables | self.environment
