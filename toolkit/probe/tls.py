"""Which certificate a service shows."""

from __future__ import annotations

import socket

from toolkit.errors import NotServed, printable
from toolkit.probe import TIMEOUT, host_and_port


def tls_leaf(address: str, name: str) -> bytes:
    """The leaf certificate (DER) that HOST:PORT shows for the server name. Raises NotServed.

    The chain is not verified here: the caller compares the leaf with the one it installed.
    """
    import ssl

    host, port = host_and_port(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            return secured.getpeercert(binary_form=True) or b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotServed(f"{address} shows no certificate: {printable(reason, 200)}") from None
