"""Deleting, renaming and rolling back lineages; each can be cut short anywhere, and goes on when it is called again."""

from __future__ import annotations

from pathlib import Path

from toolkit import files
from toolkit.errors import UsageError
from toolkit.store import inventory, ledger, lineages
from toolkit.store.lineages import Lineage
from toolkit.store.paths import Paths


def delete(paths: Paths, name: str) -> None:
    """Remove all of the lineage, its keys too; how it is renewed goes first, so that nothing brings it back.

    The caller holds the lineage's lock. Raises FileTrouble for a live/NAME that is another program's.
    """
    lineages.current(paths, name)
    files.remove(paths.settings(name))
    files.remove(paths.ledger(name))
    files.remove(paths.live(name))
    for number in set(lineages.numbers(paths, name)):
        if paths.generation(name, number).is_dir():
            files.remove_links(paths.generation(name, number))
        for kind in lineages.KINDS:
            files.remove(paths.archive(name) / f"{kind}{number}.pem")
    files.remove_directory(paths.archive(name))


def rename(paths: Paths, old: str, new: str) -> Lineage:
    """Give the lineage another name; all of it is there under the new one before anything of the old one goes.

    The caller holds both locks. Raises UsageError when the new name is taken.
    """
    present = lineages.current(paths, old)
    if present is None:
        raise UsageError(f"no certificate is live as {old}", "acme-cert list shows those there are")
    taken = lineages.current(paths, new)
    if taken and taken.chain().fingerprint != present.chain().fingerprint:
        raise UsageError(f"there is another certificate with the name {new}", "choose another name")
    for number in inventory.generations(paths, old):
        _copy(paths, old, new, number)
    if paths.settings(old).exists():
        files.make_directory(paths.settings(new).parent)
        files.replace(paths.settings(new), files.read(paths.settings(old)), 0o600)
    renamed = lineages.switch(paths, new, present.generation)
    ledger.write(paths, renamed, ledger.owed(paths, present))
    delete(paths, old)
    return renamed


def roll_back(paths: Paths, name: str, number: int | None) -> Lineage:
    """Make an earlier generation live: that one, or the newest before the one that is live. The caller holds the lock.

    Raises UsageError when there is none.
    """
    present = lineages.current(paths, name)
    there = inventory.generations(paths, name)
    earlier = [n for n in there if present is None or n < present.generation]
    if number is None and not earlier:
        raise UsageError(f"{name} has no earlier generation", "those there are: " + " ".join(map(str, there)))
    chosen = earlier[-1] if number is None else number
    if chosen not in there:
        raise UsageError(f"{name} has no generation {chosen}", "those there are: " + " ".join(map(str, there)))
    return lineages.switch(paths, name, chosen)


def _copy(paths: Paths, old: str, new: str, number: int) -> None:
    files.make_directory(paths.archive(new))
    for kind in lineages.KINDS:
        source, target = (_file(paths, name, kind, number) for name in (old, new))
        if not target.exists():
            files.replace(target, files.read(source), 0o600 if kind == "privkey" else 0o644)


def _file(paths: Paths, name: str, kind: str, number: int) -> Path:
    return paths.archive(name) / f"{kind}{number}.pem"
