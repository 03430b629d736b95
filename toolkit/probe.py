"""Looks from outside: what a web server answers, which certificate a service shows, what DNS says.

Looks only: nothing is sent but the question, and whatever comes back is bounded and not believed.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from toolkit.errors import ChallengeFailed, NotServed, UsageError, printable

_TIMEOUT = 5.0
_LONGEST_BODY = 8192


class CannotLook(Exception):
    """The look itself failed, which says nothing about the thing looked at."""


def http_body(host: str, port: int, path: str, resolver: str | None) -> bytes:
    """What an http server of that name answers for the path; raises CannotLook, or ChallengeFailed if it is no 200."""
    import http.client

    connection = http.client.HTTPConnection(_address(host, resolver), port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path, headers={"Host": host if port == 80 else f"{host}:{port}"})
        response = connection.getresponse()
        body = response.read(_LONGEST_BODY)
    except (OSError, http.client.HTTPException) as error:
        raise ChallengeFailed(f"http://{host}:{port}{path}: {printable(error, 200)}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise ChallengeFailed(f"http://{host}:{port}{path}: status {response.status}")
    return body


def txt_values(name: str, resolver: str | None) -> set[str]:
    """The TXT values at the name, CNAMEs followed; empty if there are none. Raises CannotLook."""
    import dns.exception
    import dns.resolver

    try:
        found = _resolver(resolver).resolve(name, "TXT", lifetime=_TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except (dns.exception.DNSException, OSError) as error:
        raise CannotLook(f"TXT {name}: {printable(error, 300)}") from None
    return {b"".join(record.strings).decode("ascii", "replace") for record in found}


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
            socket.create_connection((host, port), _TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            return secured.getpeercert(binary_form=True) or b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotServed(f"{address} shows no certificate: {printable(reason, 200)}") from None


def host_and_port(text: str) -> tuple[str, int]:
    """HOST:PORT or [IPV6]:PORT as a pair. Raises UsageError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"not HOST:PORT: {printable(text, 200)}")
    return host, int(port)


def _address(host: str, resolver: str | None) -> str:
    """An address of the host: by the resolver if one was named, else as the system does it."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not resolver:
        try:
            return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
        except OSError as error:
            raise CannotLook(f"{host}: {printable(error.strerror or error, 200)}") from None
    import dns.exception

    try:
        return str(next(iter(_resolver(resolver).resolve(host, "A", lifetime=_TIMEOUT))))
    except (dns.exception.DNSException, OSError) as error:
        raise CannotLook(f"{host}: {printable(error, 200)}") from None


def _resolver(address: str | None) -> Any:
    import dns.exception
    import dns.resolver

    try:
        found = dns.resolver.Resolver(configure=address is None)
    except dns.exception.DNSException as error:
        raise CannotLook(printable(error, 200)) from None
    if address:
        host, port = host_and_port(address) if ":" in address else (address, 53)
        found.nameservers, found.port = [host], port
    return found
