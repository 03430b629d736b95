"""Where a record is to be written: behind CNAMEs, and in which zone of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
from failure import Failure, Later

if TYPE_CHECKING:
    import dns.message
    from server import Server

_LONGEST = 8  # CNAMEs in a row


def follow(server: Server, record: dns.name.Name) -> dns.name.Name:
    """The name at the end of the CNAMEs that the server knows. A TXT beside a CNAME is silently not added."""
    for _ in range(_LONGEST):
        answer = server.ask(record, "CNAME")
        target = next((item[0].target for item in answer.answer if item.rdtype == dns.rdatatype.CNAME), None)
        if target is None:
            return record
        record = target
    raise Failure(f"{text(record)}: more than {_LONGEST} CNAMEs in a row")


def find_zone(server: Server, record: dns.name.Name) -> dns.name.Name:
    """The zone of the server that the record is in; asked from the record upwards."""
    candidate = record
    while candidate != dns.name.root:
        answer = server.ask(candidate, "SOA")
        code = answer.rcode()
        if code == dns.rcode.SERVFAIL:
            raise Later(f"{server.endpoint} fails on {text(candidate)} (SERVFAIL); is its zone loaded? its log says")
        if code in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return _zone(server, record, answer)
        candidate = candidate.parent()
    raise Failure(
        f"{server.endpoint} serves no zone of {text(record)} ({dns.rcode.to_text(code)}); "
        "is RFC2136_SERVER the primary of that zone?"
    )


def _zone(server: Server, record: dns.name.Name, answer: dns.message.Message) -> dns.name.Name:
    """The owner of the SOA, which stands among the answers or, for a name within the zone, beside them."""
    if answer.flags & dns.flags.AA:
        for item in (*answer.answer, *answer.authority):
            if item.rdtype == dns.rdatatype.SOA and record.is_subdomain(item.name):
                return item.name
    raise Failure(
        f"{server.endpoint} is no authority for {text(record)}, which is served elsewhere; "
        "give the primary of its zone as RFC2136_SERVER"
    )


def text(name: dns.name.Name) -> str:
    """As people write it."""
    return name.to_text(omit_final_dot=True)
