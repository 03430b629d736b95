"""What BIND, Knot and PowerDNS have in common: an address, zones, and answers."""

from __future__ import annotations

import ipaddress
import textwrap
from typing import TYPE_CHECKING, Self

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.ca.ports import Block
    from tests.servers.daemon import Daemon

_ANSWER = 2.0  # s for one answer


class NameServer:
    """A running DNS server. It ends, and its directory goes, at the end of the `with`."""

    def __init__(self, daemon: Daemon, addresses: Sequence[str], port: int, block: Block | None) -> None:
        self.daemon = daemon
        self.addresses = tuple(addresses)
        self.address = addresses[0]
        self.port = port
        self._block = block

    @property
    def where(self) -> str:
        """Address and port, as in 127.0.0.1:PORT or [::1]:PORT."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def home(self) -> Path:
        return self.daemon.home

    @property
    def log(self) -> str:
        """What the server logged so far."""
        return self.daemon.log.read_text(encoding="utf-8", errors="replace")

    def ask(self, name: str, kind: str, address: str | None = None, *, tcp: bool = True) -> dns.message.Message:
        """The server's answer; dns.exception.DNSException, OSError or EOFError for none."""
        query = dns.message.make_query(name, kind)
        query.flags &= ~dns.flags.RD
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, address or self.address, timeout=_ANSWER, port=self.port)

    def txt(self, name: str, address: str | None = None) -> list[str]:
        """The TXT values of `name`, sorted; LookupError when the server answers with an error."""
        answer = self.ask(name, "TXT", address)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise LookupError(f"{self.where}: {name}: {dns.rcode.to_text(answer.rcode())}")
        values = [
            b"".join(record.strings).decode("ascii", "replace")
            for rrset in answer.answer
            if rrset.rdtype == dns.rdatatype.TXT
            for record in rrset
        ]
        return sorted(values)

    def answers(self, name: str) -> bool:
        """Whether it serves the zone at every address, by UDP and by TCP."""
        try:
            return all(
                self.ask(name, "SOA", address, tcp=tcp).rcode() == dns.rcode.NOERROR
                for address in self.addresses
                for tcp in (True, False)
            )
        except (OSError, EOFError, dns.exception.DNSException):
            return False

    def pause(self) -> None:
        """End the process and keep its directory and port: nobody answers there any more."""
        self.daemon.end()

    def stop(self) -> None:
        """End it, twice is no error."""
        self.daemon.stop()
        if self._block:
            self._block.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def zone_text(name: str, records: str, addresses: Sequence[str]) -> str:
    """A master file: what is given, below a SOA and name servers ns1, ns2... at `addresses` unless it has a SOA.

    Lines have owner, type and data; ORIGIN and a TTL of a minute are set. What all lines are indented by goes.
    """
    records = textwrap.dedent(records)
    head = f"$ORIGIN {name.rstrip('.')}.\n$TTL 60\n"
    if " SOA " in records:
        return f"{head}{records}\n"
    servers = [f"@ NS ns{n}\nns{n} {_kind(address)} {address}\n" for n, address in enumerate(addresses, 1)]
    return f"{head}@ SOA ns1 hostmaster 1 3600 600 86400 60\n{''.join(servers)}{records}\n"


def _kind(address: str) -> str:
    return "AAAA" if ipaddress.ip_address(address).version == 6 else "A"
