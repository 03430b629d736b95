"""Which deploy targets of a lineage are still to be done, so that a later run does them without a new order."""

from __future__ import annotations

import json
from typing import Any

from toolkit import files
from toolkit.errors import FileTrouble
from toolkit.store.lineages import Lineage
from toolkit.store.paths import Paths


def owed(paths: Paths, lineage: Lineage) -> set[str]:
    """The targets that do not have the lineage's present generation yet."""
    try:
        found = json.loads(files.read(paths.ledger(lineage.name)))
    except (FileTrouble, ValueError):
        return set()
    if not isinstance(found, dict) or found.get("generation") != lineage.generation:
        return set()
    return {str(target) for target in found.get("owed", [])}


def write(paths: Paths, lineage: Lineage, targets: set[str]) -> None:
    """Note that these targets still need the present generation."""
    path = paths.ledger(lineage.name)
    if not targets and not path.exists():
        return
    note: dict[str, Any] = {"generation": lineage.generation, "owed": sorted(targets)}
    files.make_directory(path.parent)
    files.replace(path, json.dumps(note).encode(), 0o600)
