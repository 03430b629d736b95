"""What there is in the store, and how each lineage stands; reads only, and takes no lock."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toolkit import certs, config, due
from toolkit import names as naming
from toolkit.errors import BadName, ToolkitError, UsageError, printable
from toolkit.store import ledger, lineages
from toolkit.store.lineages import Lineage
from toolkit.store.paths import Paths


@dataclass(frozen=True)
class Standing:
    """A lineage as it is: what is live, how it is to be renewed, what of its deployment is owed; or the trouble."""

    name: str
    lineage: Lineage | None = None
    chain: certs.Chain | None = None
    settings: dict[str, Any] | None = None
    owed: frozenset[str] = frozenset()
    trouble: ToolkitError | None = None

    def as_json(self, now: datetime.datetime) -> dict[str, Any]:
        """As acme-cert prints it (man acme-cert)."""
        found: dict[str, Any] = {"name": self.name}
        settings = self.settings or {}
        if self.lineage and self.chain:
            leaf = self.chain.leaf
            found |= {
                "names": self.chain.names,
                "not_before": certs.timestamp(leaf.not_valid_before_utc),
                "not_after": certs.timestamp(leaf.not_valid_after_utc),
                "days_left": (leaf.not_valid_after_utc - now).days,
                "renewal": certs.timestamp(due.moment(leaf.not_valid_before_utc, leaf.not_valid_after_utc)),
                "issuer": certs.issuer(leaf),
                "serial": f"{leaf.serial_number:x}",
                "fingerprint_sha256": self.chain.fingerprint,
                "key": certs.key_name(leaf),
                "generation": self.lineage.generation,
                "live": str(self.lineage.live),
            }
        found |= {"wanted": settings.get("names"), "server": settings.get("server"), "profile": settings.get("profile")}
        found["owed"] = sorted(self.owed)
        found["error"] = self.trouble.message if self.trouble else None
        return found


def names(paths: Paths) -> list[str]:
    """The names of all lineages: of those that are live, and of those that settings are there for."""
    found = set()
    live = paths.directories.config / "live"
    for entry in os.listdir(live) if live.is_dir() else []:
        if not entry.startswith(".") and ((live / entry).is_symlink() or (live / entry).is_dir()):
            found.add(entry)
    renewal = paths.directories.config / "renewal"
    found |= {entry[:-5] for entry in (os.listdir(renewal) if renewal.is_dir() else []) if entry.endswith(".yaml")}
    return sorted(name for name in found if _is_name(name))


def look(paths: Paths, name: str) -> Standing:
    """How the lineage stands; a trouble with it is told, not raised."""
    try:
        lineage = lineages.current(paths, name)
        settings = config.read_settings(paths.settings(name))
        if lineage is None:
            trouble = UsageError(f"no certificate is live as {name}", "acme-run gets one")
            return Standing(name, settings=settings, trouble=trouble)
        return Standing(name, lineage, lineage.chain(), settings, frozenset(ledger.owed(paths, lineage)))
    except ToolkitError as error:
        return Standing(name, trouble=error)


def find(paths: Paths, wanted: list[str]) -> Iterator[Standing]:
    """How the lineages stand, all of them where none is named. Raises UsageError for one that is not there."""
    for name in named(paths, wanted):
        yield look(paths, name)


def named(paths: Paths, wanted: list[str]) -> list[str]:
    """Those that are wanted, or all. Raises UsageError for one that is not there."""
    known = names(paths)
    for name in wanted:
        if name not in known:
            raise UsageError(f"no lineage {printable(name, 300)}", "acme-cert list shows those there are")
    return wanted or known


def generations(paths: Paths, name: str) -> list[int]:
    """The numbers of the generations in archive/ of which all four files are there, the oldest first."""
    archive = paths.archive(name)
    counted: dict[int, int] = {}
    for entry in os.listdir(archive) if archive.is_dir() else []:
        if match := re.fullmatch(r"(?:cert|chain|fullchain|privkey)(\d+)\.pem", entry):
            counted[int(match[1])] = counted.get(int(match[1]), 0) + 1
    return sorted(number for number, files in counted.items() if files == len(lineages.KINDS))


def _is_name(text: str) -> bool:
    try:
        return naming.lineage(text) == text
    except BadName:
        return False
