"""Renewing lineages by their own settings: each with its CA, its authenticator, its key and its targets."""

from __future__ import annotations

import datetime
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolkit import ari, config, document
from toolkit.ca import renewal_info
from toolkit.ca.session import Session
from toolkit.document import Document, title
from toolkit.errors import BadDocument, Busy, Interrupted, ToolkitError, UsageError
from toolkit.hooks import locate
from toolkit.issuance import authenticators, install, presenting, targets, whole
from toolkit.issuance.authenticators import Around
from toolkit.issuance.check import Check
from toolkit.issuance.context import Context
from toolkit.issuance.csr import KeyWish
from toolkit.issuance.frame import Frame
from toolkit.issuance.order import Wanted
from toolkit.keys import KeyType
from toolkit.lock import exclusive
from toolkit.renewal.decision import Decision, decide
from toolkit.solvers import Solver
from toolkit.store import accounts, attempts, inventory, lineages
from toolkit.store.idle import Idle
from toolkit.store.inventory import Standing
from toolkit.store.journal import Journal

Json = dict[str, Any]
Told = Callable[[str, ToolkitError], None]


@dataclass
class Round:
    """One run over the lineages, and what they share in it: conversations with CAs, authenticators, hooks."""

    context: Context
    around: Around
    journal: Journal
    check: Check
    frame: Frame
    warn: Told
    fail: Told
    force: bool = False
    hooks_dir: str | None = None
    directory_hooks: bool = True
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC)
    chance: Callable[[], float] = field(default_factory=lambda: random.SystemRandom().random)
    _contexts: dict[tuple[str, str], Context] = field(default_factory=dict)
    _solvers: dict[str, Solver] = field(default_factory=dict)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def decisions(self, names: Sequence[str], *, thorough: bool = False) -> Iterator[Decision]:
        """What is to be done with each lineage, or with those named; asks the CA where its advice is out of date.

        Unless `thorough`, a lineage of which nothing has changed since it was found idle is not looked at again.
        """
        idle = Idle(self.around.paths)
        for name in inventory.named(self.around.paths, list(names)):
            self.around.stop.check()
            until = None if self.force or thorough else idle.until(name, self.now())
            if until:
                yield Decision(name, False, "not due", until)
                continue
            decision = self._decide(inventory.look(self.around.paths, name), ask=True)
            if not decision.act and not decision.trouble and decision.at:
                known = attempts.read(self.around.paths, name).suggested
                idle.note(name, self.now(), min(decision.at, known.ask_again) if known else decision.at)
            yield decision
        idle.write(everything=not names)

    def document(self, decision: Decision) -> Document:
        """The order document that renews the lineage."""
        settings = decision.settings or {}
        doc = document.new(list(settings["names"]), decision.name)
        for key in ("server", "account", "profile"):
            if isinstance(settings.get(key), str):
                doc[key] = settings[key]
        if not decision.deploy_only and (replaces := self._replaces(decision.name)):
            doc["replaces"] = replaces
        return doc

    def renew(self, doc: Document, enter: Callable[[str], None]) -> None:
        """Do what is to be done with the document's lineage, unless another process has done it meanwhile."""
        paths, name = self.around.paths, doc["cert_name"]
        context = self.context
        with exclusive(paths.renewal_lock(name), f"the renewal of {name}", context.lock_timeout, context.stop):
            decision = self._decide(inventory.look(paths, name), ask=False)
            if not decision.act:
                context.say(f"{title(doc)}: another process has renewed it")
                return
            settings = decision.settings or {}
            before = attempts.read(paths, name)
            try:
                self._issue(doc, settings, decision, enter)
            except (Busy, Interrupted):
                raise  # it was not tried
            except ToolkitError as error:
                failed = before.failed(error, attempts.digest(settings), self.now())
                attempts.write(paths, name, failed)
                if isinstance(error, UsageError):  # not this command line is wrong, but what stands in the settings
                    path = paths.settings(name)
                    raise BadDocument(f"{path}: {error.message}", error.hint) from None
                raise
            if decision.deploy_only:
                return
            attempts.write(paths, name, attempts.Attempts())

    def close(self) -> None:
        """Let go of authenticators and connections."""
        for solver in self._solvers.values():
            with suppress(ToolkitError):
                solver.close()
        for context in [*self._contexts.values(), self.context]:
            context.close()

    def _decide(self, standing: Standing, *, ask: bool) -> Decision:
        name = standing.name
        known = attempts.read(self.around.paths, name)
        if ask and standing.chain and standing.settings and not self.force:
            end, certificate = standing.chain.leaf.not_valid_after_utc, standing.chain.fingerprint
            before = known.suggestion(certificate)
            if ari.is_to_be_asked(before, end, self.now()):
                known = known.suggests(certificate, self._ask(standing, before))
                attempts.write(self.around.paths, name, known)
        return decide(standing, known, self.now(), force=self.force)

    def _ask(self, standing: Standing, before: ari.State | None) -> ari.State:
        chain, settings = standing.chain, standing.settings or {}
        called = ari.certificate_id(chain.leaf) if chain else None
        try:
            session = self._session(str(settings.get("server") or ""))
            found = renewal_info.fetch(session, called, self.context.deadline()) if called else None
            if found is None:
                return ari.failed(before, self.now())
            return ari.answered(before, found.suggestion, found.pause, self.now(), self.chance)
        except Interrupted:
            raise
        except ToolkitError as error:
            # Nobody's advice is needed: what the dates say stands.
            self.context.say(f"{standing.name}: {error.message}")
            return ari.failed(before, self.now(), error.retry_after)

    def _replaces(self, name: str) -> str | None:
        """What the new certificate replaces (RFC 9773 §5), for a CA that has said when it wants that.

        It is left out after a failure: no CA that stumbles over it is to keep a certificate from being renewed.
        """
        chain = inventory.look(self.around.paths, name).chain
        known = attempts.read(self.around.paths, name)
        if chain is None or known.failures:
            return None
        said = known.suggestion(chain.fingerprint)
        return ari.certificate_id(chain.leaf) if said and said.window else None

    def _session(self, server: str) -> Session:
        context = self._context(server, "")
        with self._lock:
            if context.server not in self._sessions:
                self._sessions[context.server or ""] = context.unregistered()
            return self._sessions[context.server or ""]

    def _context(self, server: str, account: str) -> Context:
        where = server or self.context.server or config.LETSENCRYPT
        with self._lock:
            if (where, account) not in self._contexts:
                chosen = accounts.choose(self.around.paths, where, None, account) if account else None
                named = chosen.id if chosen else self.context.account
                self._contexts[where, account] = replace(
                    self.context, server=where, account=named, _sessions={}, _lock=threading.Lock(), _transport=None
                )
            return self._contexts[where, account]

    def _issue(self, doc: Document, settings: Json, decision: Decision, enter: Callable[[str], None]) -> None:
        chosen = _mapping(settings, "authenticator")
        runner = authenticators.runner(chosen, self.around)
        search = locate.search_path(self.around.paths, self.hooks_dir, self.around.environment)
        wanted = targets.build(
            _mapping(settings, "deploy"), search, runner, key=_key_file(settings), directory_hooks=self.directory_hooks
        )
        if decision.deploy_only:
            enter("install")
            present = lineages.current(self.around.paths, doc["cert_name"])
            if present:
                install.catch_up(self.context, doc, present, wanted)
            return
        context = self._context(str(doc.get("server") or ""), str(doc.get("account") or ""))
        key = _key_wish(_mapping(settings, "key"))
        wishes = whole.Wishes(Wanted(), self._plan(chosen), key, wanted, {}, self.frame, force=True)
        whole.issue(context, doc, wishes, enter)

    def _plan(self, chosen: Json) -> presenting.Plan:
        solver = self._solver(chosen)
        preferred = authenticators.preferred(chosen, solver)
        port = chosen.get("http_01_port", self.check.http_port)
        noted = authenticators.noted(chosen, self.around.environment)
        check = replace(self.check, http_port=port)
        return presenting.Plan(solver, preferred, check, self.warn, self.fail, self.journal, noted)

    def _solver(self, chosen: Json) -> Solver:
        """The authenticator of the settings; lineages with the same settings share it, and its port."""
        text = json.dumps(chosen, sort_keys=True, default=str)
        with self._lock:
            if text not in self._solvers:
                self._solvers[text] = authenticators.build(chosen, self.around)
            return self._solvers[text]


def _mapping(settings: Json, key: str) -> Json:
    found = settings.get(key) or {}
    if not isinstance(found, dict):
        raise BadDocument(f"{key} of the renewal settings is no mapping", "mend the renewal settings")
    return found


def _key_file(settings: Json) -> Path | None:
    found = settings.get("key_file")
    return Path(found) if isinstance(found, str) else None


def _key_wish(key: Json) -> KeyWish:
    usual = KeyType()
    try:
        kind = KeyType(
            str(key.get("key_type", usual.kind)),
            str(key.get("elliptic_curve", usual.curve)),
            int(key.get("rsa_key_size", usual.bits)),
        )
    except (TypeError, ValueError):
        raise BadDocument("key of the renewal settings is no key type", "mend the renewal settings") from None
    return KeyWish(kind, bool(key.get("reuse_key")))
