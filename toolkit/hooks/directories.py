"""CONFIG/renewal-hooks/{pre,deploy,post}: certbot's directories of programs that run for every certificate."""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.dialects.certbot import Certbot
from toolkit.hooks import Hook
from toolkit.store.paths import Paths


def programs(paths: Paths, event: str) -> list[Hook]:
    """The executables of the event's directory, sorted by their bytes; what ends in ~ an editor left behind."""
    directory = paths.renewal_hooks(event)
    found = sorted(directory.iterdir(), key=os.fsencode) if directory.is_dir() else []
    return [_hook(path, event) for path in found if _is_program(path)]


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK) and not path.name.endswith("~")


def _hook(path: Path, event: str) -> Hook:
    dialect = Certbot({event: (str(path),)})
    return Hook(path.name, str(path), dialect, (path,), f"renewal-hooks/{event}", "in certbot's directory of hooks")
