"""One question to one DNS server: by UDP, and by TCP where the answer is too long for that.

dnspython writes questions, and reads answers; nothing is taken for one that does not fit the question.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.errors import printable
from toolkit.waiting import Deadline

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

Place = tuple[str, int]

_LONGEST = 65535
# What fits into one packet nearly everywhere (https://www.dnsflagday.net/2020/).
_PAYLOAD = 1232
# When a question is sent again, in parts of the time there is; an answer to either is an answer.
_AGAIN = (0.3, 0.3, 0.4)
_TC = 0x02  # in the third byte of a message: truncated


class NoAnswer(Exception):
    """Nothing came back that answers the question."""


def ask(place: Place, name: Name, kind: str, lifetime: float, *, recurse: bool = False) -> Message:
    """The answer of the server at that address and port, whatever its rcode. Raises NoAnswer."""
    import dns.rcode

    try:
        answer = _ask(place, name, kind, lifetime, recurse=recurse, edns=True)
        if answer.rcode() == dns.rcode.FORMERR:  # what does not know EDNS says so (RFC 6891 §7)
            answer = _ask(place, name, kind, lifetime, recurse=recurse, edns=False)
    except TimeoutError:
        raise NoAnswer("no answer") from None
    except OSError as error:
        raise NoAnswer(printable(error.strerror or error, 200).lower()) from None
    return answer


def _ask(place: Place, name: Name, kind: str, lifetime: float, *, recurse: bool, edns: bool) -> Message:
    import dns.flags
    import dns.message

    query = dns.message.make_query(name, kind, use_edns=0 if edns else False, payload=_PAYLOAD)
    if not recurse:
        query.flags &= ~dns.flags.RD
    return _by_udp(place, query, lifetime) or _by_tcp(place, query, lifetime)


def _by_udp(place: Place, query: Message, lifetime: float) -> Message | None:
    """The answer; None where it says that it is cut."""
    wire = query.to_wire()
    rubbish = False
    # The kernel hands a connected socket nothing of other senders, and tells of a port where nobody listens.
    with socket.socket(_family(place[0]), socket.SOCK_DGRAM) as sock:
        sock.connect(place)
        for part in _AGAIN:
            sock.send(wire)
            for data in _datagrams(sock, Deadline(part * lifetime)):
                if data[:2] == wire[:2] and len(data) > 2 and data[2] & _TC:
                    return None
                answer = _read(query, data)
                if answer is not None:
                    return answer
                rubbish = True
    raise NoAnswer("no answer that fits the question" if rubbish else "no answer")


def _datagrams(sock: socket.socket, deadline: Deadline) -> Iterator[bytes]:
    while left := deadline.remaining():
        sock.settimeout(left)
        try:
            yield sock.recv(_LONGEST)
        except TimeoutError:
            return


def _by_tcp(place: Place, query: Message, lifetime: float) -> Message:
    deadline = Deadline(lifetime)
    wire = query.to_wire()
    try:
        with socket.create_connection(place, lifetime) as sock:
            sock.sendall(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(_exactly(sock, 2, deadline), "big")
            answer = _read(query, _exactly(sock, length, deadline))
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else printable(error.strerror or error, 200).lower()
        raise NoAnswer(f"the answer is cut, and by TCP: {reason}") from None
    if answer is None:
        raise NoAnswer("no answer by TCP that fits the question")
    return answer


def _exactly(sock: socket.socket, count: int, deadline: Deadline) -> bytes:
    data = b""
    while len(data) < count:
        sock.settimeout(deadline.remaining() or 0.001)
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("the connection was closed")
        data += more
    return data


def _read(query: Message, data: bytes) -> Message | None:
    """The message, if it is one, and an answer to this very question."""
    import struct

    import dns.exception
    import dns.message

    try:
        answer = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError, IndexError, struct.error):
        return None
    return answer if query.is_response(answer) else None


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ipaddress.ip_address(address.partition("%")[0]).version == 6 else socket.AF_INET
