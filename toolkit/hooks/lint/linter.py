"""Looks at a hook's files without running them, and says what would go wrong, or might.

Nothing is run but a shell's own check of the syntax (`sh -n`); `probe` is what runs the hook itself.
"""

from __future__ import annotations

import ast
import os
import re
import stat
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit import files
from toolkit.dialects import Dialect, certbot
from toolkit.errors import HookFailed, ToolkitError, UsageError, printable
from toolkit.hooks import locate, safety
from toolkit.hooks.lint import habits, interpreters, manners, shellcode, variables
from toolkit.hooks.lint.habits import Severity
from toolkit.hooks.lint.interpreters import Interpreter
from toolkit.hooks.lint.shellcode import LONGEST_LINE
from toolkit.hooks.lint.variables import OURS, Mention
from toolkit.hooks.locate import EVENTS, Search
from toolkit.hooks.running import HookRunner
from toolkit.waiting import Stop

_LONGEST = 1024 * 1024
NOT_RUN = "not run; --probe does"
_LIBRARIES = (".sh", ".bash", ".py", ".pl", ".pm", ".js", ".rb", ".php")


@dataclass(frozen=True)
class Finding:
    """What is wrong where, and what to do about it; `line` is None for the file as a whole."""

    file: str
    line: int | None
    severity: Severity
    text: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.severity}: {self.text}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True)
class Subject:
    """What is looked at: the programs by their events, what stands beside them, and how the dialect calls them."""

    name: str
    dialect: Dialect
    programs: Mapping[Path, tuple[str, ...]]
    beside: tuple[Path, ...] = ()
    # Why it is of that dialect
    why: str = ""
    told: bool = False


