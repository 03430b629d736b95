"""What was presented and not yet taken away: noted before it is begun, so that no end of the process loses it.

WORK/journal holds a file for each call of an authenticator and one lock for each process that made them. The
kernel lets go of a lock when its process ends, however it ends: entries whose process is gone are abandoned,
unless they were handed on to the next command of a pipeline.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
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
# Seconds after which a file that nobody holds is nobody's any more: one that is new may be about to be held.
_UNFINISHED = 3600.0


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
    # When a cleanup failed last; empty: none did.
    tried: str = ""

    def rests(self) -> bool:
        """Whether a cleanup has failed so lately that runs do not try it again: no longer ago than it had been there.

        So the pauses double, and a hook that is broken for good costs the runs of a year a few tries.
        """
        at, tried, now = _moment(self.at), _moment(self.tried), _now()
        return bool(at and tried and tried <= now < tried + (tried - at))


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
            self._path(solver, events, self.run), self.run, authenticator, solver, tuple(events), {}, _stamp(_now()), ""
        )
        _write(entry)
        return entry

    def presented(self, entry: Entry, record: dict[str, Any]) -> None:
        """Add what presenting returned."""
        _write(Entry(**{**vars(entry), "record": record}))

    def find(self, solver: str, events: Sequence[Event]) -> Entry | None:
        """What is noted of these events, by this process or another."""
        return max(self._read(self._all(solver, events)), key=lambda entry: entry.at, default=None)

    def hand_on(self, solver: str, events: Sequence[Event], expires: object) -> None:
        """Leave these for a later command to clean up, as long as the order lives."""
        for entry in self._read([self._path(solver, events, self.run)]):
            until = expires if isinstance(expires, str) and _moment(expires) else _stamp(_now() + _HANDED)
            _write(Entry(**{**vars(entry), "until": until}))

    def finished(self, solver: str, events: Sequence[Event]) -> None:
        """Forget what was cleaned up, or never presented; not what another process is about to clean up."""
        for entry in self._read(self._all(solver, events)):
            if entry.run == self.run or entry.until or not self._is_alive(entry.run):
                files.remove(entry.path)

    def failed(self, entry: Entry) -> None:
        """Note that the cleanup was tried now, and failed; where that cannot be noted, it is tried again the sooner."""
        if self.stands(entry):
            with contextlib.suppress(FileTrouble):
                _write(Entry(**{**vars(entry), "tried": _stamp(_now())}))

    def stands(self, entry: Entry) -> bool:
        """Whether the entry is still as it was read: nobody has cleaned up, or presented the same anew."""
        return next(self._read([entry.path]), None) == entry

    def abandoned(self, *, everything: bool = False) -> list[Entry]:
        """What nobody will clean up: its process is gone, and it was not handed on or the order is over.

        `everything`: also what was handed on and may still be wanted, and what this process presented. Raises
        FileTrouble when the journal cannot be read.
        """
        present = self._files()
        self._tidy(path for path in present if path.suffix != ".json")
        entries = list(self._read([path for path in present if path.suffix == ".json"]))
        alive = {run for run in {entry.run for entry in entries} if run != self.run and self._is_alive(run)}
        # What a living process has presented too, it cleans up.
        kept = {_digest(entry.solver, entry.events) for entry in entries if entry.run in alive and not entry.until}
        found = []
        for entry in entries:
            waited = entry.until and (_moment(entry.until) or _now()) > _now()
            mine = entry.run == self.run
            if entry.run in alive or _digest(entry.solver, entry.events) in kept:
                continue
            if everything or not (waited or mine):
                found.append(entry)
        return sorted(found, key=lambda entry: entry.at, reverse=True)

    def close(self) -> None:
        """Let go of this process's lock; what it left behind is abandoned from now on."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
            files.remove(self._lock_of(self.run))

    def _files(self) -> list[Path]:
        with files.trouble(self._directory, "read"):
            try:
                return sorted(self._directory.iterdir())
            except FileNotFoundError:
                return []

    def _tidy(self, paths: Iterable[Path]) -> None:
        """Remove what no entry leads to: locks of processes that were killed, files they did not get to the end of."""
        for path in paths:
            with contextlib.suppress(OSError, FileTrouble):
                if time.time() - path.stat().st_mtime > _UNFINISHED and not lock.is_held(path):
                    files.remove(path)

    def _is_alive(self, run: str) -> bool:
        path = self._lock_of(run)
        if lock.is_held(path):
            return True
        files.remove(path)
        return False

    def _lock_of(self, run: str) -> Path:
        return self._directory / f"run-{run}.lock"

    def _path(self, solver: str, events: Sequence[Event], run: str) -> Path:
        return self._directory / f"{_digest(solver, events)}-{run}.json"

    def _all(self, solver: str, events: Sequence[Event]) -> list[Path]:
        """The same as several processes have presented it: they may have been given one order."""
        return list(self._directory.glob(f"{_digest(solver, events)}-*.json"))

    def _read(self, paths: Sequence[Path]) -> Iterator[Entry]:
        for path in paths:
            try:
                found = json.loads(files.read(path))
                if found["schema"] == SCHEMA and all(c in "0123456789abcdef" for c in found["run"]):
                    yield _entry(path, found)
            except (FileTrouble, BadDocument, ValueError, KeyError, TypeError, AttributeError):
                continue  # cleaned up this instant by another process, or not ours


def _digest(solver: str, events: Sequence[Event]) -> str:
    words = [solver, *sorted(f"{event.type} {event.identifier} {event.token}" for event in events)]
    return hashlib.sha256("\n".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _entry(path: Path, found: dict[str, Any]) -> Entry:
    events = tuple(_event(event) for event in found["events"])
    if not events:
        raise BadDocument(f"{path} names no challenge")
    words = {key: found.get(key, "") for key in ("run", "solver", "at", "until", "tried")}
    objects = {key: found[key] for key in ("authenticator", "record")}
    if not all(isinstance(v, str) for v in words.values()) or not all(isinstance(v, dict) for v in objects.values()):
        raise BadDocument(f"{path} is not of the shape of an entry")
    return Entry(path=path, events=events, **words, **objects)


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
