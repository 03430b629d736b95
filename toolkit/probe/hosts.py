"""Where a host is: by the resolver that was named, else as the system does it."""

from __future__ import annotations

import ipaddress
import socket

from toolkit.errors import printable
from toolkit.probe import CannotLook


def address(host: str, resolver: str | None) -> str:
    """An address of the host, itself when it is one. Raises CannotLook."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if resolver:
        from toolkit.probe import zone
        from toolkit.probe.resolver import Resolver

        return zone.address(host, Resolver(resolver))
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise CannotLook(f"{host}: {printable(getattr(error, 'strerror', None) or error, 200)}") from None


def place(host: str, port: int) -> str:
    """HOST:PORT as it is written in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
