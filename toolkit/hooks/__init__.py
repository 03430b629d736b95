"""Hooks: finding them, deciding whether to trust them, and running them (man acme-hooks)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit.dialects import Dialect


@dataclass(frozen=True)
class Hook:
    """A script, or a directory of scripts, in the dialect it speaks."""

    # How people call it
    name: str
    # What it is, exactly: two hooks with one name are two hooks.
    identity: str
    dialect: Dialect
    # What is run, and must not be anybody else's to change
    files: tuple[Path, ...] = ()
    # Which directory of the search path it is from, or empty
    origin: str = ""
    # Why it is of that dialect
    why: str = ""
