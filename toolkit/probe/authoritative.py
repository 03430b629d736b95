"""What every server that answers for a zone says of a TXT record; nobody else is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from toolkit.errors import ChallengeFailed, printable
from toolkit.probe import CannotLook, zone
from toolkit.probe.exchange import NoAnswer, ask
from toolkit.probe.resolver import Resolver
from toolkit.probe.together import together
from toolkit.probe.zone import Zone
from toolkit.waiting import Stop

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

T = TypeVar("T")
R = TypeVar("R")
K = TypeVar("K")

# One server's time for one answer; the slowest of them is the time of a look.
_LIFETIME = 4.0


@dataclass(frozen=True)
class Said:
    """What one address of a server says: TXT values, or a trouble in words; `silent` where it says nothing."""

    server: str
    address: str
    values: frozenset[bytes] = frozenset()
    trouble: str = ""
    silent: bool = False
    alias: Name | None = None

    def __str__(self) -> str:
        return f"{self.server} ({self.address})" if self.address else self.server


@dataclass(frozen=True)
class Found:
    """What is to be known of one record: where CNAMEs lead, whose it is, and what each server says."""

    target: str
    zone: Zone
    said: tuple[Said, ...]

    def lacking(self, value: str) -> list[tuple[Said, str]]:
        """Who answers and does not show the value, and why."""
        wanted = value.encode()
        return [(s, s.trouble or _others(s.values)) for s in self.said if not s.silent and wanted not in s.values]

    def silent(self) -> list[Said]:
        """What says nothing at all; one address that answers is enough of a server."""
        heard = {said.server for said in self.said if not said.silent}
        return [said for said in self.said if said.server not in heard]

    def showing(self, value: str) -> list[Said]:
        """Who shows the value."""
        return [said for said in self.said if value.encode() in said.values]


Trouble = CannotLook | ChallengeFailed


@dataclass
class Look:
    """Looks at the same records again and again; knows since the first time who answers for them.

    `port` is that of all servers but the resolver, should it be one of them.
    """

    resolver: Resolver
    stop: Stop
    port: int = 53
    _targets: dict[str, list[Name]] = field(default_factory=dict)
    _enclosing: dict[Name, Name | None] = field(default_factory=dict)
    _zones: dict[Name, Zone] = field(default_factory=dict)
    # Addresses that nobody needs: they are silent, and another one of the same server is not.
    _unneeded: set[str] = field(default_factory=set)

    def at(self, names: Iterable[str]) -> dict[str, Found | Trouble]:
        """What is found at each of the names, all of them asked for at a time."""
        failed: dict[str, Trouble] = {}
        wanted = sorted(set(names))
        for ways in (self._follow, self._enclose, self._find_servers):
            failed.update(ways([name for name in wanted if name not in failed]))
        return {**failed, **self._ask([name for name in wanted if name not in failed])}

    def _follow(self, names: Sequence[str]) -> dict[str, Trouble]:
        new = [name for name in names if name not in self._targets]
        results = together(_caught(lambda name: zone.lead(zone.of_text(name), self.resolver)), new, self.stop)
        self._targets.update({n: [r] for n, r in zip(new, results, strict=True) if not isinstance(r, Trouble)})
        return {n: r for n, r in zip(new, results, strict=True) if isinstance(r, Trouble)}

    def _enclose(self, names: Sequence[str]) -> dict[str, Trouble]:
        new = list({self._targets[name][-1] for name in names} - self._enclosing.keys())
        results = together(_caught(lambda target: zone.enclosing(target, self.resolver)), new, self.stop)
        pairs = dict(zip(new, results, strict=True))
        self._enclosing.update({target: r for target, r in pairs.items() if not isinstance(r, Trouble)})
        return _troubles(pairs, {name: self._targets[name][-1] for name in names})

    def _find_servers(self, names: Sequence[str]) -> dict[str, Trouble]:
        around = {name: self._enclosing[self._targets[name][-1]] for name in names}
        new = list({apex for apex in around.values() if apex} - self._zones.keys())
        results = together(_caught(lambda apex: zone.servers(apex, self.resolver, self.stop)), new, self.stop)
        pairs = dict(zip(new, results, strict=True))
        self._zones.update({apex: r for apex, r in pairs.items() if not isinstance(r, Trouble)})
        return _troubles(pairs, around)

    def _ask(self, names: Sequence[str]) -> dict[str, Found | Trouble]:
        """Every server of each name's zone; the resolver where nobody is known to answer for it."""
        pairs = [(name, server, address) for name in names for server, address in self._servers(name)]
        mute: dict[str, str] = {}  # whoever was silent once is not waited for again in the same look
        heard = together(lambda pair: self._ask_one(*pair, mute), pairs, self.stop)
        found: dict[str, Found | Trouble] = {}
        for name in names:
            said = [s for (asked, *_), s in zip(pairs, heard, strict=True) if asked == name]
            target = self._targets[name][-1]
            found[name] = Found(zone.to_text(target), self._zone(name), tuple(said))
            for alias in (s.alias for s in said if s.alias):
                self._lead_on(name, alias)
        alive = {said.server for said in heard if not said.silent}
        self._unneeded.update(said.address for said in heard if said.silent and said.server in alive)
        return found

    def _zone(self, name: str) -> Zone:
        apex = self._enclosing[self._targets[name][-1]]
        return self._zones[apex] if apex else Zone("", {})

    def _servers(self, name: str) -> Iterator[tuple[str, str]]:
        known = self._zone(name).servers
        if not known:
            yield f"the resolver {self.resolver}", ""
        for server, addresses in known.items():
            yield from ((server, address) for address in addresses if address not in self._unneeded)
            if not addresses:
                yield server, ""

    def _ask_one(self, name: str, server: str, address: str, mute: dict[str, str]) -> Said:
        target = self._targets[name][-1]
        if not self._zone(name).servers:
            try:
                return Said(server, "", _values(self.resolver.ask(target, "TXT"), None))
            except CannotLook as error:
                return Said(server, "", trouble=str(error), silent=True)
        if not address:
            return Said(server, "", trouble="no address", silent=True)
        try:
            if address in mute:
                raise NoAnswer(mute[address])
            return _judged(server, address, target, ask(self._place(address), target, "TXT", _LIFETIME))
        except NoAnswer as error:
            mute[address] = str(error)
            return Said(server, address, trouble=str(error), silent=True)

    def _place(self, address: str) -> tuple[str, int]:
        return address, dict(self.resolver.named).get(address, self.port)

    def _lead_on(self, name: str, alias: Name) -> None:
        """The servers know of a CNAME of which the resolver does not, or not yet."""
        way = self._targets[name]
        if alias not in way and len(way) < zone.MOST_STEPS:
            self._targets[name] = [*way, alias]


