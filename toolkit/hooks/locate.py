"""From what a user wrote, [DIALECT:]NAME or [DIALECT:]PATH, to the hook it means."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit import files
from toolkit.dialects import Dialect, certbot
from toolkit.errors import UsageError, printable
from toolkit.hooks import Hook
from toolkit.store.paths import Paths

EVENTS = ("auth", "cleanup", "deploy")
_TYPES = Dialect.types
_READ = 64 * 1024


@dataclass(frozen=True)
class Search:
    """Where hooks are looked for: directories in this order, each with what people call it."""

    directories: tuple[tuple[Path, str], ...]
    environment: Mapping[str, str]

    def paths(self) -> list[Path]:
        return [path for path, _ in self.directories]


def search_path(paths: Paths, hooks_dir: str | None, environment: Mapping[str, str]) -> Search:
    """The search path: --hooks-dir, CONFIG/hooks, those that were installed, those of the checkout."""
    shipped = ((Path(sys.prefix) / "share/acme-toolkit/hooks", "installed"), (_checkout(), "checkout"))
    named = ((Path(hooks_dir).absolute(), "--hooks-dir"),) if hooks_dir else ()
    return Search((*named, (paths.hooks(), "CONFIG/hooks"), *shipped), environment)


def locate(spec: str, search: Search, needs: str | None = None) -> Hook:
    """The hook that `spec` means, if it serves the event `needs`. Raises UsageError."""
    name, separator, rest = spec.partition(":")
    hook = DIALECTS[name](name, rest, search) if separator and name in DIALECTS else _recognised(spec, search)
    if needs and needs not in hook.dialect.events:
        raise UsageError(
            f"the hook {printable(spec, 300)} has no {needs}",
            f"what it serves: {', '.join(hook.dialect.events) or 'nothing'}; see acme-hook show {printable(spec, 300)}",
        )
    return hook


def absolute(spec: str) -> str:
    """The same hook, named so that it means the same in another directory."""
    name, separator, rest = spec.partition(":")
    prefix, text = (f"{name}:", rest) if separator and name in DIALECTS else ("", spec)
    path = Path(text).expanduser()
    is_path = text.startswith((".", "~")) or ("/" in text and path.exists())
    return f"{prefix}{path.absolute()}" if is_path else spec


def absolute_line(line: str) -> str:
    """The line for the shell, its program named so that it means the same in another directory."""
    word, blank, rest = line.partition(" ")
    if "/" in word and not word.startswith("/") and (path := Path(word)).exists():
        return shlex.quote(str(path.absolute())) + blank + rest
    return line


def everything(search: Search) -> Iterator[tuple[str, str, Hook | UsageError]]:
    """Every hook directory of the search path: its name, where it is from, and the hook, or why it is none.

    A name that stands earlier in the path hides those behind.
    """
    seen = set()
    for directory, origin in search.directories:
        for entry in sorted(_directories(directory)):
            name = entry.relative_to(directory).as_posix()
            if name not in seen:
                seen.add(name)
                try:
                    yield name, origin, _directory(entry, name, origin)
                except UsageError as error:
                    yield name, origin, error


def of_lines(commands: Mapping[str, str]) -> Hook:
    """The hook of certbot's options for auth and cleanup, or deploy, each a line for the shell."""
    programs = [program for line in commands.values() if (program := _program(line))]
    name = Path(programs[0]).name if programs else "manual"
    identity = "\n".join(f"{event} {line}" for event, line in sorted(commands.items()))
    trusted = tuple(Path(program).absolute() for program in programs if "/" in program)
    return Hook(name, identity, certbot.of_lines(commands), trusted, why="a line for the shell, as certbot runs it")


def _program(line: str) -> str:
    """The first word of a line for the shell."""
    try:
        words = shlex.split(line)
    except ValueError:  # a quote without its end, of which the shell will tell
        words = line.split()
    return words[0] if words else ""


def _checkout() -> Path:
    return Path(__file__).parents[2] / "hooks"


def _directories(directory: Path) -> Iterator[Path]:
    """Directories with a hook's executables, those of collections such as examples/ too."""
    if directory.is_dir():
        for entry in directory.iterdir():
            if entry.is_dir() and not entry.name.startswith("."):
                if any((entry / event).is_file() for event in EVENTS):
                    yield entry
                else:
                    yield from (e for e in entry.iterdir() if any((e / event).is_file() for event in EVENTS))


def _path(text: str, search: Search) -> tuple[Path, str]:
    """The file or directory, and where it is from. Raises UsageError."""
    if not text or "\0" in text:
        raise UsageError(f"no name of a hook: {printable(text, 100)!r}", "give NAME, PATH or DIALECT:PATH")
    # A path is a path when it begins like one; examples/http is a name if the search path has it.
    if not text.startswith(("/", "./", "../", "~")):
        for directory, origin in search.directories:
            if (directory / text).exists() and ".." not in Path(text).parts:
                return directory / text, origin
    if "/" in text and (path := Path(text).expanduser().absolute()).exists():
        return path, ""
    where = f"at {Path(text).absolute()}" if "/" in text else f"in {', '.join(map(str, search.paths()))}"
    raise UsageError(
        f"no hook {printable(text, 200)} {where}",
        "acme-hook list shows those there are; a file in the current directory is ./NAME",
    )


