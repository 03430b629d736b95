"""Waiting until the name servers of the zones have the values: for clients that do not look by themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import place
from failure import Failure, Later
from server import addresses
from settings import DNS_PORT, Endpoint

if TYPE_CHECKING:
    import dns.name
    from server import Server
    from settings import Settings

_PAUSE = 1.0  # s between two looks at a server that lags
_ANSWER = 3.0  # s for one answer
_LEAST = 0.2


def wait(server: Server, wanted: Settings) -> None:
    """Return when each name server has every value that the updated server has at the order's records.

    Called once, by the last auth of an order, for all of them. Later when that took longer than RFC2136_WAIT.
    """
    deadline = time.monotonic() + wanted.wait
    for name, zone in _places(server, wanted):
        values = _values(server.ask(name, "TXT"))
        lacking = list(wanted.nameservers) or nameservers(server, zone)
        while lacking := [host for host in lacking if not has(host, name, values, deadline)]:
            if time.monotonic() + _PAUSE > deadline:
                hosts = ", ".join(str(host) for host in lacking)
                raise Later(
                    f"after {wanted.wait:g} s these name servers still lack {place.text(name)}: {hosts}; "
                    "do they get the zone's changes? RFC2136_WAIT allows more time"
                )
            time.sleep(_PAUSE)


def nameservers(server: Server, zone: dns.name.Name, port: int = DNS_PORT) -> list[Endpoint]:
    """The addresses of the zone's name servers: as the server itself knows them, else as the system does."""
    found = []
    for item in server.ask(zone, "NS").answer:
        for record in item if item.rdtype == dns.rdatatype.NS else ():
            known = [address for kind in ("A", "AAAA") for address in _addresses(server, record.target, kind)]
            host = Endpoint(place.text(record.target), port)
            found += [Endpoint(address, port) for address in known or addresses(host)]
    if not found:
        raise Failure(f"{server.endpoint} has no NS records of {place.text(zone)}; give RFC2136_NAMESERVERS")
    return list(dict.fromkeys(found))


def has(host: Endpoint, name: dns.name.Name, values: set[bytes], deadline: float) -> bool:
    """Whether the host has at least these values, by each of its addresses."""
    patience = min(_ANSWER, max(deadline - time.monotonic(), _LEAST))
    query = dns.message.make_query(name, "TXT")
    query.flags &= ~dns.flags.RD
    try:
        answers = [dns.query.udp_with_fallback(query, at, patience, host.port)[0] for at in addresses(host)]
    except (OSError, EOFError, ValueError, dns.exception.DNSException):
        return False
    return all(values <= _values(answer) for answer in answers)


def _places(server: Server, wanted: Settings) -> list[tuple[dns.name.Name, dns.name.Name]]:
    """Name and zone of each of the order's records that this server holds."""
    found = []
    for record in wanted.others:
        try:
            name = place.follow(server, record)
            found.append((name, wanted.zone or place.find_zone(server, name)))
        except Failure:
            if record == wanted.record:
                raise
    return found


def _values(answer: dns.message.Message) -> set[bytes]:
    items = [record for item in answer.answer if item.rdtype == dns.rdatatype.TXT for record in item]
    return {b"".join(record.strings) for record in items}


def _addresses(server: Server, name: dns.name.Name, kind: str) -> list[str]:
    wanted = dns.rdatatype.from_text(kind)
    return [record.address for item in server.ask(name, kind).answer if item.rdtype == wanted for record in item]