@dataclass(frozen=True)
class Linter:
    """Looks at hooks in the environment that `runner` would give them."""

    search: Search
    runner: HookRunner
    stop: Stop

    def everything(self) -> list[str]:
        """The names of all hook directories of the search path, those that cannot work too."""
        return [name for name, _, _ in locate.everything(self.search)]

    def look(self, spec: str) -> list[Finding]:
        """All that is to be said about the hook, in the order of its files and lines."""
        found: list[Finding] = []
        try:
            subject = self._subject(spec, found)
        except ToolkitError as error:
            return [Finding(printable(spec, 300), None, "error", error.message, error.hint or "")]
        for path, events in subject.programs.items():
            found += _guess(path, subject)
            found += _access(path, subject)
            found += _owners(path)
            found += self._text(path, subject, events)
            if subject.dialect.name in manners.PROBED:
                found.append(Finding(str(path), None, "note", NOT_RUN, manners.expected(subject.dialect)))
        for path in subject.beside:
            found += _owners(path, beside=True)
            found += self._text(path, subject, ())
        return sorted(dict.fromkeys(found), key=lambda finding: (finding.file, finding.line or 0))

    def probe(self, spec: str) -> list[Finding]:
        """Run what every script of the dialect answers without doing anything, where there is such a thing."""
        hook = locate.locate(spec, self.search)
        file = str(hook.files[-1]) if hook.files else hook.name
        invocations = hook.dialect.lint(self.runner.place(hook))
        if not invocations:
            return [Finding(file, None, "note", f"not run: hooks of {hook.dialect.name} know no call without effect")]
        asked = " ".join(invocations[0].argv[1:])
        said: list[bytes] = []
        try:
            replace(self.runner, echo=lambda _, line: said.append(line)).run(hook, "lint", invocations, self.stop)
        except HookFailed as error:
            return [Finding(file, None, "error", f"run with {asked}: {error.message}", manners.expected(hook.dialect))]
        if said and hook.dialect.name == "dehydrated":
            line = printable(said[0].decode("utf-8", "replace"), 100)
            return [Finding(file, None, "error", f"run with {asked}: said {line!r}", manners.expected(hook.dialect))]
        return [Finding(file, None, "note", f"run with {asked}: as it should be")]

    def _subject(self, spec: str, found: list[Finding]) -> Subject:
        name, _, rest = spec.partition(":")
        directory = self._directory(rest if name == "certbot" else spec)
        if directory:
            return _of_directory(directory, found)
        hook = locate.locate(spec, self.search)
        script = next((path for path in reversed(hook.files) if path.name != "acme.sh"), None)
        if script is None:
            raise UsageError(f"{hook.name} is a name that acme.sh looks up", "give the path of the script")
        if script.is_dir():
            return _of_directory(script, found)
        dialect = hook.dialect
        if isinstance(dialect, certbot.Certbot):
            # One script may serve all of certbot's options.
            dialect = certbot.Certbot(dict.fromkeys((*EVENTS, "post"), (str(script),)))
        return Subject(hook.name, dialect, {script: dialect.events}, (), hook.why)

    def _directory(self, text: str) -> Path | None:
        is_path = text.startswith(("/", "./", "../", "~"))
        places = [Path(text).expanduser()] if is_path else [path / text for path in self.search.paths()]
        found = next((path for path in [*places, Path(text)] if path.is_dir() and text), None)
        return found.absolute() if found else None

    def _text(self, path: Path, subject: Subject, events: tuple[str, ...]) -> Iterator[Finding]:
        """What can be read in a file; `events` is empty for one that others read."""

        def finding(line: int | None, severity: Severity, text: str, hint: str = "") -> Finding:
            return Finding(str(path), line, severity, text, hint)

        try:
            data = files.read(path, _LONGEST)
        except ToolkitError as error:
            yield finding(None, "error", error.message, error.hint or "")
            return
        if data.startswith(b"\x7fELF"):
            yield finding(None, "note", "a program that is no script: nothing in it was looked at")
            return
        if b"\0" in data:
            yield finding(data[: data.index(b"\0")].count(b"\n") + 1, "error", "there is a NUL in the script")
            return
        text = data.decode("utf-8", "replace")
        found = interpreters.of(path, text)
        if events:
            yield from (finding(*told) for told in interpreters.complaints(text, found, subject.dialect, self.search))
        yield from (finding(*told) for told in self._syntax(path, text, found, subject.dialect))
        for habit in self._habits(path, text.replace("\r\n", "\n"), found, subject, events):
            yield finding(habit.line, habit.severity, habit.text, habit.hint)

    def _syntax(self, path: Path, text: str, found: Interpreter, dialect: Dialect) -> Iterator[interpreters.Told]:
        if "\r\n" in text and found.is_shell:
            line = text[: text.index("\r\n")].count("\n") + 1
            yield line, "error", "a carriage return ends the line; the shell takes it for text", interpreters.CARRIAGE
        elif found.is_shell:
            shell = "sh" if dialect.name == "acmesh" else found.name
            yield from interpreters.check(path, shell, self.search, self.stop)
        elif found.name.startswith("python3") or path.suffix == ".py":
            yield from _python(text)

    def _habits(
        self, path: Path, text: str, found: Interpreter, subject: Subject, events: tuple[str, ...]
    ) -> Iterator[habits.Habit]:
        told = subject.told
        if found.is_shell:
            script = shellcode.read(text)
            yield from habits.of_shell(script, arguments=subject.dialect.name in manners.ARGUMENTS, told=told)
            if subject.dialect.name == "acmesh" or found.name in ("sh", "dash", "ash"):
                yield from habits.of_bash(script)
            if events:
                yield from manners.of_dialect(path, script, subject.dialect)
            mentioned = variables.of_shell(script)
            if subject.dialect.name == "acmesh":
                mentioned = variables.saved(script)  # what else it expands, acme.sh may have set
        elif found.name:
            lines = [(n, line[:LONGEST_LINE]) for n, line in enumerate(text.splitlines(), 1) if not _is_comment(line)]
            yield from habits.of_others(lines, told=told)
            mentioned = variables.of_others(lines)
        else:
            return
        yield from self._variables(mentioned, subject, events)

    def _variables(
        self, mentioned: Iterable[Mention], subject: Subject, events: tuple[str, ...]
    ) -> Iterator[habits.Habit]:
        """Those that the script asks for and would not get."""
        given = variables.given(subject.dialect)
        everywhere = set().union(*given.values())
        here = set().union(*(given.get(e, set()) for e in events)) if subject.told and events else everywhere
        beside = self._given_beside(subject)
        for mention in mentioned:
            name = mention.name
            if name in here or name in OURS or name in self.runner.passing.variables or name in beside:
                continue
            other = variables.client(name)
            if name in everywhere or other == subject.dialect.name:
                if not mention.guarded:
                    yield habits.Habit(mention.line, "warning", f"{name} is not set here", f"use ${{{name}-}}")
            elif other:
                severity: Severity = "note" if mention.guarded else "warning"
                hint = f"{other}:PATH, if it is one of those" if other in locate.DIALECTS else ""
                yield habits.Habit(mention.line, severity, f"{name} is for hooks of {other} only", hint)
            else:
                severity = "note" if mention.guarded else "warning"
                what = "may ask for" if mention.guarded else "asks for"
                yield habits.Habit(
                    mention.line, severity, f"{what} {name}, which it would not get", f"--hook-env {name}"
                )

    def _given_beside(self, subject: Subject) -> set[str]:
        """What one file of a hook directory sets or looks after, for the others that read it."""
        found: set[str] = set()
        for path in subject.beside:
            text = _readable(path)
            if interpreters.of(path, text).is_shell:
                found |= shellcode.read(text).assigned()
        return found


