"""What acme-cert does: list, show, delete, rename, rollback, export."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import files
from toolkit import names as naming
from toolkit.errors import ToolkitError, UsageError
from toolkit.installers import bundles
from toolkit.issuance.local import Local
from toolkit.lock import exclusive
from toolkit.store import changes, inventory
from toolkit.store.inventory import Standing

Json = dict[str, Any]
Line = Callable[[Json], str]


@dataclass(frozen=True)
class Desk:
    """What the actions work with: `options` by their names, what to print and whom to tell of troubles."""

    local: Local
    names: Sequence[str]
    options: Mapping[str, Any]
    show: Callable[[Iterable[Json], Line], None]
    fail: Callable[[ToolkitError, str], None]

    def name(self) -> str:
        """The only name that was given. Raises UsageError."""
        if len(self.names) != 1:
            raise UsageError("which certificate?", f"acme-cert {self.options['action']} wants the name of one")
        return naming.lineage(self.names[0])


def list_all(desk: Desk) -> None:
    """How all lineages stand, or those that are named, the first to expire first."""
    now = datetime.datetime.now(datetime.UTC)
    standings = list(inventory.find(desk.local.paths, list(desk.names)))
    standings.sort(key=lambda s: (s.chain.leaf.not_valid_after_utc if s.chain else now, s.name))
    width = max((len(standing.name) for standing in standings), default=0)

    def line(found: Json) -> str:
        if found["error"]:
            return f"{found['name']:{width}}  -  {found['error']}"
        names = " ".join(found["names"])
        owed = f"  not deployed: {', '.join(found['owed'])}" if found["owed"] else ""
        days = f"{found['days_left']:4} days"
        return f"{found['name']:{width}}  {found['not_after'][:10]}  {days}  {found['key']}  {names}{owed}"

    desk.show((standing.as_json(now) for standing in standings), line)
    _tell(desk, standings)


def show(desk: Desk) -> None:
    """All that is known of lineages, and the generations there are."""
    now = datetime.datetime.now(datetime.UTC)
    standings = list(inventory.find(desk.local.paths, list(desk.names)))

    def told(standing: Standing) -> Json:
        kept = inventory.generations(desk.local.paths, standing.name)
        return {**standing.as_json(now), "generations": kept, "settings": standing.settings}

    def lines(found: Json) -> str:
        return "\n".join(f"{key}: {_words(value)}" for key, value in found.items() if value not in (None, []))

    desk.show(map(told, standings), lines)
    _tell(desk, standings)


def delete(desk: Desk) -> None:
    """Remove a lineage with its keys."""
    name = desk.name()
    with _locked(desk, name):
        if name not in inventory.names(desk.local.paths) and not desk.local.paths.archive(name).is_dir():
            raise UsageError(f"no lineage {name}", "acme-cert list shows those there are")
        changes.delete(desk.local.paths, name)
    desk.show([{"name": name, "deleted": True}], lambda found: f"deleted {found['name']}")


def rename(desk: Desk) -> None:
    """Give a lineage another name."""
    if len(desk.names) != 2:
        raise UsageError("rename which to what?", "acme-cert rename OLD NEW")
    old, new = (naming.lineage(name) for name in desk.names)
    if old == new:
        raise UsageError(f"{old} has that name", "acme-cert rename OLD NEW")
    first, second = sorted((old, new))
    with _locked(desk, first), _locked(desk, second):
        renamed = changes.rename(desk.local.paths, old, new)
    found = {"name": new, "was": old, "live": str(renamed.live)}
    desk.show([found], lambda told: f"{told['was']} is now {told['live']}: say so to the services that read it")


def roll_back(desk: Desk) -> None:
    """Make an earlier generation of a lineage live."""
    name = desk.name()
    with _locked(desk, name):
        lineage = changes.roll_back(desk.local.paths, name, desk.options["generation"])
    found = {"name": name, "generation": lineage.generation, "live": str(lineage.live)}
    desk.show([found], lambda told: f"{told['name']}: generation {told['generation']} is live")


def export(desk: Desk) -> None:
    """Write a lineage to one file."""
    (standing,) = inventory.find(desk.local.paths, [desk.name()])
    if standing.lineage is None:
        raise standing.trouble or UsageError(f"no certificate is live as {standing.name}")
    if not desk.options["output"]:
        raise UsageError("export to which file?", "name it with --output FILE")
    path = Path(desk.options["output"]).absolute()
    bundles.write(standing.lineage, desk.options["to"], path, _password(desk.options["password_file"]))
    found = {"name": standing.name, "form": desk.options["to"], "file": str(path)}
    desk.show([found], lambda told: f"{told['name']} as {told['form']} in {told['file']}")


def _password(path: str | None) -> bytes | None:
    if path is None:
        return None
    password = files.read(Path(path), 4096).split(b"\n", 1)[0]
    if not password:
        raise UsageError(f"{path}: no password in its first line", "an empty one protects nothing")
    return password


def _locked(desk: Desk, name: str) -> Any:
    """The lineage for us alone, and certbot kept out."""
    desk.local.keep_certbot_out()
    path = desk.local.paths.lineage_lock(name)
    return exclusive(path, f"the lineage {name}", desk.local.lock_timeout, desk.local.stop)


def _tell(desk: Desk, standings: Iterable[Standing]) -> None:
    for standing in standings:
        if standing.trouble:
            desk.fail(standing.trouble, standing.name)


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


ACTIONS: Mapping[str, Callable[[Desk], None]] = {
    "list": list_all,
    "show": show,
    "delete": delete,
    "rename": rename,
    "rollback": roll_back,
    "export": export,
}
