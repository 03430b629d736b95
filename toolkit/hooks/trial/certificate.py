"""A certificate that nobody trusts, for deploy hooks to try their hands at."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from toolkit import keys
from toolkit.certs import Chain
from toolkit.keys import KeyType, PrivateKey

_LIFE = datetime.timedelta(days=1)


def throw_away(names: Sequence[str], now: datetime.datetime) -> tuple[Chain, PrivateKey]:
    """A leaf for the names with the issuer above it, as from a CA, and its key; the issuer's is forgotten."""
    above, key = keys.generate(KeyType()), keys.generate(KeyType())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away issuer of acme-hook test")])
    root = _unsigned(issuer, issuer, above, now, authority=True).sign(above, hashes.SHA256())
    san = x509.SubjectAlternativeName([_general(name) for name in names])
    # Names are in the extension only, as CAs have it now; then it has to be critical (RFC 5280 §4.2.1.6).
    leaf = _unsigned(x509.Name([]), issuer, key, now, authority=False).add_extension(san, critical=True)
    return Chain((leaf.sign(above, hashes.SHA256()), root)), key


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, now: datetime.datetime, *, authority: bool
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
