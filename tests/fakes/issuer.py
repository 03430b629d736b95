"""A CA in memory that turns a CSR into a chain: an honest one, or one with a single thing wrong."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.ca.certs import Authority, common_name, key_pem, pem

_HOUR, _DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
_HUGE = 10_000_000


class Issuer:
    """Root, one intermediate, and the kinds of chains it can make."""

    def __init__(self) -> None:
        self.root = Authority("Fake root")
        self.intermediate = Authority("Fake intermediate", self.root)

    def issue(self, csr: bytes, kind: str, days: float) -> bytes:
        """The PEM body a client downloads for this DER request; `days` is how long an honest leaf is valid."""
        return CHAINS[kind](self, Wanted(x509.load_der_x509_csr(csr), days))

    def leaf(self, wanted: Wanted, **changed: Any) -> bytes:
        """PEM of the leaf, as the request wants it but for what is `changed` (arguments of Authority.sign)."""
        options: dict[str, Any] = {"names": wanted.names, "valid": (-_HOUR, wanted.days * _DAY)}
        key = changed.pop("key", wanted.key)
        return pem(self.intermediate.sign(common_name(wanted.names[0][:64]), key, **options | changed))

    def chain(self, wanted: Wanted, **changed: Any) -> bytes:
        return self.leaf(wanted, **changed) + pem(self.intermediate.certificate)


class Wanted:
    """What the request asks for."""

    def __init__(self, request: x509.CertificateSigningRequest, days: float) -> None:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.names = tuple(str(name.value) for name in names)
        self.key: Any = request.public_key()
        self.days = days
        self.request = request


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _fifty(issuer: Issuer, wanted: Wanted) -> bytes:
    """Fifty intermediates, each truly signed by the next."""
    line = [issuer.root]
    for number in range(50):
        line.append(Authority(f"Fake intermediate {number}", line[-1]))
    line.reverse()
    leaf = line[0].sign(common_name(wanted.names[0][:64]), wanted.key, names=wanted.names)
    return pem(leaf) + b"".join(pem(authority.certificate) for authority in line[:-1])


def _reversed(issuer: Issuer, wanted: Wanted) -> bytes:
    return pem(issuer.intermediate.certificate) + issuer.leaf(wanted)


def _duplicate(issuer: Issuer, wanted: Wanted) -> bytes:
    leaf = issuer.leaf(wanted)
    return leaf + leaf + pem(issuer.intermediate.certificate)


def _unlinked(issuer: Issuer, wanted: Wanted) -> bytes:
    """The intermediate has the right name, and is another one."""
    return issuer.leaf(wanted) + pem(Authority("Fake intermediate", issuer.root).certificate)


def _withcsr(issuer: Issuer, wanted: Wanted) -> bytes:
    return issuer.chain(wanted) + wanted.request.public_bytes(serialization.Encoding.PEM)


def _huge(issuer: Issuer, wanted: Wanted) -> bytes:
    line = b"A" * 64 + b"\n"
    block = b"-----BEGIN CERTIFICATE-----\n" + line * (_HUGE // len(line)) + b"-----END CERTIFICATE-----\n"
    return issuer.chain(wanted) + block


Kind = Callable[[Issuer, Wanted], bytes]

CHAINS: dict[str, Kind] = {
    "good": Issuer.chain,
    "otherkey": lambda issuer, wanted: issuer.chain(wanted, key=_new_key().public_key()),
    "otherdomain": lambda issuer, wanted: issuer.chain(wanted, names=("other.invalid",)),
    "extradomain": lambda issuer, wanted: issuer.chain(wanted, names=(*wanted.names, "other.invalid")),
    "cnonly": lambda issuer, wanted: issuer.chain(wanted, names=()),
    "expired": lambda issuer, wanted: issuer.chain(wanted, valid=(-90 * _DAY, -_DAY)),
    "notyet": lambda issuer, wanted: issuer.chain(wanted, valid=(_DAY, 90 * _DAY)),
    "century": lambda issuer, wanted: issuer.chain(wanted, valid=(-_HOUR, 36525 * _DAY)),
    "ca_leaf": lambda issuer, wanted: issuer.chain(wanted, authority=True),
    "reversed": _reversed,
    "leafonly": Issuer.leaf,
    "duplicate": _duplicate,
    "withroot": lambda issuer, wanted: issuer.chain(wanted) + pem(issuer.root.certificate),
    "unlinked": _unlinked,
    "fifty": _fifty,
    "withkey": lambda issuer, wanted: issuer.chain(wanted) + key_pem(_new_key()),
    "keyfirst": lambda issuer, wanted: key_pem(_new_key()) + issuer.chain(wanted),
    "withcsr": _withcsr,
    "text": lambda issuer, wanted: b"subject=/CN=a text before the block\n" + issuer.chain(wanted),
    "huge": _huge,
    "garbage": lambda issuer, wanted: issuer.leaf(wanted).replace(b"MII", b"AAA", 1),
    "empty": lambda _issuer, _wanted: b"",
}
