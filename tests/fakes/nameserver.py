"""A name server on loopback that is honest where it is not told otherwise; a recursive one, too.

    with Nameserver(records, "127.0.0.2", port, faults={("_acme-challenge.a.test.", "TXT"): "garbage"}) as server:
        ...  # server.queries has (name, type, "udp" or "tcp") of all that was asked

`records` has lists of master file data by (name, type), names in lower case with the dot at their end; it may be
changed at any time. What has a SOA there is a zone of the server; a recursive one knows all of `records`. Faults go
by (name, type), either may be "*"; the first that fits counts.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dns.message import Message

Records = dict[tuple[str, str], list[str]]
Fault = str | tuple[str, float]

_FITS = 1232  # bytes of an answer by UDP, whatever the client says


class Nameserver:
    """Answers between `__enter__` and `__exit__`."""

    def __init__(
        self,
        records: Records,
        address: str = "127.0.0.1",
        port: int = 0,
        *,
        recursive: bool = False,
        faults: Mapping[tuple[str, str], Fault] | None = None,
    ) -> None:
        self.records = records
        self.faults = dict(faults or {})
        self.queries: list[tuple[str, str, str]] = []
        # Whether each of the questions asked for recursion.
        self.recursion: list[bool] = []
        self._recursive = recursive
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, port))
        self._tcp = socket.create_server((address, self._udp.getsockname()[1]), backlog=64)
        self.address, self.port = self._udp.getsockname()
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()

    @property
    def where(self) -> str:
        return f"{self.address}:{self.port}"

    def asked(self, name: str = "", kind: str = "") -> int:
        """How many questions there were, about that name and of that type."""
        return sum(name in ("", n) and kind in ("", k) for n, k, _ in self.queries)

    def __enter__(self) -> Self:
        for serve in (self._datagrams, self._streams):
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (self.address, self.port))
        with contextlib.suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def _datagrams(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                data, client = self._udp.recvfrom(65535)
                self._take(data, "udp", lambda wire, to=client: self._udp.sendto(wire, to))

    def _streams(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                client, _ = self._tcp.accept()
                threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), client.makefile("rb") as stream:
            client.settimeout(10)
            length = int.from_bytes(stream.read(2), "big")
            self._take(stream.read(length), "tcp", lambda wire: client.sendall(len(wire).to_bytes(2, "big") + wire))

    def _take(self, data: bytes, way: str, send: Callable[[bytes], object]) -> None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        asked = query.question[0]
        name, kind = asked.name.to_text().lower(), dns.rdatatype.to_text(asked.rdtype)
        self.queries.append((name, kind, way))
        self.recursion.append(bool(query.flags & dns.flags.RD))
        fault = self._fault(name, kind)
        if isinstance(fault, tuple) and way == "udp":
            # Others are not to wait as well.
            threading.Timer(fault[1], lambda: _quietly(send, self._answer(query, way).to_wire())).start()
        else:
            for wire in self._wires(query, way, fault):
                send(wire)

    def _wires(self, query: Message, way: str, fault: Fault | None) -> list[bytes]:
        """What is sent for the question: nothing, one datagram or several."""
        if fault in _FAULTS:
            return _FAULTS[fault](query, self._answer(query, way), way)
        if isinstance(fault, str):
            answer = dns.message.make_response(query)
            answer.set_rcode(dns.rcode.from_text(fault))
            return [answer.to_wire()]
        return [_cut(self._answer(query, way), way)]

    def _fault(self, name: str, kind: str) -> Fault | None:
        fits = (f for (n, k), f in self.faults.items() if n in ("*", name) and k in ("*", kind))
        return next(fits, None)

    def _answer(self, query: Message, way: str) -> Message:
        """The honest answer."""
        answer = dns.message.make_response(query)
        asked = query.question[0]
        zones = [dns.name.from_text(name) for name, kind in self.records if kind == "SOA"]
        around = [zone for zone in zones if asked.name.is_subdomain(zone)]
        if self._recursive:
            answer.flags |= dns.flags.RA
        elif not around:
            answer.set_rcode(dns.rcode.REFUSED)
            return answer
        else:
            answer.flags |= dns.flags.AA
        self._fill(answer, asked.name, dns.rdatatype.to_text(asked.rdtype))
        if not answer.answer and around:
            apex = max(around, key=len)
            answer.authority.append(self._rrset(apex, "SOA"))
        return answer

    def _fill(self, answer: Message, name: dns.name.Name, kind: str) -> None:
        for _ in range(20):
            if found := self._rrset(name, kind):
                answer.answer.append(found)
                return
            alias = self._rrset(name, "CNAME")
            if not alias:
                known = any(dns.name.from_text(n).is_subdomain(name) for n, _ in self.records)
                answer.set_rcode(dns.rcode.NOERROR if known else dns.rcode.NXDOMAIN)
                return
            answer.answer.append(alias)
            if not self._recursive:
                return
            name = alias[0].target

    def _rrset(self, name: dns.name.Name, kind: str) -> dns.rrset.RRset | None:
        data = self.records.get((name.to_text().lower(), kind))
        return dns.rrset.from_text_list(name, 60, "IN", kind, list(data)) if data else None


def _quietly(send: Callable[[bytes], object], wire: bytes) -> None:
    with contextlib.suppress(OSError):
        send(wire)


def _cut(answer: Message, way: str) -> bytes:
    wire = answer.to_wire(max_size=65535)
    if way == "tcp" or len(wire) <= _FITS:
        return wire
    short = dns.message.Message(answer.id)
    short.flags = answer.flags | dns.flags.TC
    short.question = answer.question
    return short.to_wire()


def _garbage(query: Message, answer: Message, way: str) -> list[bytes]:
    wire = answer.to_wire()
    parts = [b"", b"\0", wire[:11], wire[:20], b"\xff" * 600, wire[:2] + b"\x84\0" + b"\xff" * 200]
    return parts if way == "udp" else [b"\xff" * 40]


def _forged(query: Message) -> list[bytes]:
    refusal = dns.message.make_response(query)
    refusal.set_rcode(dns.rcode.NXDOMAIN)
    refusal.id ^= 1
    return [b"\xff" * 30, refusal.to_wire()]


def _wrong_id(query: Message, answer: Message, way: str) -> list[bytes]:
    answer.id ^= 0x5555
    return [answer.to_wire()]


def _other_question(query: Message, answer: Message, way: str) -> list[bytes]:
    other = dns.message.make_response(dns.message.make_query("other.test", query.question[0].rdtype))
    other.id, other.answer, other.flags = answer.id, answer.answer, answer.flags
    return [other.to_wire()]


def _other_owner(query: Message, answer: Message, way: str) -> list[bytes]:
    for rrset in answer.answer:
        rrset.name = dns.name.from_text("other.test")
    return [answer.to_wire()]


def _truncated(query: Message, answer: Message, way: str) -> list[bytes]:
    answer.flags |= dns.flags.TC
    return [answer.to_wire()] if way == "udp" else []


def _lame(query: Message, answer: Message, way: str) -> list[bytes]:
    answer.flags &= ~dns.flags.AA
    return [answer.to_wire()]


def _other_zone(query: Message, answer: Message, way: str) -> list[bytes]:
    """A negative answer by a zone in which the name is not."""
    answer = dns.message.make_response(query)
    answer.authority = [
        dns.rrset.from_text("other.test.", 60, "IN", "SOA", "ns1.example.test. h.other.test. 1 1 1 1 1")
    ]
    return [answer.to_wire()]


_FAULTS: dict[object, Callable[[Message, Message, str], list[bytes]]] = {
    "drop": lambda query, answer, way: [],
    "garbage": _garbage,
    # What somebody who guesses would send, and the truth behind it.
    "forged first": lambda query, answer, way: [*_forged(query), answer.to_wire()],
    "wrong id": _wrong_id,
    "other question": _other_question,
    "other owner": _other_owner,
    "truncated": _truncated,
    "not authoritative": _lame,
    "other zone": _other_zone,
}
