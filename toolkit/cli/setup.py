"""From option values to the library's objects, and from a command's function to its exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit import __version__, config, document, files, names
from toolkit.cli import input as reading
from toolkit.cli.messages import Messages, verbosity
from toolkit.cli.output import Output
from toolkit.cli.process import Process, Work
from toolkit.errors import ToolkitError, UsageError
from toolkit.store.paths import Paths

Given = dict[str, Any]


class Run:
    """One run of a command with the options it was given."""

    def __init__(self, name: str, given: Given) -> None:
        self.given = given
        self.messages = Messages(name, verbosity(given["verbose"], given["quiet"]))
        self.process = Process(self.messages)
        self.environment = config.environment()
        self.paths = Paths(config.directories(given["config_dir"], given["work_dir"]))

    def documents(self, *, plain_names: bool = False) -> Iterator[reading.Item]:
        """The input: the names of -d, the signing requests of --csr, else files, else standard input."""
        given = self.given
        wanted = [name for value in given.get("domains", ()) for name in value.split(",")]
        if (wanted or given.get("csr")) and given.get("files"):
            raise UsageError("names and files at once", "give names with -d, or files with documents")
        if given.get("csr"):
            if wanted:
                raise UsageError("--csr together with -d", "the names are those of the signing request")
            return iter([reading.signing_request(given["csr"], given.get("cert_name"))])
        if wanted:
            cert_name = names.lineage(given["cert_name"]) if given.get("cert_name") else None
            return iter([reading.Item("-d", document.new(names.identifiers(wanted), cert_name))])
        if given.get("cert_name"):
            raise UsageError("--cert-name without names", "name them with -d")
        return reading.items(given.get("files", ()), plain_names)

    def stage(
        self, stage: str, source: Iterator[reading.Item], work: Work, *, always: bool = False, last: bool = False
    ) -> None:
        """Run the stage over the input; the `last` of a pipeline does not fill a terminal with documents."""
        output = Output(self.given.get("output"), silent_on_terminal=last)
        self.process.run(stage, source, work, output, self.given.get("jobs", 1), always=always)

    def local(self) -> Any:
        """What the stages share that speak to no CA."""
        from toolkit.issuance.local import Local

        messages = self.messages
        patience = self.given.get("lock_timeout") or 0.0
        return Local(self.paths, self.process.stop, patience, messages.say, progress=messages.progress)

    def context(self) -> Any:
        """What the stages share that speak to a CA."""
        from toolkit.ca.transport import Settings
        from toolkit.issuance.context import Context

        given, environment = self.given, self.environment
        settings = Settings(
            user_agent=f"acme-toolkit/{__version__}",
            ca_bundle=Path(given["ca_bundle"]) if given.get("ca_bundle") else None,
            allow_http=bool(given.get("allow_http")),
            proxy_for=lambda scheme, host: config.proxy_for(scheme, host, environment),
        )
        context = Context(
            **vars(self.local()),
            transport=settings,
            server=given.get("server"),
            account=given.get("account"),
            timeout=given.get("timeout") or 90.0,
        )
        if "agree_tos" in given:
            context.registration = self._registration()
        self.process.on_stop = context.close
        return context

    def plan(self) -> Any:
        """How to prove control, by the authenticator that was named. Raises UsageError."""
        from toolkit.issuance import authenticators
        from toolkit.issuance.check import Check
        from toolkit.issuance.presenting import Plan

        given = self.given
        check = Check(given["check"], given["check_timeout"], given["resolver"], given["http_01_port"])
        solver = self._solver()
        return Plan(
            solver,
            authenticators.preferred(given, solver),
            check,
            warn=lambda about, error: self.messages.warning(error, about),
            fail=lambda about, error: self.process.failed(error, about),
            journal=self.journal,
            authenticator=authenticators.noted(given, self.environment),
        )

    def frame(self) -> Any:
        """The hooks before and after all."""
        from toolkit.hooks import directories, locate
        from toolkit.issuance import authenticators
        from toolkit.issuance.frame import Frame

        def hooks(event: str) -> list[Any]:
            found = [] if self.given["no_directory_hooks"] else directories.programs(self.paths, event)
            lines = dict.fromkeys(self.given[f"{event}_hooks"])
            known = {str(hook.identity) for hook in found}
            return [*found, *(locate.of_lines({event: line}) for line in lines if line not in known)]

        runner = authenticators.runner(self.given, self.around())
        return Frame(hooks("pre"), hooks("post"), runner, self.process.stop, self.process.force)

    def sweep(self, journal: Any) -> None:
        """Clean up what killed runs have left, before anything new is presented."""
        if "present" in self.given.get("stages", ("present",)):
            from toolkit.issuance import sweep

            sweep.before_run(journal, self.around(), self.messages.tell, self.messages.warning)

    def close(self, *ends: Callable[[], None]) -> None:
        """Do all that is to be done at the end, whatever becomes of one of them."""
        for end in ends:
            try:
                end()
            except ToolkitError as error:
                self.process.failed(error)

    @cached_property
    def journal(self) -> Any:
        """This process's journal of what it presented."""
        from toolkit.store.journal import Journal

        return Journal(self.paths)

    def around(self) -> Any:
        """What authenticators and hooks need of this process."""
        from toolkit.issuance.authenticators import Around

        return Around(
            self.paths, self.environment, self.process.stop, self.process.force, self.messages.hook, self.journal.run
        )

    def key_wish(self) -> Any:
        """Which key is wanted."""
        from toolkit.issuance.csr import KeyWish
        from toolkit.keys import KeyType

        given = self.given
        return KeyWish(KeyType(given["key_type"], given["elliptic_curve"], given["rsa_key_size"]), given["reuse_key"])

    def targets(self) -> Any:
        """Where the certificate goes."""
        from toolkit.hooks import locate
        from toolkit.issuance import authenticators, targets

        given = self.given
        return targets.build(
            targets.settings(given),
            locate.search_path(self.paths, given["hooks_dir"], self.environment),
            authenticators.runner(given, self.around()),
            key=Path(given["key"]).absolute() if given.get("key") else None,
            directory_hooks=not given["no_directory_hooks"],
        )

    def settings(self) -> dict[str, Any]:
        """What the renewal settings shall say; only what was asked for on this command line."""
        from toolkit.issuance import authenticators, targets

        given = self.given
        found: dict[str, Any] = {"authenticator": authenticators.settings(given)}
        if "key_type" in given:
            found["key"] = {k: given[k] for k in ("key_type", "elliptic_curve", "rsa_key_size", "reuse_key")}
        found["deploy"] = targets.settings(given)
        return found

    def profile(self) -> Any:
        """What newOrder shall say beside the names."""
        from toolkit.issuance.order import Wanted

        return Wanted(self.given["profile"])

    def stages(self) -> tuple[str, ...]:
        """The stages named before the files, in their own order; all of them if none is."""
        from toolkit.issuance.challenge import STAGES

        words = list(self.given["files"])
        named = set()
        while words and words[0] in STAGES:
            named.add(words.pop(0))
        self.given["files"] = tuple(words)
        found = tuple(stage for stage in STAGES if stage in named) or STAGES
        self.given["stages"] = found
        if "present" in found and found != STAGES and self.given["standalone"]:
            raise UsageError(
                "--standalone answers only while it runs",
                "let one acme-challenge run all four stages, or use --webroot",
            )
        return found

    def print_all(self, objects: list[dict[str, Any]]) -> None:
        """Print objects as JSON, one a line."""
        output = Output(None, silent_on_terminal=False)
        for found in objects:
            output.write(found)

    def _solver(self) -> Any:
        from toolkit.issuance import authenticators

        if self.given.get("stages") == ("answer",) and (stand_in := authenticators.nobody(self.given)):
            return stand_in
        return authenticators.build(self.given, self.around())

    def _registration(self) -> Any:
        from toolkit.ca.accounts import Binding
        from toolkit.issuance.context import Registration

        given = self.given
        secret = given["eab_hmac_key"]
        if given["eab_hmac_key_file"]:
            secret = files.read(Path(given["eab_hmac_key_file"]), 4096).decode("ascii", "replace").strip()
        if bool(secret) != bool(given["eab_kid"]):
            raise UsageError(
                "an external account needs both its key identifier and its key",
                "give --eab-kid and --eab-hmac-key-file",
            )
        binding = Binding(given["eab_kid"], secret, given["eab_hmac_alg"]) if secret else None
        emails = tuple(a for value in given["emails"] for a in value.split(","))
        return Registration(given["agree_tos"], emails, binding)


def run(name: str, function: Callable[[Run], None], given: Given) -> int:
    """Call a command's function; returns the exit status, having printed what went wrong."""
    messages = Messages(name, verbosity(given["verbose"], given["quiet"]))
    try:
        current = Run(name, given)
        current.process.catch_signals()
        function(current)
    except ToolkitError as error:
        if "current" in locals() and current.process.stop.reason:
            return current.process.end()
        messages.error(error)
        return error.status
    except Exception as error:  # noqa: BLE001 - the last door before the shell
        messages.crash(error)
        return 1
    return current.process.end()
