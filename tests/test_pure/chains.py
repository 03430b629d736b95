"""Small certificate chains, as a CA would send them and as it must not."""

from __future__ import annotations

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

NOW = datetime.datetime(2030, 6, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def certificate(subject, key, issuer, issuer_key, *, names=(), ca=False, start=NOW - DAY, end=NOW + 89 * DAY):
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)] if subject else []))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates):
    return "".join(c.public_bytes(Encoding.PEM).decode() for c in certificates)


class Authority:
    """A root, an intermediate, and what they sign."""

    def __init__(self):
        self.root_key, self.key = new_key(), new_key()
        long = {"ca": True, "start": NOW - 999 * DAY, "end": NOW + 999 * DAY}
        self.root = certificate("root", self.root_key, "root", self.root_key, **long)
        self.intermediate = certificate("middle", self.key, "root", self.root_key, **long)

    def leaf(self, key, names, **changes):
        return certificate("", key, "middle", self.key, names=names, **changes)


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
