"""acme-hook test: a hook is asked for what the flow would ask of it, without a CA, and looked at from outside."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import files, proofs
from toolkit import names as naming
from toolkit.config import Directories
from toolkit.errors import ChallengeFailed, Declined, HookFailed, Interrupted, ToolkitError, UsageError, printable
from toolkit.hooks import Hook, findings
from toolkit.hooks.findings import Findings
from toolkit.hooks.trial import Step, challenges, tap
from toolkit.hooks.trial.attempt import Attempt
from toolkit.hooks.trial.course import Course
from toolkit.hooks.trial.pages import Pages
from toolkit.issuance import authenticators
from toolkit.issuance.install import issued_of
from toolkit.probe import CannotLook, host_and_port
from toolkit.solvers.hook import HookSolver
from toolkit.store import lineages
from toolkit.store.paths import Paths

if TYPE_CHECKING:
    from toolkit.issuance.hook import Workshop

_PATIENCE = {"dns-01": 120.0, "http-01": 5.0}


def test(shop: Workshop) -> None:
    """Test the hook and remember what was found out; raises HookFailed when a step failed."""
    hook = shop.hook()
    steps = _all_steps(shop, hook)
    total, failed = 0, 0

    def tell(line: str) -> None:
        if shop.options["format"] != "json":
            shop.show([{}], lambda _: line)

    try:
        for total, step in enumerate(steps, 1):
            if total == 1:  # a command line that cannot be was found out before
                tell("TAP version 13")
            shop.show([step.as_json(total)], tap)
            failed += not step.ok
    except Interrupted as error:
        tell(f"Bail out! {error.message}")
        raise
    finally:
        steps.close()  # whatever happened, what was started is cleaned up in there
    tell(f"1..{total}")
    if failed:
        raise HookFailed(f"{failed} of {total} steps failed", f"acme-hook show {hook.name} tells what is remembered")


def _all_steps(shop: Workshop, hook: Hook) -> Generator[Step]:
    events = hook.dialect.events
    if "auth" not in events and not shop.options["deploy"]:
        raise UsageError(f"the hook {hook.name} has no auth", "--deploy tests the deploy of a hook")
    if len(shop.options["domains"]) != 1:
        raise UsageError("for which name?", "name one with -d")
    name = naming.identifier(shop.options["domains"][0])
    if "auth" in events:
        yield from _challenges(shop, hook, name)
    if shop.options["deploy"]:
        yield _deploy(shop, hook, name)


def _challenges(shop: Workshop, hook: Hook, name: str) -> Iterator[Step]:
    """The first type that the hook does not decline; it has to take the one that was asked for."""
    kinds = [shop.options["type"]] if shop.options["type"] else list(hook.dialect.types)
    kinds = [kind for kind in kinds if kind in _PATIENCE and (kind == "dns-01" or not naming.is_wildcard(name))]
    for kind in kinds:
        try:
            yield from _course(shop, hook, name, kind)
            return
        except Declined as declined:
            yield Step(f"declines {kind}", declined.message if kind == kinds[-1] else "")
    if not kinds:
        raise UsageError(f"{hook.name} serves no challenge type that {name} can be proven by", "see acme-hook show")


def _course(shop: Workshop, hook: Hook, name: str, kind: str) -> Iterator[Step]:
    pair = challenges.pair(kind, name, lambda: secrets.token_urlsafe(32), chained=hook.dialect.chained)
    if kind == "dns-01":
        record = shop.options["record_name"] or pair[0].proof["txt_name"]
        try:
            sight: Any = _records(shop, record)
        except (CannotLook, ChallengeFailed) as error:
            yield Step(f"{record} can be looked at", str(error))
            return
        yield Step(f"{record} can be looked at", notes=sight.notes())
        if sight.target != pair[0].proof["txt_name"]:
            pair = replace(pair[0], target=sight.target), replace(pair[1], target=sight.target)
    else:
        sight = _pages(shop, name)
        yield Step("the proofs are not there yet", sight.changed(pair))
    attempt = _attempt(shop, hook)
    patience = shop.options["check_timeout"]
    patience = _PATIENCE[kind] if patience is None else patience
    course = Course(attempt, sight, pair, patience, shop.around.stop, hook.dialect.alone)
    try:
        with attempt.solver.turn():
            try:
                yield from course.steps()
            finally:
                attempt.close(shop.warn)
    finally:
        shop.journal.close()
    if kind == "dns-01":
        _remember(shop, hook, Findings(course.several_values, course.own_value_only))


def _records(shop: Workshop, record: str) -> Any:
    from toolkit.hooks.trial.records import Records
    from toolkit.probe.authoritative import Look
    from toolkit.probe.resolver import Resolver

    found = Records(record, Look(Resolver(shop.options["resolver"]), shop.around.stop))
    if not proofs.is_record_name(found.target):
        raise ChallengeFailed(f"{record} is a CNAME to {printable(found.target, 300)!r}, where no hook is to write")
    return found


def _pages(shop: Workshop, name: str) -> Pages:
    options = shop.options
    connect = host_and_port(options["connect"]) if options["connect"] else None
    return Pages(name, options["http_01_port"], options["resolver"], connect)


def _attempt(shop: Workshop, hook: Hook) -> Attempt:
    around = shop.around
    solver = HookSolver(hook, shop.runner, around.stop, around.force, alone=True)
    settings = authenticators.noted({**shop.options, "hook": shop.words[0]}, shop.around.environment)
    return Attempt(solver, shop.journal, settings)


def _remember(shop: Workshop, hook: Hook, found: Findings) -> None:
    """What this test could not tell stays as an earlier one had it."""
    known = {key: value for key, value in vars(found).items() if value is not None}
    if known:
        findings.write(shop.around.paths, hook, replace(findings.read(shop.around.paths, hook), **known))


def _deploy(shop: Workshop, hook: Hook, name: str) -> Step:
    from toolkit.hooks.trial.certificate import throw_away

    what = "deploy of a certificate that nobody trusts succeeds"
    if "deploy" not in hook.dialect.events:
        return Step(what, f"the hook {hook.name} has no deploy")
    chain, key = throw_away([name], datetime.datetime.now(datetime.UTC))
    with files.temporary_directory("acme-hook-test-") as directory:
        paths = Paths(Directories(Path(directory) / "config", Path(directory) / "work"))
        lineage = lineages.store(paths, naming.default_lineage([name]), chain, key)
        try:
            invocations = hook.dialect.deploy(issued_of(paths, lineage, [name]), shop.runner.place(hook))
            shop.runner.run(hook, "deploy", invocations, shop.around.stop)
        except Interrupted:
            raise
        except ToolkitError as error:
            return Step(what, error.message)
    return Step(what)
