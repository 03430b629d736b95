"""http-01 by files below the document root of a web server that is running already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit import below
from toolkit.errors import ChallengeFailed, UsageError
from toolkit.events import Event
from toolkit.proofs import HTTP_PREFIX
from toolkit.solvers import Solver


class Webroot(Solver):
    """Writes ROOT/.well-known/acme-challenge/TOKEN; `roots` by name, the one under "" for all other names."""

    name = "webroot"
    types = ("http-01",)

    def __init__(self, roots: dict[str, Path]) -> None:
        if not roots:
            raise UsageError("--webroot without a directory", "name it with -w DIR")
        self.roots = roots

    def present(self, events: Sequence[Event]) -> dict[str, Any]:
        (event,) = events
        made = below.write(self._root(event), _parts(event), event.validation.encode())
        return {"made": made}

    def cleanup(self, events: Sequence[Event], record: dict[str, Any]) -> None:
        (event,) = events
        made = record.get("made")
        below.remove(self._root(event), _parts(event), made if isinstance(made, list) else [])

    def _root(self, event: Event) -> Path:
        root = self.roots.get(event.identifier) or self.roots.get("")
        if root is None:
            raise ChallengeFailed(f"no webroot for {event.identifier}", f"name it with -w {event.identifier}=DIR")
        return root


def _parts(event: Event) -> list[str]:
    return [*HTTP_PREFIX.strip("/").split("/"), event.token]


def parse_roots(values: tuple[str, ...]) -> dict[str, Path]:
    """The roots of `-w DIR` and `-w NAME=DIR`. Raises UsageError."""
    roots: dict[str, Path] = {}
    for value in values:
        name, separator, directory = value.partition("=")
        if not separator or "/" in name:
            name, directory = "", value
        if name in roots:
            which = f"for {name}" if name else "for all names"
            raise UsageError(f"two webroots {which}", "write -w NAME=DIR for names with a root of their own")
        roots[name] = Path(directory).absolute()
    return roots