def _recognised(spec: str, search: Search) -> Hook:
    path, origin = _path(spec, search)
    if path.is_dir():
        return _directory(path, path.name if "/" in spec else spec, origin)
    from toolkit.dialects import recognise

    with files.trouble(path, "read"), path.open("rb") as file:
        name, why = recognise.recognise(path.name, file.read(_READ))
    found = DIALECTS[name](name, str(path), search)
    return Hook(found.name, found.identity, found.dialect, found.files, origin, why)


def _directory(path: Path, name: str, origin: str) -> Hook:
    """A hook directory, which speaks certbot's dialect and gets the JSON record on standard input as well."""
    commands = {event: (str(path / event),) for event in EVENTS if (path / event).is_file()}
    if not commands:
        raise UsageError(f"{path} is no hook", f"a hook is a directory with {', '.join(EVENTS)}")
    for (command,) in commands.values():
        if not os.access(command, os.X_OK):
            raise UsageError(f"the hook {command} is not executable", f"chmod +x {command}")
    dialect = certbot.Certbot(commands, types_of(path), told=True)
    # What stands beside the programs is read or run by them.
    trusted = tuple(sorted(entry for entry in path.iterdir() if entry.is_file()))
    return Hook(name, str(path), dialect, trusted, origin, f"a directory with {', '.join(commands)}")


def types_of(directory: Path) -> tuple[str, ...]:
    """The challenge types of the hook's file `challenges`, one a line; without one it may be asked for all."""
    listed = directory / "challenges"
    if not listed.exists():
        return _TYPES
    found = tuple(files.read(listed, 4096).decode("ascii", "replace").split())
    unknown = [kind for kind in found if kind not in _TYPES]
    if unknown or not found:
        raise UsageError(f"{listed}: names no challenge type of {', '.join(_TYPES)}")
    return found


def _script(name: str, text: str, search: Search, make: Callable[[str], Dialect]) -> Hook:
    path, origin = _path(text if "/" in text else f"./{text}" if Path(text).is_file() else text, search)
    if path.is_dir():
        raise UsageError(f"{path} is a directory, and a {name} hook is one program", "name the program")
    return Hook(path.name, f"{name}:{path}", make(str(path)), (path,), origin, f"called {name}")


def _certbot(name: str, text: str, search: Search) -> Hook:
    path, origin = _path(text, search)
    if path.is_dir():
        return _directory(path, path.name, origin)
    # One script for everything tells its calls apart by CERTBOT_AUTH_OUTPUT and RENEWED_LINEAGE.
    dialect = certbot.Certbot({event: (str(path),) for event in ("auth", "cleanup", "deploy")})
    return Hook(path.name, f"{name}:{path}", dialect, (path,), origin, f"called {name}")


def _dehydrated(name: str, text: str, search: Search) -> Hook:
    from toolkit.dialects.dehydrated import Dehydrated

    return _script(name, text, search, lambda path: Dehydrated(path, chain=name.endswith("-chain")))


def _lego(name: str, text: str, search: Search) -> Hook:
    from toolkit.dialects.lego import Lego

    return _script(name, text, search, lambda path: Lego(path, raw=name.endswith("-raw")))


def _uacme(name: str, text: str, search: Search) -> Hook:
    from toolkit.dialects.uacme import Uacme

    return _script(name, text, search, Uacme)


def _acmesh(name: str, text: str, search: Search) -> Hook:
    from toolkit.dialects.acmesh import AcmeSh

    env = search.environment
    home = Path(env.get("LE_WORKING_DIR") or Path(env.get("HOME") or "/") / ".acme.sh").absolute()
    program = home / "acme.sh"
    if not program.is_file():
        raise UsageError(f"no acme.sh in {home}", "its scripts run inside acme.sh: say where it is with LE_WORKING_DIR")
    script = str(_path(text, search)[0]) if "/" in text else text
    trusted = (program, Path(script)) if "/" in text else (program,)
    label = Path(script).name.removesuffix(".sh")
    return Hook(label, f"{name}:{home}:{script}", AcmeSh(script, str(home)), trusted, "", f"called {name}")


def _httpreq(name: str, text: str, search: Search) -> Hook:
    from toolkit.dialects.httpreq import Httpreq

    path, origin = _path("httpreq", search)
    return Hook(
        "httpreq", f"{name}:{text}", Httpreq(text, name.endswith("-raw"), str(path)), (path,), origin, f"called {name}"
    )


DIALECTS: Mapping[str, Callable[[str, str, Search], Hook]] = {
    "certbot": _certbot,
    "dehydrated": _dehydrated,
    "dehydrated-chain": _dehydrated,
    "lego": _lego,
    "lego-raw": _lego,
    "uacme": _uacme,
    "acmesh": _acmesh,
    "httpreq": _httpreq,
    "httpreq-raw": _httpreq,
}