def _of_directory(path: Path, found: list[Finding]) -> Subject:
    programs = {path / event: (event,) for event in EVENTS if os.path.lexists(path / event)}
    if not programs:
        raise UsageError(f"{path} is no hook", f"a hook is a directory with {', '.join(EVENTS)}")
    types = Dialect.types
    try:
        types = locate.types_of(path)
    except ToolkitError as error:
        found.append(Finding(str(path / "challenges"), None, "error", error.message, error.hint or ""))
    if path / "auth" in programs and path / "cleanup" not in programs:
        found.append(
            Finding(str(path), None, "note", "there is no cleanup: what auth presents stays", "add one, even if empty")
        )
    commands = {event: (str(program),) for program, (event,) in programs.items()}
    beside = tuple(
        sorted(p for p in path.iterdir() if p.suffix in _LIBRARIES and p.is_file() and not p.name.startswith("."))
    )
    return Subject(path.name, certbot.Certbot(commands, types, told=True), programs, beside, told=True)


def _guess(path: Path, subject: Subject) -> Iterator[Finding]:
    """What the script is taken for, and by which evidence, where nobody has said it."""
    if subject.why and not subject.why.startswith("called "):
        doubtful = "it could be" in subject.why or "looks like" in subject.why
        what = f"taken for a hook of {subject.dialect.name}: {subject.why}"
        yield Finding(str(path), None, "warning" if doubtful else "note", what)


def _access(path: Path, subject: Subject) -> Iterator[Finding]:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield Finding(str(path), None, "error", (error.strerror or str(error)).lower(), "look at the path")
        return
    if not stat.S_ISREG(mode):
        yield Finding(str(path), None, "error", "it is no regular file")
    elif not os.access(path, os.X_OK) and subject.dialect.name != "acmesh":
        yield Finding(str(path), None, "error", "it is not executable", f"chmod +x {path}")


def _owners(path: Path, *, beside: bool = False) -> Iterator[Finding]:
    """Who else could change it; root refuses to run such a program, and does not look at what stands beside it."""
    root = os.geteuid() == 0
    for where, why in safety.weaknesses(path, (0,) if root else (0, os.geteuid())):
        if beside and where != path:
            continue  # that is said of the programs
        text = f"{'it' if where == path else where} {why}"
        hint = f"chown root {where}; chmod go-w {where}" if root else f"chmod go-w {where}"
        yield Finding(str(path), None, "error" if root and not beside else "warning", text, hint)


def _python(text: str) -> Iterator[interpreters.Told]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        yield error.lineno, "error", f"Python does not understand it: {printable(error.msg, 200)}", ""
    except (ValueError, RecursionError, MemoryError) as error:
        yield None, "error", f"Python does not understand it: {printable(error, 200)}", ""


def _is_comment(line: str) -> bool:
    return bool(re.match(r"\s*(?:#|//)", line))


def _readable(path: Path) -> str:
    try:
        return files.read(path, _LONGEST).decode("utf-8", "replace")
    except ToolkitError:
        return ""
