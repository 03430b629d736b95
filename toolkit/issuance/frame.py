"""The hooks around a run: pre before the first certificate is tried, post after the last one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from toolkit.dialects.certbot import Certbot
from toolkit.errors import HookFailed, ToolkitError
from toolkit.hooks import Hook
from toolkit.hooks.running import HookRunner
from toolkit.waiting import Stop


class Frame:
    """Runs each pre hook once, and each post hook once if anything was tried, whatever became of it."""

    def __init__(self, pre: Sequence[Hook], post: Sequence[Hook], runner: HookRunner, stop: Stop, force: Stop) -> None:
        self._pre, self._post = pre, post
        self._runner = runner
        self._stop, self._force = stop, force
        self._opening = threading.Lock()
        self._opened = False
        self._trouble: ToolkitError | None = None
        self._renewed: list[str] = []
        self._failed: list[str] = []

    def open(self) -> None:
        """Run the pre hooks, if nobody has. Raises HookFailed, then and at every later call, when one fails."""
        with self._opening:
            if not self._opened:
                self._opened = True
                try:
                    for hook in self._pre:
                        dialect = _certbot(hook)
                        self._runner.run(hook, "pre", dialect.pre(), self._stop)
                except ToolkitError as error:
                    self._trouble = error
        if self._trouble:
            raise HookFailed(self._trouble.message, "nothing is tried before a pre hook has succeeded")

    def tried(self, names: Iterable[str], *, renewed: bool) -> None:
        """Remember for the post hooks what became of a certificate."""
        with self._opening:
            (self._renewed if renewed else self._failed).extend(names)

    def close(self) -> None:
        """Run all the post hooks, if the run was opened; raises the first failure after that."""
        if not self._opened:
            return
        failures = []
        for hook in self._post:
            invocations = _certbot(hook).post(self._renewed, self._failed)
            try:
                self._runner.run(hook, "post", invocations, self._force)
            except ToolkitError as error:
                failures.append(error)
        if failures:
            raise failures[0]


def _certbot(hook: Hook) -> Certbot:
    assert isinstance(hook.dialect, Certbot)  # noqa: S101 - pre and post come from its options and directories
    return hook.dialect
