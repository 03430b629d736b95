"""What came of the last tries to renew a lineage, and when the CA wants it: remembered from run to run."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from toolkit import ari, files
from toolkit.errors import FileTrouble, ToolkitError
from toolkit.store.paths import Paths

# After the first failure, the second, the third; then daily (Let's Encrypt's integration guide, "Retrying failures").
_PAUSES = tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 10, 100))
_DAILY = datetime.timedelta(days=1)
# A CA that asks for more patience than this is looked at again all the same.
_LONGEST = datetime.timedelta(days=14)


@dataclass(frozen=True)
class Attempts:
    """Failures in a row, the last of them, and before when there shall be no other; what ARI has said."""

    failures: int = 0
    error: str = ""
    not_before: datetime.datetime | None = None
    # The settings that failed: with others, there has been no failure.
    settings: str = ""
    suggested: ari.State | None = None
    # The SHA-256 of the certificate that ARI has said it of.
    certificate: str = ""

    def failed(self, error: ToolkitError, settings: str, now: datetime.datetime) -> Attempts:
        """After one more failure; the CA's own time goes before ours if it is later."""
        failures = (self.failures if self.settings == settings else 0) + 1
        pause = _PAUSES[failures - 1] if failures <= len(_PAUSES) else _DAILY
        asked = _moment(error.retry_after)
        until = max(now + pause, min(asked, now + _LONGEST)) if asked else now + pause
        return Attempts(failures, error.message, until, settings, self.suggested, self.certificate)

    def waits(self, settings: str, now: datetime.datetime) -> bool:
        """Whether it is too early for another try. A time that a wrong clock has set is not heeded."""
        if not self.failures or self.settings != settings or self.not_before is None:
            return False
        return now < self.not_before <= now + _LONGEST

    def suggests(self, certificate: str, state: ari.State) -> Attempts:
        """With what the CA has said of the certificate."""
        return replace(self, certificate=certificate, suggested=state)

    def suggestion(self, certificate: str) -> ari.State | None:
        """What the CA has said of the certificate; what it said of the one before does not count."""
        return self.suggested if self.certificate == certificate else None


def read(paths: Paths, name: str) -> Attempts:
    """What is remembered of the lineage; nothing where the file is missing or is not ours."""
    try:
        found = json.loads(files.read(paths.attempts(name), 65536))
        return Attempts(
            int(found["failures"]),
            str(found["error"]),
            _moment(found["not_before"]),
            str(found["settings"]),
            ari.State.from_json(found["suggested"]),
            str(found["certificate"]),
        )
    except (FileTrouble, ValueError, KeyError, TypeError):
        return Attempts()


def write(paths: Paths, name: str, attempts: Attempts) -> None:
    """Remember it. Raises FileTrouble."""
    path = paths.attempts(name)
    body: dict[str, Any] = {
        "failures": attempts.failures,
        "error": attempts.error,
        "not_before": attempts.not_before.isoformat() if attempts.not_before else None,
        "settings": attempts.settings,
        "suggested": attempts.suggested.to_json() if attempts.suggested else None,
        "certificate": attempts.certificate,
    }
    files.make_directory(path.parent)
    files.replace(path, json.dumps(body).encode(), 0o600)


def digest(settings: dict[str, Any]) -> str:
    """The settings as a short text that differs when they do."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _moment(text: object) -> datetime.datetime | None:
    try:
        found = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
