"""Scripts of acme.sh: dnsapi's dns_xx_add and dns_xx_rm, and deploy's xx_deploy.

They are shell functions that call acme.sh's own, so that they run inside the user's acme.sh: `sh acme.sh . FILE`
makes it source FILE, and acmesh.sh beside this module is that file. What acme.sh and its scripts would write into
the user's directory they write into the state directory of the hook, from where later runs read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from toolkit.dialects import Dialect, Invocation, Invocations, Place
from toolkit.events import Event, Issued

WRAPPER = str(PurePath(__file__).with_name("acmesh.sh"))
# How the wrapper ends when it did not get as far as the function; its messages say more.
NOT_FOUND, NOT_LOADED, NO_FUNCTION, NO_STATE = 66, 65, 69, 73


@dataclass(frozen=True)
class AcmeSh(Dialect):
    """`hook`: a name that acme.sh finds, or a path; `home`: the directory of acme.sh, with dnsapi/ and deploy/."""

    hook: str
    home: str
    name = "acmesh"
    types = ("dns-01",)

    @property
    def label(self) -> str:
        """What its functions' names begin with."""
        return PurePath(self.hook).name.removesuffix(".sh")

    @property
    def events(self) -> tuple[str, ...]:
        return ("auth", "cleanup") if self.label.startswith("dns_") else ("deploy",)

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        return tuple(self._record("add", event, place) for event in events)

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        return tuple(self._record("rm", event, place) for event in events)

    def deploy(self, issued: Issued, place: Place) -> Invocations:
        pfx = f"{place.state}/certificates/{issued.name}/{issued.name}.pfx"
        files = (*(issued.path(kind) for kind in ("privkey", "cert", "chain", "fullchain")), pfx)
        names = ("CERT_KEY_PATH", "CERT_PATH", "CA_CERT_PATH", "CERT_FULLCHAIN_PATH", "CERT_PFX_PATH")
        variables = {
            **dict(zip(names, files, strict=True)),
            "Le_Domain": issued.names[0],
            "Le_Alt": ",".join(issued.names[1:]) or "no",
        }
        return (self._run("deploy", issued.name, place, variables),)

    def lint(self, place: Place) -> Invocations:
        return (self._run("load", "lint", place, {}),)

    def _record(self, operation: str, event: Event, place: Place) -> Invocation:
        # acme.sh keeps what scripts save for a domain with the certificate, whatever the name they were asked for.
        variables = {
            "ACMESH_FULLDOMAIN": event.record_name,
            "ACMESH_TXTVALUE": event.validation,
            "Le_Domain": event.names[0] if event.names else event.identifier,
        }
        return self._run(operation, event.cert_name or event.identifier, place, variables)

    def _run(self, operation: str, certificate: str, place: Place, more: Mapping[str, str]) -> Invocation:
        config = place.passed.get("LE_CONFIG_HOME") or self.home
        variables = {
            "_SCRIPT_HOME": self.home,
            "LE_WORKING_DIR": self.home,
            "LE_CONFIG_HOME": config,
            "NO_TIMESTAMP": "1",
            "ACMESH_OPERATION": operation,
            "ACMESH_HOOK": self.hook,
            "ACMESH_LABEL": self.label,
            "ACMESH_STATE": place.state,
            "ACMESH_CERTIFICATE": certificate,
            **more,
        }
        return Invocation(("/bin/sh", f"{self.home}/acme.sh", ".", WRAPPER), variables)
