"""Any challenge type by a hook, driven by certbot's environment variables (man acme-hooks)."""

from __future__ import annotations

import threading
from typing import Any

from toolkit.hooks import Hook, HookRunner
from toolkit.runner import KEPT
from toolkit.solvers import Event
from toolkit.waiting import Stop

# One environment variable may hold 128 KiB on Linux, its name included; a hook's kept output is half of that,
# but each byte that is no text takes three when it is replaced.
_LONGEST_OUTPUT = 3 * KEPT


class HookSolver:
    """Runs auth and cleanup of one hook, one call at a time: scripts that edit a zone file do not expect a second."""

    lasting = True
    worth_checking = True

    def __init__(self, hook: Hook, runner: HookRunner, stop: Stop, cleanup_stop: Stop) -> None:
        self.name = f"hook:{hook.name}"
        self.types = hook.types
        self._hook = hook
        self._runner = runner
        self._stop = stop
        self._cleanup_stop = cleanup_stop
        self._turn = threading.Lock()

    def present(self, event: Event) -> dict[str, Any]:
        with self._turn:
            self._stop.check()
            output = self._runner.run(self._hook, "auth", _variables(event), self._stop)
        return {"output": _fitting(output.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip())}

    def cleanup(self, event: Event, record: dict[str, Any]) -> None:
        if "cleanup" not in self._hook.commands:
            return
        output = _fitting(str(record.get("output", "")).replace("\0", ""))
        with self._turn:
            variables = {**_variables(event), "CERTBOT_AUTH_OUTPUT": output}
            self._runner.run(self._hook, "cleanup", variables, self._cleanup_stop)

    def close(self) -> None:
        """Nothing is held."""


def _fitting(text: str) -> str:
    """The text, cut so that it fits into a variable whatever its characters are."""
    return text.encode("utf-8", "replace")[:_LONGEST_OUTPUT].decode("utf-8", "ignore")


def _variables(event: Event) -> dict[str, str]:
    everybody = ",".join(event.all_identifiers)
    variables = {
        "CERTBOT_DOMAIN": event.identifier,
        "CERTBOT_IDENTIFIER": event.identifier,
        "CERTBOT_VALIDATION": event.validation,
        "CERTBOT_ALL_DOMAINS": everybody,
        "CERTBOT_ALL_IDENTIFIERS": everybody,
        "CERTBOT_REMAINING_CHALLENGES": str(event.remaining),
        "ACME_CHALLENGE_TYPE": event.type,
        "ACME_WILDCARD": "1" if event.wildcard else "0",
    }
    if event.type == "http-01":
        variables["CERTBOT_TOKEN"] = event.token
    if "txt_name" in event.proof:
        variables["ACME_RECORD_NAME"] = event.proof["txt_name"]
    return variables
