"""A zone with its name servers, and a resolver that knows where they are: all of them fakes, each on an address."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tests.ca import ports
from tests.fakes.nameserver import Nameserver, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

SOA = "ns1.example.test. hostmaster.example.test. 1 3600 600 86400 60"


class Lab:
    """example.test on 127.0.0.2, 127.0.0.3 and so on, a resolver on 127.0.0.1, all at one port."""

    def __init__(self, servers: int = 2) -> None:
        names = [f"ns{number}.example.test." for number in range(1, servers + 1)]
        zone: Records = {("example.test.", "SOA"): [SOA], ("example.test.", "NS"): names}
        zone |= {(name, "A"): [f"127.0.0.{number}"] for number, name in enumerate(names, 2)}
        self._stack = ExitStack()
        self.port = self._stack.enter_context(ports.reserve()).ports[0]
        self.resolver = self._start(dict(zone), "127.0.0.1", recursive=True)
        self.servers = [self._start(dict(zone), f"127.0.0.{n}") for n in range(2, servers + 2)]

    def _start(self, records: Records, address: str, *, recursive: bool = False) -> Nameserver:
        return self._stack.enter_context(Nameserver(records, address, self.port, recursive=recursive))

    @property
    def all(self) -> Sequence[Nameserver]:
        return [self.resolver, *self.servers]

    def put(self, name: str, kind: str, *data: str, at: Sequence[Nameserver] | None = None) -> None:
        """Let those have it, all of them when none is named; the values are in addition to what is there."""
        for server in self.all if at is None else at:
            server.records.setdefault((name, kind), []).extend(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()
