"""Programs of lego's DNS provider `exec`, and its certificate hooks.

Contract: go-acme.github.io/lego, "External program" and "Hooks"; argv and order as 4.35.2 has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.dialects import Dialect, Invocation, Invocations, Place
from toolkit.events import Event, Issued


@dataclass(frozen=True)
class Lego(Dialect):
    """`raw` is EXEC_MODE=RAW: the program makes record name and value itself."""

    script: str
    raw: bool = False
    name = "lego"
    types = ("dns-01",)
    # lego presents, validates and cleans up one name after the other; a program may replace the record.
    alone = True

    @property
    def events(self) -> tuple[str, ...]:
        return ("auth", "cleanup", "deploy")

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        return tuple(self._run("present", event) for event in events)

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        return tuple(self._run("cleanup", event) for event in events)

    def deploy(self, issued: Issued, place: Place) -> Invocations:
        variables = {**_version_4(issued), **_version_5(issued)}
        return (Invocation((self.script,), variables),)

    def _run(self, action: str, event: Event) -> Invocation:
        program = {"EXEC_PATH": self.script}
        if not self.raw:
            return Invocation((self.script, action, f"{event.record_name}.", event.validation), program)
        # What a CA sends may begin with a dash; only this mode has a guard against that.
        argv = (self.script, action, "--", event.identifier, event.token, event.proof["key_authorization"])
        return Invocation(argv, {**program, "EXEC_MODE": "RAW"})


def _version_4(issued: Issued) -> dict[str, str]:
    """What --run-hook and --renew-hook get. Its .crt holds the whole chain."""
    return {
        "LEGO_ACCOUNT_EMAIL": issued.email,
        "LEGO_CERT_DOMAIN": issued.names[0],
        "LEGO_CERT_PATH": issued.path("fullchain"),
        "LEGO_CERT_KEY_PATH": issued.path("privkey"),
        "LEGO_ISSUER_CERT_PATH": issued.path("chain"),
    }


def _version_5(issued: Issued) -> dict[str, str]:
    """What --deploy-hook gets. An account has no id here but its address."""
    return {
        "LEGO_HOOK_ACCOUNT_ID": issued.email,
        "LEGO_HOOK_ACCOUNT_EMAIL": issued.email,
        "LEGO_HOOK_ACCOUNT_SERVER": issued.server,
        "LEGO_HOOK_CERT_NAME": issued.name,
        "LEGO_HOOK_CERT_NAME_SANITIZED": issued.name,
        "LEGO_HOOK_CERT_DOMAINS": ",".join(issued.names),
        "LEGO_HOOK_CERT_PATH": issued.path("fullchain"),
        "LEGO_HOOK_CERT_KEY_PATH": issued.path("privkey"),
        "LEGO_HOOK_ISSUER_CERT_PATH": issued.path("chain"),
    }
