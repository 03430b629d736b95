"""Words for people, on standard error, one form for all commands."""

from __future__ import annotations

import os
import sys
import threading
import traceback

from toolkit.errors import ToolkitError, printable

# To the end of the line (ECMA-48 EL), and the width of a terminal that does not tell its own.
_ERASE = "\x1b[K"
_NARROW = 80
# The end of a line that is too long: it says how far things are.
_END = 32


class Messages:
    """Writes `name: error: …` and `name: hint: …`; progress when it is wanted."""

    def __init__(self, name: str, verbosity: int) -> None:
        self.name = name
        self._verbosity = verbosity
        self._lock = threading.Lock()
        # What stands in the line that is rewritten in place.
        self._line = ""

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
                self._rewrite("")
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

    def progress(self) -> Line:
        """Where one wait tells how far it is."""
        return Line(self, self._verbosity)

    def rewrite(self, text: str) -> None:
        """Let the text stand in the last line of the terminal, until something else is written; none erases it."""
        with self._lock:
            self._rewrite(printable(f"{self.name}: {text}", 8192) if text else "")

    def _rewrite(self, line: str) -> None:
        if not line and not self._line:
            return
        try:
            width = os.get_terminal_size(sys.stderr.fileno()).columns or _NARROW
            fitting = line if len(line) < width else line[: max(0, width - _END - 4)] + "..." + line[-_END:]
            sys.stderr.write("\r" + fitting[: width - 1] + _ERASE)
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return  # nobody is left to read it
        self._line = line

    def _write(self, kind: str, text: str) -> None:
        line = f"{self.name}: {kind + ': ' if kind else ''}{printable(text, 8192)}\n"
        with self._lock:
            progress = self._line
            self._rewrite("")
            try:
                sys.stderr.write(line)
                sys.stderr.flush()
            except (OSError, ValueError, AttributeError):
                return  # nobody is left to read it
            self._rewrite(progress)


class Line:
    """How far one wait is: in one line of a terminal, which goes when it ends; else, with -v, its begin and its end."""

    def __init__(self, messages: Messages, verbosity: int) -> None:
        self._messages = messages
        self._in_place = verbosity >= 0 and bool(sys.stderr and sys.stderr.isatty())
        self._told = False

    def show(self, text: str) -> None:
        if self._in_place:
            self._messages.rewrite(text)
        elif not self._told:
            self._messages.say(text)
        self._told = True

    def end(self, text: str) -> None:
        if not self._told:
            return
        if self._in_place:
            self._messages.rewrite("")
        else:
            self._messages.say(text)


def verbosity(verbose: int, quiet: bool) -> int:
    """-1 errors only, 0 warnings and hooks too, 1 progress (the default on a terminal), 2 tracebacks too."""
    if quiet:
        return -1
    return verbose or int(bool(sys.stderr and sys.stderr.isatty()))
