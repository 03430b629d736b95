"""What was presented and not yet taken away: noted before it is begun, so that no end of the process loses it.

WORK/journal holds a file for each call of an authenticator and one lock for each process that made them. The
kernel lets go of a lock when its process ends, however it ends: entries whose process is gone are abandoned,
unless they were handed on to the next command of a pipeline.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import files, lock
from toolkit.errors import BadDocument, FileTrouble
from toolkit.events import Event
from toolkit.store.paths import Paths

SCHEMA = "acme-journal/1"
# How long an order lives where the CA does not say: RFC 8555 leaves it open, and the public CAs say a week.
_HANDED = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Entry:
    """What sweeping needs: how to build the authenticator again, what it presented, what it said."""

    path: Path
    run: str
    authenticator: dict[str, Any]
    solver: str
    events: tuple[Event, ...]
    record: dict[str, Any]
    at: str
    # Until when somebody else is expected to clean up; empty: nobody is.
    until: str


class Journal:
    """The journal as one process keeps it."""

    def __init__(self, paths: Paths) -> None:
        self.run = secrets.token_hex(8)
        self._directory = paths.journal()
        self._fd: int | None = None
        self._opening = threading.Lock()

    def begin(self, authenticator: dict[str, Any], solver: str, events: Sequence[Event]) -> Entry:
        """Note that these are about to be presented; on return the note is on disk. Raises FileTrouble."""
        with self._opening:
            if self._fd is None:
                files.make_directory(self._directory)
                self._fd = lock.take(self._lock_of(self.run))
        entry = Entry(
            self._path(solver, events), self.run, authenticator, solver, tuple(events), {}, _stamp(_now()), ""
        )
        _write(entry)
        return entry

    def presented(self, entry: Entry, record: dict[str, Any]) -> None:
        """Add what presenting returned."""
        _write(Entry(**{**vars(entry), "record": record}))

    def find(self, solver: str, events: Sequence[Event]) -> Entry | None:
        """What is noted of these events, by this process or another."""
        return next(self._read([self._path(solver, events)]), None)

    def hand_on(self, solver: str, events: Sequence[Event], expires: object) -> None:
        """Leave these for a later command to clean up, as long as the order lives."""
        for entry in self._read([self._path(solver, events)]):
            until = expires if isinstance(expires, str) and _moment(expires) else _stamp(_now() + _HANDED)
            _write(Entry(**{**vars(entry), "until": until}))

    def finished(self, solver: str, events: Sequence[Event]) -> None:
        """Forget what was cleaned up, or never presented."""
        files.remove(self._path(solver, events))

    def abandoned(self, *, everything: bool = False) -> list[Entry]:
        """What nobody will clean up: its process is gone, and it was not handed on or the order is over.

        `everything`: also what was handed on and may still be wanted, and what this process presented.
        """
        if not self._directory.is_dir():
            return []
        entries = list(self._read(sorted(self._directory.glob("*.json"))))
        alive = {run for run in {entry.run for entry in entries} if run != self.run and self._is_alive(run)}
        found = []
        for entry in entries:
            waited = entry.until and (_moment(entry.until) or _now()) > _now()
            mine = entry.run == self.run
            if entry.run not in alive and (everything or not (waited or mine)):
                found.append(entry)
        return sorted(found, key=lambda entry: entry.at, reverse=True)

    def close(self) -> None:
        """Let go of this process's lock; what it left behind is abandoned from now on."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
            files.remove(self._lock_of(self.run))

    def _is_alive(self, run: str) -> bool:
        path = self._lock_of(run)
        if lock.is_held(path):
            return True
        files.remove(path)
        return False

    def _lock_of(self, run: str) -> Path:
        return self._directory / f"run-{run}.lock"

    def _path(self, solver: str, events: Sequence[Event]) -> Path:
        words = [solver, *sorted(f"{event.type} {event.identifier} {event.token}" for event in events)]
        return self._directory / f"{hashlib.sha256(chr(10).join(words).encode()).hexdigest()[:32]}.json"

    def _read(self, paths: Sequence[Path]) -> Iterator[Entry]:
        for path in paths:
            try:
                found = json.loads(files.read(path))
                if found["schema"] == SCHEMA and all(c in "0123456789abcdef" for c in found["run"]):
                    yield _entry(path, found)
            except (FileTrouble, BadDocument, ValueError, KeyError, TypeError, AttributeError):
                continue  # cleaned up this instant by another process, or not ours


def _entry(path: Path, found: dict[str, Any]) -> Entry:
    events = tuple(_event(event) for event in found["events"])
    if not events:
        raise BadDocument(f"{path} names no challenge")
    return Entry(
        path,
        found["run"],
        found["authenticator"],
        found["solver"],
        events,
        found["record"],
        found["at"],
        found["until"],
    )


def _event(found: dict[str, Any]) -> Event:
    # JSON knows no tuples.
    shaped: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
    return Event(**shaped)


def _write(entry: Entry) -> None:
    body = {**vars(entry), "schema": SCHEMA, "events": [vars(event) for event in entry.events]}
    del body["path"]
    files.replace(entry.path, json.dumps(body).encode(), 0o600)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _stamp(moment: datetime.datetime) -> str:
    return moment.isoformat()


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
