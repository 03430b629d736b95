"""Looks at one TXT record on every server that answers for it, and remembers what was there before."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.errors import ChallengeFailed, printable
from toolkit.events import Event
from toolkit.probe import CannotLook
from toolkit.probe.authoritative import Found, Look, Said


class Records:
    """The record, where CNAMEs lead; raises CannotLook, ChallengeFailed when it cannot be looked at."""

    one = "value"
    several = "values of one record"
    dashed = "which begins with -"

    def __init__(self, name: str, look: Look) -> None:
        self._name = name
        self._look = look
        found = self._found()
        if all(said.silent for said in found.said):
            raise CannotLook(_nobody(found))
        self.target = found.target
        self.before = _values(found)
        self.servers = tuple(str(said) for said in found.said if not said.silent)
        self.silent = tuple(f"{said}: {said.trouble}" for said in found.silent())

    def notes(self) -> tuple[str, ...]:
        """What is looked at, and what was there before."""
        values = {value for values in self.before.values() for value in values}
        beside = (f"beside what is there: {_shown(frozenset(values))}",) if values else ()
        return f"looking at {self.target} on {', '.join(self.servers)}", *self.silent, *beside

    def missing(self, event: Event) -> str:
        try:
            found = self._found()
        except (CannotLook, ChallengeFailed) as error:
            return str(error)
        lacking = found.lacking(event.validation)
        if not lacking:
            return "" if found.showing(event.validation) else _nobody(found)
        where = "; ".join(f"{said}: {why}" for said, why in lacking)
        other = "of it " if any(said.values for said, _ in lacking) else ""
        return f"nothing {other}is visible at {found.target} on {where}"

    def showing(self, event: Event) -> str:
        try:
            found = self._found()
        except (CannotLook, ChallengeFailed) as error:
            return str(error)
        there = ", ".join(map(str, found.showing(event.validation)))
        return f"it is still visible at {found.target} on {there}" if there else ""

    def changed(self, events: Sequence[Event]) -> str:
        try:
            now = _values(self._found())
        except (CannotLook, ChallengeFailed) as error:
            return str(error)
        told = []
        for server in self.before.keys() & now.keys():
            lost, more = self.before[server] - now[server], now[server] - self.before[server]
            if lost:
                told.append(f"{server}: gone is what the hook had not put there: {_shown(lost)}")
            if more:
                told.append(f"{server}: left behind: {_shown(more)}")
        return "; ".join(sorted(told))

    def _found(self) -> Found:
        found = self._look.at([self._name])[self._name]
        if not isinstance(found, Found):
            raise found
        return found


def _values(found: Found) -> dict[str, frozenset[bytes]]:
    """By server, what it shows; those that fail show nothing that could be compared."""
    return {str(said): said.values for said in found.said if not _failed(said)}


def _failed(said: Said) -> bool:
    return said.silent or bool(said.trouble)


def _nobody(found: Found) -> str:
    return "no server answers: " + "; ".join(f"{said}: {said.trouble}" for said in found.said)


def _shown(values: frozenset[bytes]) -> str:
    return ", ".join(f'"{printable(value.decode("utf-8", "backslashreplace"), 60)}"' for value in sorted(values)[:5])
