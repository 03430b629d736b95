"""Hooks: finding them, and running one with the variables of its event (man acme-hooks)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolkit import files, runner
from toolkit.errors import HookFailed, TryLater, UsageError, printable
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

EVENTS = ("auth", "cleanup", "deploy")
_TYPES = ("http-01", "dns-01")
_TRY_LATER = 75

# Shows one line of a hook's output: the hook's name, the line.
Echo = Callable[[str, bytes], None]


@dataclass(frozen=True)
class Hook:
    """What to run for which event (argv), and which challenge types it solves."""

    name: str
    commands: Mapping[str, Sequence[str]]
    types: tuple[str, ...] = _TYPES


@dataclass(frozen=True)
class HookRunner:
    """Runs hooks: with which part of the environment, for how long, and where their output is shown."""

    paths: Paths
    environment: Mapping[str, str]
    passed: tuple[str, ...]
    timeout: float
    echo: Echo

    def run(self, hook: Hook, event: str, variables: Mapping[str, str], stop: Stop) -> str:
        """Run the hook for the event; returns its standard output.

        Raises HookFailed unless it exits with 0, and TryLater when it exits with 75.
        """
        state = self.paths.hook_state(hook.name)
        files.make_directory(state)
        env = runner.environment(self.environment, self.passed, {**variables, "ACME_HOOK_STATE": str(state)})

        def echo(line: bytes) -> None:
            self.echo(hook.name, line)

        result = runner.run(hook.commands[event], env, timeout=self.timeout, stop=stop, echo=echo)
        if result.status == _TRY_LATER:
            raise TryLater(f"the {event} hook {hook.name} asks to try again later")
        if result.status:
            how = f"exited with {result.status}" if result.status > 0 else f"was ended by signal {-result.status}"
            raise HookFailed(f"the {event} hook {hook.name} {how}", "its own messages are above")
        return result.stdout.text()


def of_strings(auth: str, cleanup: str | None) -> Hook:
    """A hook of certbot's --manual-auth-hook and --manual-cleanup-hook, each a line for the shell."""
    commands = {"auth": ("/bin/sh", "-c", auth)}
    if cleanup:
        commands["cleanup"] = ("/bin/sh", "-c", cleanup)
    return Hook(Path(auth.split()[0]).name if auth.split() else "manual", commands)


def deploy_string(command: str) -> Hook:
    """A hook of certbot's --deploy-hook, a line for the shell."""
    return Hook(Path(command.split()[0]).name if command.split() else "deploy", {"deploy": ("/bin/sh", "-c", command)})


def search_path(paths: Paths, hooks_dir: str | None) -> list[Path]:
    """Where a hook that is given by name is looked for, in this order."""
    shipped = [Path(sys.prefix) / "share/acme-toolkit/hooks", Path(__file__).parent.parent / "hooks"]
    return [*([Path(hooks_dir).absolute()] if hooks_dir else []), paths.hooks(), *shipped]


def locate(name: str, search: Sequence[Path], needs: str) -> Hook:
    """The hook directory NAME of the search path, or at a path (with a slash in it), that serves the event `needs`.

    Raises UsageError when there is none.
    """
    candidates = [Path(name).absolute()] if "/" in name else [directory / name for directory in search]
    directory = next((c for c in candidates if c.is_dir()), None)
    if directory is None:
        where = ", ".join(str(c.parent) for c in candidates)
        raise UsageError(
            f"no hook {printable(name, 200)} in {where}", "a hook is a directory with auth, cleanup or deploy"
        )
    commands = {event: (str(directory / event),) for event in EVENTS if (directory / event).is_file()}
    if needs not in commands:
        raise UsageError(f"the hook {directory} has no {needs}", "a hook is a directory with auth, cleanup or deploy")
    for event, command in commands.items():
        if not os.access(command[0], os.X_OK):
            raise UsageError(f"the {event} hook {command[0]} is not executable", f"chmod +x {command[0]}")
    return Hook(directory.name, commands, _types(directory))


def _types(directory: Path) -> tuple[str, ...]:
    """The challenge types of the hook's file `challenges`, one a line; without one it may be asked for all."""
    listed = directory / "challenges"
    if not listed.exists():
        return _TYPES
    found = tuple(files.read(listed, 4096).decode("ascii", "replace").split())
    unknown = [kind for kind in found if kind not in _TYPES]
    if unknown or not found:
        raise UsageError(f"{listed}: names no challenge type of {', '.join(_TYPES)}")
    return found
