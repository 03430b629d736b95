"""Where DNS keeps what is asked for: where CNAMEs lead, which zone a name is in, which servers answer for it.

All of it is learnt from the recursive resolver.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import ChallengeFailed, printable
from toolkit.probe import CannotLook
from toolkit.probe.resolver import Resolver
from toolkit.probe.together import together
from toolkit.waiting import Stop

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

MOST_STEPS = 10
# More servers and addresses than any zone needs; nobody makes us ask a thousand.
_MOST_SERVERS = 16
_MOST_ADDRESSES = 4


@dataclass(frozen=True)
class Zone:
    """A zone and those who answer for it; nobody does where the resolver knows of none."""

    name: str
    # By name of the server; one without an address is among them.
    servers: dict[str, tuple[str, ...]]
    # The resolver we asked is one of those who answer for the zone, by what it says.
    resolver_serves: bool = False


def follow(name: str, resolver: str | None) -> str:
    """Where the CNAMEs at the name lead, the name itself when there are none; it need not exist yet.

    Raises CannotLook when the resolver does not say, ChallengeFailed when they lead nowhere.
    """
    start = of_text(name)
    found = lead(start, Resolver(resolver))
    return name if found == start else to_text(found).lower()


def lead(start: Name, resolver: Resolver) -> Name:
    """The same with names and a resolver of dnspython's kind and ours."""
    way = [start]
    while target := alias(resolver.ask(way[-1], "CNAME"), way[-1]):
        if target in way:
            raise ChallengeFailed(f"the CNAME at {to_text(start)} leads back to {to_text(target)}", "mend the CNAME")
        way.append(target)
        if len(way) > MOST_STEPS:
            raise ChallengeFailed(
                f"more than {MOST_STEPS} CNAMEs one behind the other at {to_text(start)}",
                "let the first point to the last; CAs do not follow as many",
            )
    return way[-1]


def alias(answer: Message, name: Name) -> Name | None:
    """The target of the CNAME that the answer has at the name."""
    import dns.rdataclass
    import dns.rdatatype

    found = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
    target: Name | None = found[0].target if found else None
    return target


def enclosing(name: Name, resolver: Resolver) -> Name | None:
    """The closest zone around the name; None where the resolver knows of none. Raises CannotLook."""
    import dns.rcode
    import dns.rdatatype

    here = name
    while len(here) > 1:  # the root's servers are nobody's name servers
        answer = resolver.ask(here, "SOA")
        # A SOA among the authority of a negative answer is of the zone the name would be in (RFC 2308 §3).
        zones = [rrset.name for rrset in answer.answer + answer.authority if rrset.rdtype == dns.rdatatype.SOA]
        for zone in zones:
            if name.is_subdomain(zone):
                return zone if len(zone) > 1 else None
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return None
        here = here.parent()
    return None


def servers(zone: Name, resolver: Resolver, stop: Stop) -> Zone:
    """The zone's name servers with their addresses, a bounded number of both. Raises CannotLook."""
    import dns.flags
    import dns.rdataclass
    import dns.rdatatype

    answer = resolver.ask(zone, "NS")
    found = answer.get_rrset(answer.answer, zone, dns.rdataclass.IN, dns.rdatatype.NS)
    names = sorted({record.target for record in found})[:_MOST_SERVERS] if found else []
    asked = [(name, kind) for name in names for kind in ("A", "AAAA")]
    addresses = dict(zip(asked, together(lambda pair: _addresses(*pair, resolver), asked, stop), strict=True))
    by_name: dict[str, tuple[str, ...]] = {}
    known: set[str] = set()
    for name in names:
        mine = [*addresses[name, "A"], *addresses[name, "AAAA"]]
        new = tuple(address for address in mine if address not in known)
        known.update(new)
        if new or not mine:  # several names of one server are one server
            by_name[to_text(name)] = new
    return Zone(to_text(zone), by_name, bool(answer.flags & dns.flags.AA))


def address(host: str, resolver: Resolver) -> str:
    """An address of the host, of IPv4 where it has one. Raises CannotLook."""
    name = of_text(host)
    for kind in ("A", "AAAA"):
        for found in _records(resolver.ask(name, kind), kind):
            return found
    raise CannotLook(f"{host} has no address, says the resolver {resolver}")


def of_text(name: str) -> Name:
    """The name as dnspython has it. Raises ChallengeFailed."""
    import dns.exception
    import dns.name

    try:
        return dns.name.from_text(name)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ChallengeFailed(f"no name for DNS: {printable(name, 300)}: {printable(error, 200)}") from None


def to_text(name: Name) -> str:
    """The name without the dot at its end; what is no letter, digit or sign is escaped."""
    return name.to_text(omit_final_dot=True)


def _addresses(name: Name, kind: str, resolver: Resolver) -> list[str]:
    try:
        found = _records(resolver.ask(name, kind), kind)
    except CannotLook:
        return []
    hosts = [text for text in found if not (ipaddress.ip_address(text).is_multicast or _nowhere(text))]
    return hosts[:_MOST_ADDRESSES]


def _nowhere(text: str) -> bool:
    return ipaddress.ip_address(text).is_unspecified or text == "255.255.255.255"


def _records(answer: Message, kind: str) -> list[str]:
    import dns.rdatatype

    wanted = dns.rdatatype.from_text(kind)
    return [record.address for rrset in answer.answer if rrset.rdtype == wanted for record in rrset]
