"""Which lineages need nothing until when, so that a run over ten thousand of them reads hardly any.

A note on a lineage holds as long as nothing of it has changed: its settings, what is live, what is owed, what was
tried. Without the file, or with one that cannot be read, everything is looked at.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

from toolkit import files
from toolkit.errors import FileTrouble
from toolkit.store.paths import Paths

_LONGEST = 64 * 1024 * 1024

Note = list[Any]


class Idle:
    """The notes of a run: those of the last one, and those to be kept."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._known = _read(paths.idle())
        self._kept: dict[str, Note] = {}

    def until(self, name: str, now: datetime.datetime) -> datetime.datetime | None:
        """Until when the lineage needs nothing, if that is known and still holds."""
        note = self._known.get(name)
        if note is None or note[2] != self._state(name):
            return None
        try:
            since, until = (datetime.datetime.fromisoformat(text) for text in note[:2])
            if not since <= now < until:
                return None
        except (ValueError, TypeError):
            return None
        self._kept[name] = note
        return until

    def note(self, name: str, now: datetime.datetime, until: datetime.datetime) -> None:
        """Note that the lineage, as it is now, needs nothing until then."""
        self._kept[name] = [now.isoformat(), until.isoformat(), self._state(name)]

    def write(self, *, everything: bool) -> None:
        """Keep the notes, those of lineages that were not looked at too unless `everything` was. Raises FileTrouble."""
        kept = self._kept if everything else {**self._known, **self._kept}
        if kept != self._known:
            files.make_directory(self._paths.idle().parent)
            files.replace(self._paths.idle(), json.dumps(kept).encode(), 0o600)

    def _state(self, name: str) -> Note:
        paths = self._paths
        try:
            live = os.readlink(paths.live(name))
        except OSError:
            live = ""
        return [live, *(_changed(path) for path in (paths.settings(name), paths.attempts(name), paths.ledger(name)))]


def _changed(path: Path) -> list[int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size, found.st_ino]


def _read(path: Path) -> dict[str, Note]:
    try:
        found = json.loads(files.read(path, _LONGEST))
    except (FileTrouble, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: note for name, note in found.items() if isinstance(note, list) and len(note) == 3}
