"""What DNS says of a name."""

from __future__ import annotations

from typing import Any

from toolkit.errors import printable
from toolkit.probe import TIMEOUT, CannotLook, host_and_port


def txt_values(name: str, resolver: str | None) -> set[str]:
    """The TXT values at the name, CNAMEs followed; empty if there are none. Raises CannotLook."""
    import dns.exception
    import dns.resolver

    try:
        found = _resolver(resolver).resolve(name, "TXT", lifetime=TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except (dns.exception.DNSException, OSError) as error:
        raise CannotLook(f"TXT {name}: {printable(error, 300)}") from None
    return {b"".join(record.strings).decode("ascii", "replace") for record in found}


def address(host: str, resolver: str) -> str:
    """An IPv4 address of the host. Raises CannotLook."""
    import dns.exception

    try:
        return str(next(iter(_resolver(resolver).resolve(host, "A", lifetime=TIMEOUT))))
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
