"""What may become live: the check of a certificate chain before anything is stored."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from toolkit import keys
from toolkit.errors import BadCertificate, printable

_LONGEST_PEM = 256 * 1024
_MOST_CERTIFICATES = 10
_BLOCK = re.compile(r"(-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----)", re.ASCII)


@dataclass(frozen=True)
class Chain:
    """Certificates as the CA sent them: the leaf first, each signed by the next."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        return self.certificates[0]

    @property
    def names(self) -> list[str]:
        """The identifiers of the leaf, sorted."""
        return sorted(_names(self.leaf))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf in lower-case hex."""
        return self.leaf.fingerprint(hashes.SHA256()).hex()

    def pem(self, start: int = 0, end: int | None = None) -> str:
        """The certificates from `start` to before `end` in PEM, in order."""
        return "".join(c.public_bytes(Encoding.PEM).decode() for c in self.certificates[start:end])

    def facts(self) -> dict[str, Any]:
        """What an order document says of the certificate beside its URL (man acme-order-document)."""
        return {
            "chain": self.pem(),
            "not_before": timestamp(self.leaf.not_valid_before_utc),
            "not_after": timestamp(self.leaf.not_valid_after_utc),
            "serial": f"{self.leaf.serial_number:x}",
            "fingerprint_sha256": self.fingerprint,
            "names": self.names,
        }


def fingerprint(der: bytes) -> str:
    """The SHA-256 of a certificate in DER, in lower-case hex."""
    return hashlib.sha256(der).hexdigest()


def timestamp(moment: datetime.datetime) -> str:
    """A moment as RFC 3339 in UTC, to the second."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_chain(text: str) -> Chain:
    """The certificates of a PEM text that holds nothing else (RFC 8555 §9.1). Raises BadCertificate."""
    if len(text) > _LONGEST_PEM:
        raise BadCertificate(f"the certificate chain is longer than {_LONGEST_PEM} bytes")
    blocks = _BLOCK.findall(text)
    if not blocks or _BLOCK.sub("", text).strip():
        raise BadCertificate("the certificate chain holds something else than certificates")
    if len(blocks) > _MOST_CERTIFICATES:
        raise BadCertificate(f"the certificate chain has {len(blocks)} certificates, more than {_MOST_CERTIFICATES}")
    try:
        return Chain(tuple(x509.load_pem_x509_certificate(block.encode()) for block in blocks))
    except ValueError as error:
        raise BadCertificate(f"the certificate chain cannot be read: {printable(error, 200)}") from None


def check_chain(chain: Chain, ordered: list[str], key_name: str, now: datetime.datetime) -> None:
    """Raise BadCertificate unless the chain may become live.

    Leaf first, every link verified, no CA as leaf, the leaf's key named `key_name` (keys.public_name),
    its names those ordered, and `now` within its validity.
    """
    leaf = chain.leaf
    if keys.public_name(leaf) != key_name:
        raise BadCertificate("the certificate is for another key than the one of the signing request")
    if _names(leaf) != set(ordered):
        difference = " ".join(sorted(_names(leaf) ^ set(ordered)))
        raise BadCertificate(
            f"the certificate is not for the names ordered; the difference: {printable(difference, 500)}"
        )
    if _is_authority(leaf):
        raise BadCertificate("the certificate is one of a CA, not of a server")
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise BadCertificate(
            f"the certificate is valid from {timestamp(leaf.not_valid_before_utc)} to "
            f"{timestamp(leaf.not_valid_after_utc)}, and it is {timestamp(now)} here",
            "look at this machine's clock",
        )
    _check_links(chain)


def _check_links(chain: Chain) -> None:
    for issued, issuer in zip(chain.certificates, chain.certificates[1:], strict=False):
        try:
            issued.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            raise BadCertificate(
                f"the chain is broken: {printable(issued.subject.rfc4514_string() or 'the leaf', 200)} is not "
                f"signed by {printable(issuer.subject.rfc4514_string(), 200)}"
            ) from None


def issuer(leaf: x509.Certificate) -> str:
    """The common name of the issuer, or all of its name where it has none."""
    found = leaf.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return printable(found[0].value if found else leaf.issuer.rfc4514_string(), 200)


def key_name(leaf: x509.Certificate) -> str:
    """The kind of the certificate's key, as in `ecdsa secp256r1` and `rsa 2048`."""
    key = leaf.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ecdsa {key.curve.name}"
    return f"rsa {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__


def _names(leaf: x509.Certificate) -> set[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return set()
    dns = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    return dns | {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def _is_authority(leaf: x509.Certificate) -> bool:
    try:
        return leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
