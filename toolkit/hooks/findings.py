"""What acme-hook test has found out about a hook, kept for those who run it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from toolkit import files
from toolkit.errors import FileTrouble
from toolkit.hooks import Hook
from toolkit.store.paths import Paths


@dataclass(frozen=True)
class Findings:
    """None: not known."""

    # Whether it holds two values of one record at a time
    several_values: bool | None = None
    # Whether cleanup takes away one value and leaves its siblings
    own_value_only: bool | None = None


def read(paths: Paths, hook: Hook) -> Findings:
    """What is known of the hook as its files are now."""
    try:
        found = json.loads(files.read(paths.hook_findings(hook.name, hook.identity), 65536))
        if found["digest"] != _digest(hook):
            return Findings()
        return Findings(_flag(found.get("several_values")), _flag(found.get("own_value_only")))
    except (FileTrouble, ValueError, KeyError, TypeError):
        return Findings()


def write(paths: Paths, hook: Hook, found: Findings) -> None:
    """Keep it, until a file of the hook changes."""
    path = paths.hook_findings(hook.name, hook.identity)
    files.make_directory(path.parent)
    files.replace(path, json.dumps({"digest": _digest(hook), **vars(found)}).encode(), 0o600)


def _digest(hook: Hook) -> str:
    digest = hashlib.sha256(hook.identity.encode("utf-8", "surrogateescape"))
    for file in sorted(hook.files):
        for part in sorted(file.iterdir()) if file.is_dir() else [file]:
            if part.is_file():
                digest.update(b"\0" + files.read(part))
    return digest.hexdigest()


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