def _judged(server: str, address: str, name: Name, answer: Message) -> Said:
    import dns.flags
    import dns.rcode

    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Said(server, address, trouble=f"answers {dns.rcode.to_text(answer.rcode())}")
    if not answer.flags & dns.flags.AA:
        return Said(server, address, trouble="does not answer for the zone")
    alias = zone.alias(answer, name)
    if alias:
        return Said(server, address, trouble=f"a CNAME to {zone.to_text(alias)}", alias=alias)
    return Said(server, address, _values(answer, name))


def _values(answer: Message, name: Name | None) -> frozenset[bytes]:
    """The TXT values at the name; at any name, where CNAMEs were followed for us."""
    import dns.rdatatype

    return frozenset(
        b"".join(record.strings)
        for rrset in answer.answer
        if rrset.rdtype == dns.rdatatype.TXT and (name is None or rrset.name == name)
        for record in rrset
    )


def _others(values: frozenset[bytes]) -> str:
    if not values:
        return "no TXT record"
    first, more = sorted(values)[0], len(values) - 1
    shown = printable(first.decode("utf-8", "backslashreplace"), 60)
    return f'only "{shown}"' + (f" and {more} more" if more else "")


def _caught(work: Callable[[T], R]) -> Callable[[T], R | Trouble]:
    def careful(thing: T) -> R | Trouble:
        try:
            return work(thing)
        except (CannotLook, ChallengeFailed) as error:
            return error

    return careful


def _troubles(results: Mapping[K, object], by_name: Mapping[str, K | None]) -> dict[str, Trouble]:
    """What went wrong, by the names that it is about."""
    found = {name: results.get(key) for name, key in by_name.items() if key is not None}
    return {name: result for name, result in found.items() if isinstance(result, Trouble)}
