"""Words for people, on standard error, one form for all commands."""

from __future__ import annotations

import sys
import threading
import traceback

from toolkit.errors import ToolkitError, printable


class Messages:
    """Writes `name: error: …` and `name: hint: …`; progress when it is wanted."""

    def __init__(self, name: str, verbosity: int) -> None:
        self.name = name
        self._verbosity = verbosity
        self._lock = threading.Lock()

    def error(self, error: ToolkitError, about: str = "") -> None:
        """What happened, to which thing, and what to do next."""
        self._write("error", f"{about}: {error.message}" if about else error.message)
        if error.hint:
            self._write("hint", error.hint)

    def warning(self, error: ToolkitError, about: str = "") -> None:
        """The same for what does not end the work."""
        if self._verbosity < 0:
            return
        self._write("warning", f"{about}: {error.message}" if about else error.message)
        if error.hint:
            self._write("hint", error.hint)

    def crash(self, error: BaseException) -> None:
        """An error that is a defect of the toolkit; the traceback only with -vv."""
        self._write("error", f"internal error: {type(error).__name__}: {error}")
        if self._verbosity > 1:
            with self._lock:
                traceback.print_exception(error, file=sys.stderr)
        else:
            self._write("hint", "run it again with -vv, and report what it prints")

    def say(self, text: str) -> None:
        """Progress, on a terminal or with -v."""
        if self._verbosity > 0:
            self._write("", text)

    def tell(self, text: str) -> None:
        """What people should know although nothing is wrong; not with -q."""
        if self._verbosity >= 0:
            self._write("", text)

    def hook(self, name: str, line: bytes) -> None:
        """One line that a hook wrote."""
        if self._verbosity >= 0:
            self._write("", f"{name}: {line.decode('utf-8', 'backslashreplace')}")

    def _write(self, kind: str, text: str) -> None:
        line = f"{self.name}: {kind + ': ' if kind else ''}{printable(text, 8192)}\n"
        with self._lock:
            try:
                sys.stderr.write(line)
                sys.stderr.flush()
            except (OSError, ValueError, AttributeError):
                return  # nobody is left to read it


def verbosity(verbose: int, quiet: bool) -> int:
    """-1 errors only, 0 warnings and hooks too, 1 progress (the default on a terminal), 2 tracebacks too."""
    if quiet:
        return -1
    return verbose or int(bool(sys.stderr and sys.stderr.isatty()))
