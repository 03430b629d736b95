"""Adds or removes one TXT value by a dynamic update (RFC 2136) signed with a shared key (RFC 8945)."""

from __future__ import annotations

import os
import sys

import dns.name
import dns.rcode
import dns.update
import place
import settings
import visible
from failure import Failure, Later
from server import ALLOW, Server

_ADVICE = {
    dns.rcode.NOTAUTH: "it is not the primary of that zone",
    dns.rcode.REFUSED: ALLOW,
    dns.rcode.NOTZONE: "the name is not in that zone; RFC2136_ZONE must be the zone that holds it",
    dns.rcode.NOTIMP: "it does not take dynamic updates",
    dns.rcode.SERVFAIL: "its log says why; may it write the zone's journal?",
}


def main(event: str) -> int:
    """Do what the event asks for; the exit status."""
    try:
        wanted = settings.read(os.environ)
        server = Server(wanted.server, wanted.key, wanted.timeout, wanted.udp)
        name = place.follow(server, wanted.record)
        zone = wanted.zone or place.find_zone(server, name)
        if not name.is_subdomain(zone):
            raise Failure(f"{place.text(name)} is not in RFC2136_ZONE={place.text(zone)}; without it the zone is found")
        send(server, zone, name, wanted, event)
        if event == "auth" and wanted.others and wanted.wait:
            visible.wait(server, wanted)
    except Failure as failure:
        sys.stderr.write(f"rfc2136: {failure}\n")
        return failure.status
    except KeyboardInterrupt:
        return 130
    return 0


def send(server: Server, zone: dns.name.Name, name: dns.name.Name, wanted: settings.Settings, event: str) -> None:
    """Add exactly this value, or delete exactly this value; the others of the name stay as they are."""
    message = dns.update.UpdateMessage(zone)
    if event == "auth":
        message.add(name, wanted.ttl, "TXT", f'"{wanted.value}"')
    else:
        message.delete(name, "TXT", f'"{wanted.value}"')
    code = server.exchange(message).rcode()
    if code == dns.rcode.NOERROR:
        return
    advice = _ADVICE.get(code, "its log says why").format(key=place.text(server.key.name))
    verb = "add" if event == "auth" else "remove"
    what = f"{server.endpoint} did not {verb} TXT {place.text(name)} in zone {place.text(zone)}"
    kind = Later if code == dns.rcode.SERVFAIL else Failure
    raise kind(f"{what} ({dns.rcode.to_text(code)}); {advice}")
