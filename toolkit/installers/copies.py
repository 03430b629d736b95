"""Copies for services that want files of their own: `--copy KIND=PATH`, each written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit import files
from toolkit.errors import UsageError, printable
from toolkit.store.lineages import Lineage

KINDS = ("fullchain", "cert", "chain", "key", "combined")
_SECRET = ("key", "combined")


@dataclass(frozen=True)
class Copy:
    """One file to be written at every installation; `combined` is the key followed by the full chain."""

    kind: str
    path: Path

    @property
    def target(self) -> str:
        return f"copy {self.kind}={self.path}"

    def write(self, lineage: Lineage) -> None:
        """Write the file: 0600 if it holds the key, else 0644; one that is there keeps its access."""
        parts = {"key": ("privkey",), "combined": ("privkey", "fullchain")}.get(self.kind, (self.kind,))
        data = b"".join(files.read(lineage.live / f"{part}.pem") for part in parts)
        files.replace(self.path, data, 0o600 if self.kind in _SECRET else 0o644, keep_access=True)


def parse(value: str) -> Copy:
    """The copy that KIND=PATH asks for. Raises UsageError."""
    kind, separator, path = value.partition("=")
    if kind not in KINDS or not separator or not path:
        raise UsageError(f"--copy {printable(value, 300)}: not KIND=PATH", f"KIND is one of {', '.join(KINDS)}")
    return Copy(kind, Path(path).absolute())
