"""A test root, and the certificate with which test servers on the loopback addresses speak TLS."""

from __future__ import annotations

import datetime
import ipaddress
import os
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SOON = (-datetime.timedelta(hours=1), datetime.timedelta(days=2))


class Listener(NamedTuple):
    """What a TLS server of the tests needs; `root` is what its clients must trust."""

    root: Path
    cert: Path
    key: Path


class Authority:
    """A key with its certificate, to sign others with; self-signed unless another one stands above it."""

    def __init__(self, name: str, above: Authority | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = common_name(name)
        issuer = above or self
        self.certificate = issuer.sign(self.name, self.key.public_key(), authority=True)

    def sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        names: tuple[str, ...] = (),
        valid: tuple[datetime.timedelta, datetime.timedelta] = _SOON,
        authority: bool = False,
    ) -> x509.Certificate:
        """A certificate for `key`. `valid` is from when to when, counted from now."""
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + valid[0])
            .not_valid_after(now + valid[1])
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(_usage(authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )
        if subject != self.name:
            own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            made = made.add_extension(own, critical=False)
        if names:
            server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
            made = made.add_extension(alternative_names(names), critical=False).add_extension(server, critical=False)
        return made.sign(self.key, hashes.SHA256())


def listener(
    directory: Path,
    names: tuple[str, ...] = LOOPBACK,
    valid: tuple[datetime.timedelta, datetime.timedelta] = _SOON,
) -> Listener:
    """A new root, and a certificate for `names` below it, as PEM files in `directory`."""
    root = Authority(f"Test root {os.urandom(4).hex()}")
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = root.sign(common_name(names[0]), key.public_key(), names=names, valid=valid)
    made = Listener(directory / "root.pem", directory / "listener.pem", directory / "listener.key")
    made.root.write_bytes(pem(root.certificate))
    made.cert.write_bytes(pem(leaf))
    made.key.touch(mode=0o600)
    made.key.write_bytes(key_pem(key))
    return made


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def alternative_names(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    """DNS names and IP addresses, told apart by how they look."""
    general: list[x509.GeneralName] = []
    for name in names:
        try:
            general.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(general)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
