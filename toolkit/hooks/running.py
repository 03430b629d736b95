"""Runs what a dialect says is to be run, and judges how it ended."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from toolkit import below, files, runner
from toolkit.dialects import Invocation, Invocations, Place
from toolkit.errors import Declined, HookFailed, TryLater, printable
from toolkit.hooks import Hook, safety
from toolkit.hooks.passing import Passing
from toolkit.lock import exclusive
from toolkit.runner import Program, Result
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

# Shows one line of a hook's output: the hook's name, the line.
Echo = Callable[[str, bytes], None]


def mark(process: str, event: str) -> str:
    """How the value of runner.MARK begins for what this process runs for the event."""
    return f"{process}-{event}-"


@dataclass(frozen=True)
class HookRunner:
    """Runs hooks: with which part of the environment, for how long, and where their output is shown."""

    paths: Paths
    passing: Passing
    timeout: float
    echo: Echo
    # The process that runs them, as the journal knows it.
    process: str = ""
    # Whether a hook runs us: then the hook whose turn we would wait for may be the one that waits for us.
    nested: bool = False
    # Threads wait for these, so that only one of them asks for the lock of a file, which is looked at now and then.
    _calling: threading.Lock = field(default_factory=threading.Lock)
    _next: threading.Lock = field(default_factory=threading.Lock)

    def place(self, hook: Hook) -> Place:
        """Where the hook runs; its state directory is there when it does."""
        state = self.paths.hook_state(hook.name, hook.identity)
        directories = self.paths.directories
        return Place(str(state), str(directories.config), str(directories.work), self.passing.asked)

    def run(self, hook: Hook, event: str, invocations: Invocations, stop: Stop) -> str:
        """Run them one after the other; returns what they wrote to standard output.

        Calls of one hook never overlap, in no process on this machine: scripts that edit a zone file or rewrite
        their settings do not expect company. Raises HookFailed; TryLater, Declined where the exit status says so.
        """
        if not invocations:
            return ""
        safety.check(hook.files)
        files.make_directory(self.paths.hook_state(hook.name, hook.identity))
        with self._alone(hook, stop):
            return "".join(self._run(hook, event, invocation, stop) for invocation in invocations)

    @contextmanager
    def turn(self, hook: Hook, stop: Stop) -> Iterator[None]:
        """Keep the other runs with this hook waiting that ask for their turn."""
        path = self.paths.hook_lock(hook.name, hook.identity + "\nturn")
        with self._next, self._lock(path, hook, stop):
            yield

    @contextmanager
    def _alone(self, hook: Hook, stop: Stop) -> Iterator[None]:
        with self._calling, self._lock(self.paths.hook_lock(hook.name, hook.identity), hook, stop):
            yield

    def _lock(self, path: Path, hook: Hook, stop: Stop) -> AbstractContextManager[None]:
        patience = 0.0 if self.nested else float("inf")
        hint = "a hook that runs this command is not waited for"
        return exclusive(path, f"the hook {hook.name}", patience, stop, hint)

    def _run(self, hook: Hook, event: str, invocation: Invocation, stop: Stop) -> str:
        for path, content in invocation.writes:
            below.write(Path(path).parent, [Path(path).name], content)
        program = self.program(hook, invocation)
        result = runner.run(
            program,
            timeout=self.timeout,
            stop=stop,
            echo=lambda line: self.echo(hook.name, self.passing.mask(line)),
            mark=mark(self.process, event),
        )
        for path in invocation.removes:
            below.remove(Path(path).parent, [Path(path).name], [])
        if result.left:
            self.echo(hook.name, f"left running: {', '.join(result.left)}".encode())
        self._judge(hook, event, invocation, result)
        return result.stdout.text()

    def program(self, hook: Hook, invocation: Invocation) -> Program:
        """The invocation with its whole environment: ours as far as it may see it, the hook's state, the event's."""
        env = {
            **self.passing.variables,
            "ACME_HOOK_STATE": self.place(hook).state,
            # The interpreter that has the libraries of the toolkit, for shipped hooks that want one.
            "ACME_PYTHON": sys.executable,
            **invocation.variables,
        }
        return Program(
            invocation.argv, env, invocation.stdin, invocation.directory, invocation.umask, invocation.fallback
        )

    def _judge(self, hook: Hook, event: str, invocation: Invocation, result: Result) -> None:
        outcome = invocation.outcomes.get(result.status, invocation.otherwise)
        if result.status < 0 and outcome == "declined":
            outcome = "failed"
        if outcome == "done":
            return
        if outcome == "later":
            raise TryLater(f"the {event} hook {hook.name} asks to try again later")
        if outcome == "declined":
            raise Declined(f"the hook {hook.name} declines")
        how = f"exited with {result.status}" if result.status >= 0 else f"was ended by signal {-result.status}"
        said = self._last_words(result)
        raise HookFailed(
            f"the {event} hook {hook.name} {how}{said and ': ' + said}",
            "its own messages are above" if said else "it said nothing; acme-hook lint may know more",
        )

    def _last_words(self, result: Result) -> str:
        lines = [line.strip() for line in bytes(result.stderr.tail or result.stderr.head).splitlines() if line.strip()]
        return printable(self.passing.mask(lines[-1]).decode("utf-8", "backslashreplace"), 300) if lines else ""
