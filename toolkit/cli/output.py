"""Standard output, or the file of --output: documents one a line, each written as soon as it is done."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path

from toolkit import document, files
from toolkit.errors import FileTrouble, printable


class Output:
    """Where documents go; used by several threads."""

    def __init__(self, path: str | None, silent_on_terminal: bool) -> None:
        self._path = Path(path).absolute() if path else None
        self._kept: list[str] = []
        # Why nothing more can be written; nothing that comes later is taken for written.
        self._failure: OSError | ValueError | None = None
        self._lock = threading.Lock()
        if not self._path and sys.stdout is None:
            raise FileTrouble("cannot write standard output: it is closed", "give it a place, or use --output FILE")
        self._silent = silent_on_terminal and not self._path and sys.stdout.isatty()

    def write(self, doc: document.Document) -> None:
        """Write one document. Raises FileTrouble that names the document's order when nobody takes it."""
        line = document.dump(doc)
        if self._silent:
            return
        if self._path:
            self._kept.append(line)
            return
        order = doc.get("order")
        self._write(line, printable(order.get("url"), 300) if isinstance(order, dict) else None)

    def write_line(self, text: str) -> None:
        """Write lines for people. Raises FileTrouble."""
        self._write(f"{text}\n", None)

    def _write(self, text: str, url: str | None) -> None:
        with self._lock:
            if self._failure is None:
                try:
                    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
                    sys.stdout.buffer.flush()
                    return
                except (OSError, ValueError) as error:
                    self._failure = error
                    _abandon_stdout()
            reason = getattr(self._failure, "strerror", None) or str(self._failure)
            raise FileTrouble(
                f"cannot write standard output: {reason.lower()}" + (f"; the order is {url}" if url else ""),
                "the same command line goes on from here",
            ) from self._failure

    def close(self) -> None:
        """Write the file of --output, whole."""
        if self._path:
            files.replace(self._path, "".join(self._kept).encode("utf-8", "surrogateescape"), 0o644)


def _abandon_stdout() -> None:
    """Keep the interpreter from trying once more at exit, which could only fail again."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
