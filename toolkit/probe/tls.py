"""Which certificate a service shows."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from toolkit.errors import ChallengeFailed, NotServed, printable
from toolkit.probe import TIMEOUT, host_and_port
from toolkit.probe.hosts import address, place

if TYPE_CHECKING:
    from ssl import SSLContext, SSLSocket

_ACME_TLS = "acme-tls/1"
_ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31"


def tls_leaf(service: str, name: str) -> bytes:
    """The leaf certificate (DER) that HOST:PORT shows for the server name. Raises NotServed.

    The chain is not verified here: the caller compares the leaf with the one it installed.
    """
    try:
        with _connect(*host_and_port(service), name, _any_certificate()) as secured:
            return secured.getpeercert(binary_form=True) or b""
    except (OSError, ValueError) as error:
        raise NotServed(f"{service} shows no certificate: {_reason(error)}") from None


def alpn_digest(name: str, port: int, resolver: str | None) -> str:
    """The digest (hex) of the tls-alpn-01 certificate that is shown for the name (RFC 8737 §3).

    Raises CannotLook when the name cannot be found, ChallengeFailed when no such certificate is shown.
    """
    context = _any_certificate()
    context.set_alpn_protocols([_ACME_TLS])
    where = place(name, port)
    try:
        with _connect(address(name, resolver), port, _server_name(name), context) as secured:
            spoken, leaf = secured.selected_alpn_protocol(), secured.getpeercert(binary_form=True) or b""
    except (OSError, ValueError) as error:
        raise ChallengeFailed(f"{where}: no {_ACME_TLS}: {_reason(error)}") from None
    if spoken != _ACME_TLS:
        raise ChallengeFailed(f"{where} does not speak {_ACME_TLS}")
    return _digest(leaf, where)


def _digest(leaf: bytes, where: str) -> str:
    from cryptography import x509

    try:
        extensions = x509.load_der_x509_certificate(leaf).extensions
        found = extensions.get_extension_for_oid(x509.ObjectIdentifier(_ACME_IDENTIFIER))
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension) as error:
        raise ChallengeFailed(f"{where} shows no certificate for tls-alpn-01: {printable(error, 200)}") from None
    value = found.value.value if isinstance(found.value, x509.UnrecognizedExtension) else b""
    # An OCTET STRING of 32 bytes: two of head, the digest behind them.
    if not found.critical or len(value) != 34 or value[:2] != b"\x04\x20":
        raise ChallengeFailed(f"{where} shows a certificate with a broken acmeIdentifier")
    return value[2:].hex()


def _server_name(name: str) -> str:
    """What stands for an address, which cannot be a server name, is the name of its reverse record (RFC 8738 §6)."""
    try:
        return ipaddress.ip_address(name).reverse_pointer
    except ValueError:
        return name


def _any_certificate() -> SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _connect(host: str, port: int, name: str, context: SSLContext) -> SSLSocket:
    plain = socket.create_connection((host, port), TIMEOUT)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def _reason(error: Exception) -> str:
    return printable(getattr(error, "strerror", None) or error, 200)
