"""Lineages: generations of a certificate in archive/, and the one that is live.

live/NAME is a symbolic link to a directory of links, live/.NAME.N, which holds the four links of generation
N. The files of a generation are durable before that directory is made, and one rename switches all four, so
that live/NAME shows one generation at every instant, whenever the process or the machine dies.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from toolkit import certs, files, keys
from toolkit.errors import BadCertificate, FileTrouble, ToolkitError
from toolkit.store.paths import Paths

KINDS = ("cert", "chain", "fullchain", "privkey")


@dataclass(frozen=True)
class Lineage:
    """A lineage as it is live now."""

    name: str
    generation: int
    live: Path

    def files(self, paths: Paths) -> list[Path]:
        """The files of this generation, in the order of KINDS; no later one changes them."""
        return [paths.archive(self.name) / f"{kind}{self.generation}.pem" for kind in KINDS]

    def chain(self) -> certs.Chain:
        return certs.read_chain(files.read(self.live / "fullchain.pem").decode("ascii", "replace"))

    def key(self) -> keys.PrivateKey:
        path = self.live / "privkey.pem"
        return keys.from_pem(files.read(path), str(path))


def current(paths: Paths, name: str) -> Lineage | None:
    """The lineage, or None if nothing of that name is live. Raises FileTrouble for a live/NAME that is not ours."""
    live = paths.live(name)
    if not os.path.lexists(live):
        return None
    match = re.fullmatch(re.escape(f".{name}.") + r"(\d+)", os.readlink(live)) if live.is_symlink() else None
    if not match:
        raise FileTrouble(
            f"{live} was made by another program, which keeps a directory there",
            "choose another lineage name with --cert-name",
        )
    return Lineage(name, int(match[1]), live)


def store(paths: Paths, name: str, chain: certs.Chain, key: keys.PrivateKey) -> Lineage:
    """Make the certificate live, and return the lineage; one that is live already stays as it is.

    The caller holds the lineage's lock and has checked the chain. Raises FileTrouble.
    """
    present = current(paths, name)
    if present and _is(present, chain):
        return present
    number = max([0, *numbers(paths, name)]) + 1
    _write_generation(paths, name, number, chain, key)
    files.replace_link(paths.live(name), paths.generation(name, number).name)
    _prune(paths, name, keep={number, present.generation if present else number})
    return Lineage(name, number, paths.live(name))


def switch(paths: Paths, name: str, number: int) -> Lineage:
    """Make a generation that lies in archive/ live. The caller holds the lock. Raises BadCertificate, FileTrouble."""
    cert, chain, fullchain, privkey = Lineage(name, number, paths.live(name)).files(paths)
    found = certs.read_chain(files.read(fullchain).decode("ascii", "replace"))
    key = keys.from_pem(files.read(privkey), str(privkey))
    if keys.public_name(found.leaf) != keys.public_name(key) or not (cert.exists() and chain.exists()):
        raise BadCertificate(f"generation {number} of {name} is not whole", "choose another with --generation")
    directory = paths.generation(name, number)
    if directory.is_dir() and len(os.listdir(directory)) < len(KINDS):
        files.remove_links(directory)
    if not directory.is_dir():
        files.make_links(directory, _links(name, number))
    files.replace_link(paths.live(name), directory.name)
    return Lineage(name, number, paths.live(name))


def _links(name: str, number: int) -> dict[str, str]:
    return {f"{kind}.pem": f"../../archive/{name}/{kind}{number}.pem" for kind in KINDS}


def _is(lineage: Lineage, chain: certs.Chain) -> bool:
    try:
        return lineage.chain().fingerprint == chain.fingerprint and keys.public_name(lineage.key()) == keys.public_name(
            chain.leaf
        )
    except (BadCertificate, FileTrouble):
        return False


def _write_generation(paths: Paths, name: str, number: int, chain: certs.Chain, key: keys.PrivateKey) -> None:
    contents = {
        "privkey": (keys.to_pem(key), 0o600),
        "cert": (chain.pem(0, 1).encode(), 0o644),
        "chain": (chain.pem(1).encode(), 0o644),
        "fullchain": (chain.pem().encode(), 0o644),
    }
    archive = paths.archive(name)
    files.make_directory(archive)
    files.make_directory(paths.live(name).parent)
    written: list[Path] = []
    try:
        for kind, (data, mode) in contents.items():
            path = archive / f"{kind}{number}.pem"
            files.create(path, data, mode)
            written.append(path)
        files.make_links(paths.generation(name, number), _links(name, number))
    except ToolkitError:
        # Nothing points here yet. A disk that is full must not fill further with every try.
        with contextlib.suppress(ToolkitError):
            files.remove_links(paths.generation(name, number))
        for path in written:
            with contextlib.suppress(ToolkitError):
                files.remove(path)
        raise


def numbers(paths: Paths, name: str) -> list[int]:
    """The numbers of all generations there are traces of, complete or not."""
    archived = re.compile(r"(?:cert|chain|fullchain|privkey)(\d+)\.pem")
    linked = re.compile(re.escape(f".{name}.") + r"(\d+)")
    found = []
    for directory, pattern in ((paths.archive(name), archived), (paths.live(name).parent, linked)):
        with files.trouble(directory, "read"):
            for entry in os.listdir(directory) if directory.is_dir() else []:
                match = pattern.fullmatch(entry)
                if match:
                    found.append(int(match[1]))
    return found


def _prune(paths: Paths, name: str, keep: set[int]) -> None:
    """Remove the link directories of generations that are neither live nor the one before."""
    for number in numbers(paths, name):
        directory = paths.generation(name, number)
        if number not in keep and directory.is_dir():
            files.remove_links(directory)
