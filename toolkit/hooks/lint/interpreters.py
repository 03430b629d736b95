"""What would run a script: its first line, whether that program is there, and what a shell says of the syntax."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit import runner
from toolkit.dialects import Dialect
from toolkit.errors import HookFailed, printable
from toolkit.hooks.lint.habits import Severity
from toolkit.hooks.locate import Search
from toolkit.runner import Program
from toolkit.waiting import Stop

# Line, severity, text, hint
Told = tuple[int | None, Severity, str, str]

SHELLS = ("sh", "dash", "ash", "bash", "ksh", "mksh", "zsh")
# Those whose -n we ask; the others, or a shell that is not there, say nothing.
_CHECKED = {"sh": ("dash", "sh"), "dash": ("dash", "sh"), "ash": ("dash", "sh"), "bash": ("bash",)}
_SUFFIXES = {".sh": "sh", ".bash": "bash", ".py": "python3", ".pl": "perl", ".pm": "perl", ".js": "node"}
_SUFFIXES |= {".rb": "ruby", ".php": "php"}
_DIRECTIVE = re.compile(r"#\s*shellcheck\s+shell=(\w+)")
_SECONDS = 10.0
CARRIAGE = "sed -i 's/\\r$//' FILE"


@dataclass(frozen=True)
class Interpreter:
    """`path` and `argument` are those of the #! line, `name` is what it is; all empty where nothing tells."""

    path: str = ""
    argument: str = ""
    name: str = ""

    @property
    def is_shell(self) -> bool:
        return self.name in SHELLS


def of(path: Path, text: str) -> Interpreter:
    """What runs this text: by its first line, else by the end of its name, else a shell."""
    first = text.partition("\n")[0].rstrip("\r")
    if match := re.match(r"\ufeff?#![ \t]*(\S+)[ \t]*(.*)", first):
        program, argument = match[1], match[2].strip()
        words = [word for word in argument.split() if word != "-S" and "=" not in word]
        name = words[0] if Path(program).name == "env" and words else program
        return Interpreter(program, argument, Path(name).name)
    if directive := _DIRECTIVE.search(text[:2000]):
        return Interpreter(name=directive[1])
    return Interpreter(name=_SUFFIXES.get(path.suffix, "sh"))


def complaints(text: str, found: Interpreter, dialect: Dialect, search: Search) -> Iterator[Told]:
    """What is wrong with the first line of a program."""
    if dialect.name == "acmesh":
        return  # acme.sh reads it, whatever its first line says
    first = text.partition("\n")[0]
    if not found.path:
        runs = {"certbot": "/bin/sh", "dehydrated": "bash"}.get(dialect.name)
        if runs:
            yield 1, "note", f"the first line names no interpreter; {runs} runs it", "#!/bin/sh"
        else:
            yield 1, "error", "the first line names no interpreter", "#!/bin/sh"
        return
    if first.startswith("\ufeff"):
        yield 1, "error", "a byte order mark stands before #!, so that it is none", "save it without"
    if first.endswith("\r"):
        yield 1, "error", "the #! line ends in a carriage return, which becomes part of its name", CARRIAGE
    if not found.path.startswith("/"):
        yield 1, "warning", f"the interpreter {_shown(found.path)} is looked for where the command runs", "#!/..."
    elif not _is_program(Path(found.path)):
        yield 1, "error", f"there is no interpreter {_shown(found.path)}", "look at the first line"
    elif Path(found.path).name == "env":
        yield from _by_env(found, search)


def check(path: Path, shell: str, search: Search, stop: Stop) -> Iterator[Told]:
    """What `SHELL -n` says of the file; nothing is said of a shell that is not here."""
    program = next(filter(None, (_on_path(name, search) for name in _CHECKED.get(shell, ()))), None)
    if program is None:
        return
    command = Program((program, "-n", str(path)), {"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    try:
        result = runner.run(command, timeout=_SECONDS, stop=stop, echo=lambda _: None)
    except HookFailed as error:
        yield None, "note", f"the syntax was not looked at: {error.message}", ""
        return
    if result.status:
        said = result.stderr.text().strip().splitlines()
        match = re.search(r": (?:line )?(\d+): (.*)", said[0]) if said else None
        line, what = (int(match[1]), match[2]) if match else (None, said[0] if said else "it fails")
        yield line, "error", f"{Path(program).name} does not understand it: {printable(what, 200)}", ""


def _by_env(found: Interpreter, search: Search) -> Iterator[Told]:
    words = found.argument.split()
    if not words:
        yield 1, "error", "env is not told what to run", "#!/usr/bin/env bash"
    elif len(words) > 1 and words[0] != "-S":
        yield 1, "error", f"env looks for one program called {_shown(found.argument)!r}", "#!/usr/bin/env -S ..."
    elif not _on_path(found.name, search):
        yield 1, "error", f"there is no {_shown(found.name)} on PATH", "install it, or look at the first line"


def _on_path(name: str, search: Search) -> str | None:
    for directory in (search.environment.get("PATH") or os.defpath).split(":"):
        if directory.startswith("/") and _is_program(Path(directory) / name):
            return str(Path(directory) / name)
    return None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _shown(text: str) -> str:
    return printable(text, 200)
