"""What acme-hook does: list, show, run, lint, test, sweep, serve."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import names as naming
from toolkit import proofs
from toolkit.dialects import Invocation, Invocations
from toolkit.errors import HookFailed, ToolkitError, UsageError, printable
from toolkit.events import Event
from toolkit.hooks import Hook, findings, locate, safety
from toolkit.hooks.locate import Search
from toolkit.hooks.running import HookRunner
from toolkit.issuance import sweep as sweeping
from toolkit.issuance.authenticators import Around
from toolkit.store.journal import Journal

Json = dict[str, Any]


@dataclass(frozen=True)
class Workshop:
    """What the actions work with: `options` by their names, what to print and whom to tell."""

    words: Sequence[str]
    options: Mapping[str, Any]
    search: Search
    runner: HookRunner
    around: Around
    journal: Journal
    # Prints objects as JSON, or the lines that are made of them.
    show: Callable[[Iterable[Json], Callable[[Json], str]], None]
    say: Callable[[str], None]
    warn: Callable[[ToolkitError, str], None]

    def hook(self, needs: str | None = None) -> Hook:
        """The only hook that was named. Raises UsageError."""
        words = self.words[1:] if self.options["action"] == "run" else self.words
        if len(words) != 1:
            raise UsageError("which hook?", f"acme-hook {self.options['action']} wants the name of one")
        return locate.locate(words[0], self.search, needs)


def list_all(shop: Workshop) -> None:
    """The hooks of the search path: name, events, dialect, where from."""
    if shop.words:
        raise UsageError("list takes no name", f"acme-hook show {shop.words[0]}")
    found = [_listed(shop, *entry) for entry in locate.everything(shop.search)]
    width = max((len(str(hook["name"])) for hook in found), default=0)

    def line(hook: Json) -> str:
        return f"{hook['name']:{width}}  {hook.get('error') or ' '.join(hook['events']):20}  {hook['origin']}"

    shop.show(found, line)


def show(shop: Workshop) -> None:
    """What a hook is: its dialect and why, its files, what a test has found out."""

    def text(found: Json) -> str:
        return "\n".join(f"{key}: {_words(value)}" for key, value in found.items() if value not in (None, "", []))

    shop.show([describe(shop, shop.hook())], text)


def run(shop: Workshop) -> None:
    """Run a hook for an event exactly as the flow would, or with --dry-run print what would be run."""
    if not shop.words or shop.words[0] not in _RUN:
        raise UsageError(f"run which event of {', '.join(_RUN)}?", "acme-hook run auth HOOK -d example.com")
    event, hook = shop.words[0], shop.hook()
    if event not in hook.dialect.events:
        raise UsageError(f"the hook {hook.name} has no {event}", f"it has {', '.join(hook.dialect.events)}")
    invocations = _RUN[event](shop, hook)
    if not shop.options["dry_run"]:
        shop.runner.run(hook, event, invocations, shop.around.stop)
        return
    shop.show([_printed(shop, hook, invocation) for invocation in invocations], _as_shell)


def test(shop: Workshop) -> None:
    """Ask a hook for what the flow would ask of it, look whether it does that, and remember what it can."""
    from toolkit.issuance import trial

    trial.test(shop)


def lint(shop: Workshop) -> None:
    """Look at the files of hooks; runs nothing of theirs without --probe."""
    from toolkit.issuance import linting

    linting.lint(shop)


def serve(shop: Workshop) -> None:
    """Let other clients use a hook, by the HTTP requests of lego's httpreq."""
    from toolkit.issuance import serving

    serving.serve(shop)


def sweep(shop: Workshop) -> None:
    """Clean up what killed runs left behind; raises HookFailed when something stays."""
    entries = shop.journal.abandoned(everything=shop.options["all"])
    if shop.options["dry_run"]:
        shop.show(({"left": sweeping.describe(entry)} for entry in entries), lambda found: str(found["left"]))
        return
    if shop.options["forget"]:
        for entry in entries:
            shop.journal.finished(entry.solver, entry.events)
            shop.say(f"forgot {sweeping.describe(entry)}")
        return
    if not entries:
        return
    with sweeping.alone(shop.around):
        failed = sweeping.sweep(shop.journal, entries, shop.around, shop.say, shop.warn)
    if failed:
        raise HookFailed(f"{failed} of {len(entries)} could not be cleaned up")


