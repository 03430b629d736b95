"""Private keys and signing requests: making, reading, naming. Nothing here touches a file."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from toolkit import names as naming
from toolkit.errors import BadCertificate, UsageError, printable

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_LONGEST_CSR = 256 * 1024
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
}


@dataclass(frozen=True)
class KeyType:
    """A kind of key by certbot's words: `ecdsa` with a curve, or `rsa` with a size in bits."""

    kind: str = "ecdsa"
    curve: str = "secp256r1"
    bits: int = 2048

    def __str__(self) -> str:
        return f"ecdsa-{self.curve}" if self.kind == "ecdsa" else f"rsa-{self.bits}"


def generate(key_type: KeyType) -> PrivateKey:
    """A new private key. Raises UsageError for a type no CA takes."""
    if key_type.kind == "rsa" and 2048 <= key_type.bits <= 8192:
        return rsa.generate_private_key(65537, key_type.bits)
    if key_type.kind == "ecdsa" and key_type.curve in _CURVES:
        return ec.generate_private_key(_CURVES[key_type.curve]())
    raise UsageError(f"no key of type {key_type}", "use rsa of 2048 to 8192 bits, or ecdsa on " + ", ".join(_CURVES))


def type_of(key: PrivateKey) -> KeyType:
    """The type a key has."""
    if isinstance(key, rsa.RSAPrivateKey):
        return KeyType("rsa", bits=key.key_size)
    return KeyType("ecdsa", curve=key.curve.name)


def to_pem(key: PrivateKey) -> bytes:
    """The key as unencrypted PKCS#8 PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_pem(pem: bytes, where: str) -> PrivateKey:
    """The private key in a PEM text; `where` names it in messages. Raises BadCertificate."""
    try:
        # The validation that is left out costs 36 ms for RSA 2048, and only guards against keys that
        # somebody made wrong on purpose; these are the user's own.
        key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError) as error:
        raise BadCertificate(f"{where}: not an unencrypted private key in PEM: {printable(error, 200)}") from None
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise BadCertificate(f"{where}: not an RSA or ECDSA key")
    return key


def public_name(key: PrivateKey | x509.Certificate | x509.CertificateSigningRequest) -> str:
    """The SHA-256 of the public key (SubjectPublicKeyInfo, DER) in hex: the name a key has in the store."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def make_csr(key: PrivateKey, names: list[str]) -> str:
    """A signing request in PEM for the names, all in the SAN extension and none in the subject."""
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
    digest = hashes.SHA384() if type_of(key).curve == "secp384r1" else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(Encoding.PEM).decode()


def read_csr(data: bytes, where: str) -> tuple[str, list[str]]:
    """A signing request in PEM or DER as (PEM, identifiers of its SAN extension). Raises UsageError."""
    if len(data) > _LONGEST_CSR:
        raise UsageError(f"{where}: too large for a signing request")
    try:
        is_pem = b"-----BEGIN" in data
        csr = x509.load_pem_x509_csr(data) if is_pem else x509.load_der_x509_csr(data)
        signed = csr.is_signature_valid
        extension = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(n) for n in extension.get_values_for_type(x509.DNSName)]
        names += [str(a) for a in extension.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        raise UsageError(f"{where}: the signing request has no subject alternative names") from None
    except (ValueError, TypeError, InvalidSignature):
        raise UsageError(f"{where}: not a signing request in PEM or DER", "openssl req -text -in shows one") from None
    if not signed:
        raise UsageError(f"{where}: the signature of the signing request does not verify")
    return csr.public_bytes(Encoding.PEM).decode(), naming.identifiers(names)


def csr_der(pem: str) -> bytes:
    """The DER form of a PEM signing request, as finalize sends it (RFC 8555 §7.4)."""
    return x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER)


def csr_public_name(pem: str) -> str:
    """The store's name of the key a signing request is for."""
    return public_name(x509.load_pem_x509_csr(pem.encode()))


def _general_name(name: str) -> x509.GeneralName:
    if naming.acme_identifier(name)["type"] == "ip":
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)
