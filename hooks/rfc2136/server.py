"""The server that takes the updates: one signed message to it, one signed answer, or a Failure that says why not."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.tsig
import wire
from failure import Failure, Later

if TYPE_CHECKING:
    import dns.name
    from settings import Endpoint

ALLOW = "let the key {key} change TXT records of that name (BIND: update-policy, Knot: acl)"
_CLOCKS = "the clocks of the two machines differ by more than five minutes; set the wrong one"


class Server:
    """Asks one server, signing everything with one key."""

    def __init__(self, endpoint: Endpoint, key: dns.tsig.Key, timeout: float, udp: bool) -> None:
        self.endpoint = endpoint
        self.key = key
        self._timeout = timeout
        self._udp = udp
        self._known = False

    def ask(self, name: dns.name.Name, kind: str) -> dns.message.Message:
        """The answer to a question, whatever its RCODE is."""
        query = dns.message.make_query(name, kind)
        query.flags &= ~dns.flags.RD
        answer = self.exchange(query)
        if answer.rcode() == dns.rcode.NOTAUTH:
            # Of a question that means the signature (RFC 8945 §5.2), and PowerDNS says no more than that.
            key = self.key.name.to_text(omit_final_dot=True)
            raise Failure(f"{self.endpoint} does not take the key {key} (NOTAUTH); compare name, algorithm and secret")
        return answer

    def exchange(self, message: dns.message.Message) -> dns.message.Message:
        """Send a message, return the answer. Failure when there is none, or none that the key vouches for.

        Where the server has several addresses, they are tried in turn; an update may well be done twice.
        """
        message.use_tsig(self.key)
        problem: Failure | None = None
        for address in addresses(self.endpoint):
            try:
                return self._verified(message, self._send(message.to_wire(), address))
            except Later as later:
                problem = later
        raise problem or Failure(f"the host {self.endpoint.host} has no address")

    def _send(self, query: bytes, address: str) -> bytes:
        where = self.endpoint
        try:
            return wire.exchange(query, address, where.port, self._timeout, self._udp)
        except TimeoutError:
            raise Later(f"{where} does not answer within {self._timeout:g} s; is it up, and is the way open?") from None
        except EOFError as error:
            raise Later(f"{where} {error}; is it a name server? its log may say why") from None
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Later(f"{where} cannot be reached: {reason}; is it up, and is that its port?") from None

    def _verified(self, message: dns.message.Message, raw: bytes) -> dns.message.Message:
        where, name = self.endpoint, self.key.name.to_text(omit_final_dot=True)
        try:
            answer = _parse(message, raw)
        except dns.tsig.PeerBadKey:
            if self._known:  # so Knot says that the key may not do this
                raise Failure(f"{where} turns the update down (BADKEY); {ALLOW.format(key=name)}") from None
            raise Failure(f"{where} knows no key {name} with that algorithm (BADKEY); compare both with its") from None
        except dns.tsig.PeerBadSignature:
            raise Failure(f"{where} has another secret for the key {name} (BADSIG); compare it with its") from None
        except (dns.tsig.PeerBadTime, dns.tsig.BadTime):
            raise Failure(f"{where} does not take the time of our signature (BADTIME); {_CLOCKS}") from None
        except (dns.tsig.PeerError, dns.tsig.BadSignature, dns.tsig.BadAlgorithm, dns.message.UnknownTSIGKey) as error:
            raise Failure(f"{where} signs its answer wrongly for the key {name}; compare the keys ({error})") from None
        except (dns.exception.DNSException, ValueError) as error:
            kind = type(error).__name__
            raise Failure(f"{where} answers what is not DNS ({kind}); is RFC2136_SERVER a name server?") from None
        if not message.is_response(answer):
            raise Failure(f"{where} answers another question than the one it was asked; is it a name server?")
        if answer.rcode() == dns.rcode.NOERROR and not answer.had_tsig:
            raise Failure(f"{where} does not sign its answer, which so proves nothing; does it know the key {name}?")
        self._known = self._known or answer.had_tsig
        return answer


def _parse(message: dns.message.Message, raw: bytes) -> dns.message.Message:
    """The answer, its signature verified where it has one: servers do not sign every error."""
    try:
        return dns.message.from_wire(raw, keyring=message.keyring, request_mac=message.mac)
    except dns.exception.FormError as error:
        # Newer releases of dnspython insist on a signature.
        try:
            return dns.message.from_wire(raw)
        except dns.message.UnknownTSIGKey:
            raise error from None


def addresses(endpoint: Endpoint) -> list[str]:
    """The addresses of a host, in the system's order."""
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        text = f"the host {endpoint.host} has no address: {(error.strerror or str(error)).lower()}"
        raise Later(text) if error.errno == socket.EAI_AGAIN else Failure(text) from None
    except UnicodeError:
        raise Failure(f"{endpoint.host[:80]!r} is no host") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