def _listed(shop: Workshop, name: str, origin: str, hook: Hook | UsageError) -> Json:
    if isinstance(hook, Hook):
        return describe(shop, hook)
    return {"name": name, "origin": origin, "error": hook.message, "hint": hook.hint}


def describe(shop: Workshop, hook: Hook) -> Json:
    """A hook as `list` and `show` print it."""
    known = findings.read(shop.around.paths, hook)
    return {
        "name": hook.name,
        "events": list(hook.dialect.events),
        "dialect": hook.dialect.name,
        "why": hook.why,
        "types": list(hook.dialect.types),
        "origin": hook.origin,
        "files": [str(file) for file in hook.files],
        "unsafe": [f"{path} {why}" for file in hook.files for path, why in safety.weaknesses(file)],
        "several_values": known.several_values,
        "own_value_only": known.own_value_only,
        "alone": hook.dialect.alone,
    }


def event_of(shop: Workshop, hook: Hook) -> Event:
    """A challenge that no CA has set, for the name of -d; the same at every call, so that cleanup fits auth."""
    if len(shop.options["domains"]) != 1:
        raise UsageError("for which name?", "name one with -d")
    name = naming.identifier(shop.options["domains"][0])
    kind = shop.options["type"] or hook.dialect.types[-1 if "*" in name else 0]
    token = hashlib.sha256(f"acme-hook {name}".encode()).hexdigest()[:43]
    base = naming.base(name)
    made = proofs.proof(kind, token, base, "acme-hook-" + token[:33])
    return Event(kind, base, name.startswith("*."), token, made, (base,), 0, shop.options["record_name"] or "")


def _auth(shop: Workshop, hook: Hook) -> Invocations:
    return hook.dialect.auth([event_of(shop, hook)], shop.runner.place(hook))


def _cleanup(shop: Workshop, hook: Hook) -> Invocations:
    output = shop.options["auth_output"] or ""
    return hook.dialect.cleanup([event_of(shop, hook)], shop.runner.place(hook), output, True)


def _deploy(shop: Workshop, hook: Hook) -> Invocations:
    from toolkit.issuance.install import issued_of
    from toolkit.store import lineages

    name = shop.options["cert_name"]
    lineage = lineages.current(shop.around.paths, naming.lineage(name)) if name else None
    if lineage is None:
        raise UsageError("deploy which certificate?", "name the lineage with --cert-name")
    found = issued_of(shop.around.paths, lineage, lineage.chain().names)
    return hook.dialect.deploy(found, shop.runner.place(hook))


_RUN: Mapping[str, Callable[[Workshop, Hook], Invocations]] = {"auth": _auth, "cleanup": _cleanup, "deploy": _deploy}


def _printed(shop: Workshop, hook: Hook, invocation: Invocation) -> Json:
    program = shop.runner.program(hook, invocation)
    mask = shop.runner.passing.mask

    def shown(text: str) -> str:
        return mask(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")

    return {
        "argv": [shown(word) for word in program.argv],
        "environment": {name: shown(value) for name, value in sorted(program.env.items())},
        "stdin": None if program.stdin is None else shown(program.stdin.decode("utf-8", "replace")),
        "directory": program.directory or str(Path.cwd()),
        "umask": None if program.umask is None else f"{program.umask:03o}",
        "writes": [path for path, _ in invocation.writes],
    }


def _as_shell(found: Json) -> str:
    """The call as lines that a shell understands."""
    lines = [f"{name}={shlex.quote(value)} \\" for name, value in found["environment"].items()]
    command = " ".join(map(shlex.quote, found["argv"]))
    if found["stdin"] is None:
        return "\n".join(["env -i \\", *lines, f"{command} </dev/null"])
    record = shlex.quote(found["stdin"].rstrip("\n"))
    return "\n".join([f"printf '%s\\n' {record} |", "env -i \\", *lines, command])


def _words(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(word) for word in value)
    return {True: "yes", False: "no"}.get(value, printable(value)) if isinstance(value, bool) else printable(value)


ACTIONS: Mapping[str, Callable[[Workshop], None]] = {
    "list": list_all,
    "show": show,
    "run": run,
    "lint": lint,
    "test": test,
    "serve": serve,
    "sweep": sweep,
}
