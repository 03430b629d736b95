"""The recursive DNS server: it knows where things are. What is there is asked of those who answer for it."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from toolkit.errors import printable
from toolkit.probe import TIMEOUT, CannotLook, host_and_port
from toolkit.probe.exchange import NoAnswer, Place, ask

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

_MOST = 3
_SHORTEST = 2.0


class Resolver:
    """The server at ADDRESS[:PORT], or those of the system when none is named. Raises CannotLook, UsageError."""

    def __init__(self, named: str | None) -> None:
        self.named = (_place(named),) if named else ()
        self.places = self.named or _of_the_system()

    def __str__(self) -> str:
        return " and ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.places)

    def ask(self, name: Name, kind: str) -> Message:
        """What the first of them answers that neither refuses nor fails. Raises CannotLook."""
        import dns.rcode

        reasons = []
        for place in self.places:
            try:
                answer = ask(place, name, kind, max(_SHORTEST, TIMEOUT / len(self.places)), recurse=True)
            except NoAnswer as error:
                reasons.append(str(error))
                continue
            if answer.rcode() not in (dns.rcode.SERVFAIL, dns.rcode.REFUSED):
                return answer
            reasons.append(dns.rcode.to_text(answer.rcode()))
        what = printable(name.to_text(omit_final_dot=True), 300)
        raise CannotLook(f"{kind} {what}: the resolver {self}: {', '.join(dict.fromkeys(reasons))}")


def _place(text: str) -> Place:
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))), 53
    except ValueError:
        host, port = host_and_port(text) if ":" in text else (text, 53)
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][0]), port
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotLook(f"the resolver {printable(host, 260)}: {printable(reason, 200)}") from None


def _of_the_system() -> tuple[Place, ...]:
    import dns.exception
    import dns.resolver

    try:
        found = dns.resolver.Resolver()
    except dns.exception.DNSException as error:
        raise CannotLook(printable(error, 200)) from None
    return tuple((str(server), found.port) for server in found.nameservers)[:_MOST]
