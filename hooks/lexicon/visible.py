"""Look whether a TXT value can be seen at the zone's own name servers, with dnspython, which dns-lexicon brings."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

_ANSWER = 3.0  # s
_PAUSE = 1.0  # s between two looks


def wait(name: str, value: str, servers: Sequence[str], seconds: float) -> bool | None:
    """Whether the value was seen within that time, at all servers that answer. None when nobody answers."""
    deadline = time.monotonic() + seconds
    addresses = [_given(server) for server in servers] or list(_authoritative(name))
    while True:
        found = [values for address, port in addresses if (values := _values(name, address, port)) is not None]
        if found and all(value in values for values in found):
            return True
        if time.monotonic() + _PAUSE > deadline or not addresses:
            return False if found else None
        time.sleep(_PAUSE)


def _given(server: str) -> tuple[str, int]:
    """Address and port of "ADDRESS" or "ADDRESS:PORT", an IPv6 address in brackets."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?", server)
    return (found[1] or found[2], int(found[3] or 53)) if found else (server, 53)


def _authoritative(name: str) -> Iterator[tuple[str, int]]:
    """One address of each of the zone's name servers, as far as they can be found."""
    import dns.exception
    import dns.resolver

    try:
        zone = dns.resolver.zone_for_name(name)
        servers = [record.target for record in dns.resolver.resolve(zone, "NS", lifetime=10)]
    except (dns.exception.DNSException, OSError):
        return
    for server in servers:
        try:
            yield str(dns.resolver.resolve(server, "A", lifetime=10)[0]), 53
        except (dns.exception.DNSException, OSError):
            continue


def _values(name: str, address: str, port: int) -> set[str] | None:
    """The TXT values at a name server; None for no answer. By TCP: many values fit, and nobody can forge them."""
    import dns.exception
    import dns.message
    import dns.query
    import dns.rdatatype

    query = dns.message.make_query(name, dns.rdatatype.TXT)
    try:
        answer = dns.query.tcp(query, address, _ANSWER, port)
    except (dns.exception.DNSException, OSError, EOFError, ValueError):
        return None
    texts = [record for rrset in answer.answer if rrset.rdtype == dns.rdatatype.TXT for record in rrset]
    return {b"".join(record.strings).decode("ascii", "replace") for record in texts}
