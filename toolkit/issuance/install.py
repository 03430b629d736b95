"""A certificate becomes live, is handed to those who use it, and is looked at as they show it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from toolkit import certs, config, files, keys
from toolkit import names as naming
from toolkit.document import Document, title
from toolkit.errors import BadCertificate, BadDocument, HookFailed, NotServed, ToolkitError
from toolkit.events import Issued
from toolkit.hooks import Hook, directories
from toolkit.hooks.running import HookRunner
from toolkit.installers.copies import Copy
from toolkit.issuance.local import Local
from toolkit.lock import exclusive
from toolkit.probe import tls
from toolkit.store import ledger, lineages, private_keys
from toolkit.store.lineages import Lineage
from toolkit.store.paths import Paths
from toolkit.waiting import Deadline, growing

# Old workers of a server may answer for a moment after its reload.
_VERIFY_SECONDS = 10.0


@dataclass(frozen=True)
class Targets:
    """Where the certificate goes beside live/: in this order copies, hooks, looks at HOST:PORT."""

    copies: tuple[Copy, ...] = ()
    hooks: tuple[tuple[str, Hook], ...] = ()
    runner: HookRunner | None = None
    verify: tuple[str, ...] = ()
    key: Path | None = None
    # Whether the programs in CONFIG/renewal-hooks/deploy run too.
    directory_hooks: bool = True


def install(local: Local, document: Document, targets: Targets, settings: dict[str, Any]) -> None:
    """Store the document's certificate as a lineage, deploy it, and look whether it is served.

    `settings` is what the renewal settings shall say of the authenticator, key and targets. Raises
    ToolkitError for the first target that failed, after all were tried; the certificate is live then.
    """
    chain, key = _checked(local, document, targets)
    name = document["cert_name"]
    local.keep_certbot_out()
    with exclusive(local.paths.lineage_lock(name), f"the lineage {name}", local.lock_timeout, local.stop):
        lineage = lineages.store(local.paths, name, chain, key)
        _write_settings(local, document, settings)
    if targets.key is None:
        private_keys.forget(local.paths, keys.public_name(key))
    document["lineage"] = str(lineage.live)
    local.say(f"{title(document)}: live in {lineage.live}")
    _deploy(local, document, lineage, targets, only=None)
    for record in document.get("presented", []):
        if record.get("error"):
            raise HookFailed(
                f"installed, but the cleanup of {record.get('type')} for {record.get('identifier')} had failed",
                "feed the document to acme-challenge cleanup",
            )


def catch_up(local: Local, document: Document, lineage: Lineage, targets: Targets) -> None:
    """Do those of the targets that an earlier run could not. Raises ToolkitError as install does."""
    only = ledger.owed(local.paths, lineage)
    if only:
        local.keep_certbot_out()
        with exclusive(
            local.paths.lineage_lock(lineage.name), f"the lineage {lineage.name}", local.lock_timeout, local.stop
        ):
            _deploy(local, document, lineage, targets, only)


def tell_unchanged(local: Local, document: Document, lineage: Lineage, targets: Targets) -> None:
    """Let those deploy hooks hear it that want to know when a certificate is not due."""
    issued = issued_of(local.paths, lineage, document["names"], document.get("server"))
    for _, hook in _hooks(local, targets):
        assert targets.runner is not None  # noqa: S101 - hooks come with a runner
        invocations = hook.dialect.unchanged(issued, targets.runner.place(hook))
        targets.runner.run(hook, "unchanged", invocations, local.stop)


def _checked(local: Local, document: Document, targets: Targets) -> tuple[certs.Chain, keys.PrivateKey]:
    """The certificate and its key; a document is untrusted, so that all is checked once more."""
    found = document.get("certificate")
    if not isinstance(found, dict) or not isinstance(found.get("chain"), str):
        raise BadDocument("the document has no certificate yet", "run acme-finalize first")
    chain = certs.read_chain(found["chain"])
    name = keys.public_name(chain.leaf)
    key = _key(local, document, targets, name)
    if key is None:
        raise BadCertificate(
            "the private key of this certificate is not in the store",
            "name its file with --key, as acme-csr printed it",
        )
    certs.check_chain(chain, document["names"], keys.public_name(key), datetime.datetime.now(datetime.UTC))
    return chain, key


def _key(local: Local, document: Document, targets: Targets, name: str) -> keys.PrivateKey | None:
    if targets.key:
        return keys.from_pem(files.read(targets.key, 1024 * 1024), str(targets.key))
    waiting = private_keys.find(local.paths, name)
    if waiting:
        return waiting
    present = lineages.current(local.paths, document["cert_name"])
    key = present.key() if present else None
    return key if key and keys.public_name(key) == name else None


def _write_settings(local: Local, document: Document, settings: dict[str, Any]) -> None:
    path = local.paths.settings(document["cert_name"])
    known = config.read_settings(path) or {"schema": config.SETTINGS_SCHEMA}
    for key in ("names", "server", "account", "profile"):
        if document.get(key):
            known[key] = document[key]
    known.update({key: value for key, value in settings.items() if value})
    if "authenticator" not in known and document.get("authenticator") == "standalone":
        # The only word of a document that is believed here: it names no path, and runs nothing of anybody's.
        known["authenticator"] = {"standalone": True}
    config.write_settings(path, known)


def _deploy(local: Local, document: Document, lineage: Lineage, targets: Targets, only: set[str] | None) -> None:
    """Do all the targets, or only those named; raises the first failure after all were tried."""
    issued = issued_of(local.paths, lineage, document["names"], document.get("server"))
    steps: list[tuple[str, Callable[[], object]]] = []
    steps += [(copy.target, partial(copy.write, lineage)) for copy in targets.copies]
    steps += [(target, partial(_run, targets, hook, issued, local)) for target, hook in _hooks(local, targets)]
    steps += [(f"verify {address}", partial(_verify, local, document, lineage, address)) for address in targets.verify]
    steps = [(target, step) for target, step in steps if only is None or target in only]
    # Owed until it is done: whoever ends us in the middle, the next run knows.
    owed = {target for target, _ in steps}
    ledger.write(local.paths, lineage, owed)
    failures = []
    deployed = []
    for target, step in steps:
        local.stop.check()
        entry: dict[str, Any] = {"target": target, "ok": True, "verified": target.startswith("verify ")}
        try:
            step()
            owed.discard(target)
            local.say(f"{title(document)}: {target}: done")
        except ToolkitError as error:
            failures.append(error)
            entry.update(ok=False, verified=False, error=error.document())
        deployed.append({**entry, "at": certs.timestamp(datetime.datetime.now(datetime.UTC))})
    ledger.write(local.paths, lineage, owed)
    if deployed:
        document["deployed"] = deployed
    if failures:
        raise failures[0]


def _hooks(local: Local, targets: Targets) -> list[tuple[str, Hook]]:
    """Those of CONFIG/renewal-hooks/deploy, then those that were named and are not among them."""
    found = [] if not targets.directory_hooks else directories.programs(local.paths, "deploy")
    named = [(target, hook) for target, hook in targets.hooks if target not in {_target(hook) for hook in found}]
    return [(_target(hook), hook) for hook in found] + named


def _target(hook: Hook) -> str:
    return f"deploy-hook {hook.identity}"


def issued_of(paths: Paths, lineage: Lineage, names: Sequence[str], server: object = None) -> Issued:
    """The lineage as deploy hooks are told of it."""
    cert, chain, fullchain, privkey = (str(path) for path in lineage.files(paths))
    begun = int(lineage.chain().leaf.not_valid_before_utc.timestamp())
    return Issued(
        lineage.name,
        tuple(names),
        str(lineage.live),
        (cert, chain, fullchain, privkey),
        begun,
        server if isinstance(server, str) else "",
    )


def _run(targets: Targets, hook: Hook, issued: Issued, local: Local) -> None:
    assert targets.runner is not None  # noqa: S101 - hooks come with a runner
    invocations = hook.dialect.deploy(issued, targets.runner.place(hook))
    targets.runner.run(hook, "deploy", invocations, local.stop)


def _verify(local: Local, document: Document, lineage: Lineage, address: str) -> None:
    """Look until the service shows the installed leaf, byte for byte. Raises NotServed."""
    wanted = lineage.chain().fingerprint
    name = naming.base(document["names"][0])
    deadline = Deadline(_VERIFY_SECONDS)
    for interval in growing(0.05, longest=1.0):
        try:
            served = certs.fingerprint(tls.tls_leaf(address, name))
            if served == wanted:
                return
            error = NotServed(f"{address} shows another certificate for {name}: {served[:16]}, not {wanted[:16]}")
        except NotServed as missing:
            error = missing
        if deadline.passed():
            error.hint = "does the service read live/, and did its deploy hook reload it?"
            raise error
        local.stop.wait(min(interval, deadline.remaining()))
