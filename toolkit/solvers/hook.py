"""Any challenge type by a hook, in whatever dialect it speaks (man acme-hooks)."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from toolkit.dialects import Answer
from toolkit.dialects.certbot import fitting
from toolkit.errors import Declined, HookFailed, ToolkitError
from toolkit.events import Event
from toolkit.hooks import Hook
from toolkit.hooks.running import HookRunner
from toolkit.solvers import Solver
from toolkit.waiting import Stop

_CSR = re.compile(r"-----BEGIN ((?:NEW )?CERTIFICATE REQUEST)-----.+?-----END \1-----\n?", re.DOTALL)


class HookSolver(Solver):
    """Runs what the hook's dialect says; `alone` and `one_value` as a solver's, by the dialect and by what is known."""

    def __init__(
        self,
        hook: Hook,
        runner: HookRunner,
        stop: Stop,
        force: Stop,
        *,
        alone: bool = False,
        one_value: bool = False,
        spoils: bool = False,
    ) -> None:
        """`spoils`: its cleanup takes away what other orders have presented at the same record."""
        self.name = f"hook:{hook.name}"
        self.types = hook.dialect.types
        self.chained = hook.dialect.chained
        self.alone = alone
        self.one_value = one_value
        # Other orders, also those of other processes, wait until what is presented is cleaned up.
        self._undisturbed = alone or one_value or spoils
        self._hook = hook
        self._runner = runner
        self._stop = stop
        # What was started is cleaned up although a signal came; only the third one ends that.
        self._force = force
        self._begun = threading.Lock()
        self._running = False
        self._refusal: HookFailed | None = None
        self._trouble = ""

    def present(self, events: Sequence[Event]) -> dict[str, Any]:
        self._begin()
        invocations = self._hook.dialect.auth(events, self._runner.place(self._hook))
        try:
            output = self._runner.run(self._hook, "auth", invocations, self._stop)
        except ToolkitError as error:
            if not isinstance(error, Declined):
                self._trouble = error.message
            raise
        text = output.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
        # A document carries no secrets, also not those that a hook prints.
        return {"output": fitting(self._runner.passing.hide(text))}

    def cleanup(self, events: Sequence[Event], record: dict[str, Any]) -> None:
        output = record.get("output")
        invocations = self._hook.dialect.cleanup(
            events,
            self._runner.place(self._hook),
            self._runner.passing.reveal(output) if isinstance(output, str) else "",
            record.get("valid") is True,
        )
        self._runner.run(self._hook, "cleanup", invocations, self._force)

    def refused(self, event: Event, problem: dict[str, Any]) -> None:
        self._trouble = str(problem.get("detail", "the CA did not accept the proof"))
        invocations = self._hook.dialect.refused(event, self._runner.place(self._hook), json.dumps(problem))
        self._runner.run(self._hook, "refused", invocations, self._force)

    def request_failed(self, status: int, problem: dict[str, Any]) -> None:
        self._trouble = str(problem.get("detail", "the CA refused a request"))
        answer = Answer("post", status, "", json.dumps(problem))
        invocations = self._hook.dialect.request_failure(answer, self._runner.place(self._hook))
        self._runner.run(self._hook, "request_failure", invocations, self._force)

    def csr(self, name: str, names: Sequence[str]) -> str | None:
        invocations = self._hook.dialect.csr(name, names, self._runner.place(self._hook))
        found = _CSR.search(self._runner.run(self._hook, "csr", invocations, self._stop))
        return found[0] if found else None

    def turn(self) -> AbstractContextManager[None]:
        return self._runner.turn(self._hook, self._stop) if self._undisturbed else nullcontext()

    def close(self) -> None:
        """Tell the hook that the run has ended, if it was told that it began."""
        if self._running:
            self._running = False
            invocations = self._hook.dialect.end(self._runner.place(self._hook), self._trouble)
            self._runner.run(self._hook, "end", invocations, self._force)

    def _begin(self) -> None:
        with self._begun:
            if not self._running:
                self._running = True
                invocations = self._hook.dialect.begin(self._runner.place(self._hook))
                try:
                    self._runner.run(self._hook, "begin", invocations, self._stop)
                except HookFailed as error:
                    self._refusal = error
        if self._refusal:
            raise HookFailed(self._refusal.message, "nothing is presented before the hook has begun well")
