"""Standard input or files, line by line: order documents, and where a command takes them, plain names."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from toolkit import document, files, names
from toolkit.document import Document
from toolkit.errors import BadDocument, ToolkitError, UsageError


@dataclass(frozen=True)
class Item:
    """One piece of input: a document, or the error that it is none; `where` is its file and line."""

    where: str
    document: Document | None = None
    error: ToolkitError | None = None


def items(paths: tuple[str, ...], plain_names: bool) -> Iterator[Item]:
    """The documents of the files, or of standard input without any; raises BadDocument if there is no input."""
    seen = False
    for where, line in _lines(paths):
        text = line.strip()
        if not text or (plain_names and text.startswith(b"#")):
            continue
        seen = True
        try:
            yield Item(where, _one(text, plain_names))
        except ToolkitError as error:
            yield Item(where, error=error)
    if not seen:
        raise BadDocument("no input", "did the command before it fail?")


def signing_request(path: str, cert_name: str | None) -> Item:
    """A document for what a signing request (PEM or DER) asks for. Raises UsageError, FileTrouble."""
    from toolkit import keys

    pem, found = keys.read_csr(files.read(Path(path), 1024 * 1024), path)
    doc = document.new(found, names.lineage(cert_name) if cert_name else None)
    doc["csr"] = pem
    return Item(path, doc)


def _one(text: bytes, plain_names: bool) -> Document:
    if plain_names and not text.startswith((b"{", b"[", b'"', b"\xef")):
        wanted = text.decode("utf-8", "backslashreplace").split()
        return document.new(names.identifiers(wanted))
    return document.parse(text)


def _lines(paths: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths or ("-",):
        if path != "-":
            with files.trouble(path, "read"), open(path, "rb") as file:
                yield from _whole(_numbered(path, file))
        elif sys.stdin is None or sys.stdin.closed:
            raise BadDocument("standard input is closed", "pipe documents in, or name files")
        elif sys.stdin.isatty():
            raise UsageError("standard input is a terminal", "pipe documents in, name files, or see --help")
        else:
            with files.trouble("standard input", "read"):
                yield from _whole(_numbered("standard input", sys.stdin.buffer))


def _numbered(name: str, file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    number = 0
    while line := file.readline(document.LONGEST + 2):
        number += 1
        yield f"{name}, line {number}", line
        while len(line) > document.LONGEST and not line.endswith(b"\n"):
            line = file.readline(document.LONGEST)  # the rest of a line that is refused


def _whole(lines: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Join the lines of a document that jq or an editor has spread over several."""
    start, size = "", 0
    kept: list[bytes] = []
    for where, line in lines:
        if kept or line.rstrip() == b"{":
            start = start or where
            kept.append(line)
            size += len(line)
            if line.rstrip() == b"}" or size > document.LONGEST:
                yield start, b"".join(kept)
                start, kept, size = "", [], 0
        else:
            yield where, line
    if kept:
        yield start, b"".join(kept)
