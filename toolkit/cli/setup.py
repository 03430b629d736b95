"""From option values to the library's objects, and from a command's function to its exit status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from toolkit import __version__, config, document, files, names
from toolkit.cli import input as reading
from toolkit.cli.messages import Messages, verbosity
from toolkit.cli.options import CHALLENGES
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
            return iter([self._of_csr(given["csr"], wanted)])
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

        return Local(self.paths, self.process.stop, self.given.get("lock_timeout") or 0.0, self.messages.say)

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
        from toolkit.issuance.challenge import Plan
        from toolkit.issuance.check import Check

        given = self.given
        check = Check(given["check"], given["check_timeout"], given["resolver"], given["http_01_port"])
        solver = self._solver()
        preferred = solver.types
        if given["preferred_challenges"]:
            asked = given["preferred_challenges"].replace(",", " ").split()
            unknown = [kind for kind in asked if kind not in CHALLENGES]
            if unknown:
                raise UsageError(f"no challenge type {unknown[0]!r}", f"types are {', '.join(CHALLENGES)}")
            preferred = tuple(CHALLENGES[kind] for kind in asked)
        return Plan(
            solver,
            preferred,
            check,
            warn=lambda about, error: self.messages.warning(error, about),
            fail=lambda about, error: self.process.failed(error, about),
        )

    def key_wish(self) -> Any:
        """Which key is wanted."""
        from toolkit.issuance.csr import KeyWish
        from toolkit.keys import KeyType

        given = self.given
        return KeyWish(KeyType(given["key_type"], given["elliptic_curve"], given["rsa_key_size"]), given["reuse_key"])

    def targets(self) -> Any:
        """Where the certificate goes."""
        from toolkit import hooks
        from toolkit.installers import copies
        from toolkit.issuance.install import Targets

        given = self.given
        search = hooks.search_path(self.paths, given["hooks_dir"])
        deploy = [(f"deploy-hook {command}", hooks.deploy_string(command)) for command in given["deploy_hooks"]]
        deploy += [(f"deploy {name}", hooks.locate(name, search, "deploy")) for name in given["deploys"]]
        key = Path(given["key"]).absolute() if given.get("key") else None
        copied = tuple(copies.parse(value) for value in given["copies"])
        return Targets(copied, tuple(deploy), self._hook_runner(), given["verify"], key)

    def settings(self) -> dict[str, Any]:
        """What the renewal settings shall say; only what was asked for on this command line."""
        given = self.given
        deploy = {
            "copies": list(given["copies"]),
            "hooks": list(given["deploy_hooks"]),
            "directories": list(given["deploys"]),
            "verify": list(given["verify"]),
        }
        found: dict[str, Any] = {"authenticator": self._authenticator()}
        if "key_type" in given:
            found["key"] = {k: given[k] for k in ("key_type", "elliptic_curve", "rsa_key_size", "reuse_key")}
        found["deploy"] = {key: value for key, value in deploy.items() if value}
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

    def _authenticator(self) -> dict[str, Any]:
        given = self.given
        named = {key: given[key] for key in _AUTHENTICATORS if given.get(key)}
        if not named:
            return {}
        extra = {"http_01_port": 80, "http_01_address": "", "preferred_challenges": None, "hook_env": ()}
        named.update({key: given[key] for key, default in extra.items() if given.get(key) not in (None, default)})
        return {key: list(value) if isinstance(value, tuple) else value for key, value in named.items()}

    def _solver(self) -> Any:
        from toolkit.solvers import Nobody

        given = self.given
        chosen = [
            name
            for name, wanted in (
                ("standalone", given["standalone"]),
                ("webroot", given["webroot"] or given["webroots"]),
                ("hook", given["hook"]),
                ("manual", given["manual_auth_hook"]),
            )
            if wanted
        ]
        if not chosen and given.get("stages") == ("answer",):
            return Nobody()
        if len(chosen) != 1:
            problem = f"several authenticators: {', '.join(chosen)}" if chosen else "no authenticator named"
            raise UsageError(problem, "choose one of --standalone, --webroot, --hook and --manual-auth-hook")
        if chosen == ["standalone"]:
            from toolkit.solvers.standalone import Standalone

            return Standalone(given["http_01_port"], given["http_01_address"])
        if chosen == ["webroot"]:
            from toolkit.solvers.webroot import Webroot, parse_roots

            return Webroot(parse_roots(given["webroots"]))
        return self._hook_solver()

    def _hook_solver(self) -> Any:
        from toolkit import hooks
        from toolkit.solvers.hook import HookSolver

        given = self.given
        if given["hook"]:
            hook = hooks.locate(given["hook"], hooks.search_path(self.paths, given["hooks_dir"]), "auth")
        else:
            hook = hooks.of_strings(given["manual_auth_hook"], given["manual_cleanup_hook"])
        return HookSolver(hook, self._hook_runner(), self.process.stop, self.process.force)

    def _hook_runner(self) -> Any:
        from toolkit.hooks import HookRunner

        given = self.given
        return HookRunner(self.paths, self.environment, given["hook_env"], given["hook_timeout"], self.messages.hook)

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

    def _of_csr(self, path: str, wanted: list[str]) -> reading.Item:
        from toolkit import keys

        if wanted:
            raise UsageError("--csr together with -d", "the names are those of the signing request")
        pem, found = keys.read_csr(files.read(Path(path), 1024 * 1024), path)
        doc = document.new(found, names.lineage(self.given["cert_name"]) if self.given.get("cert_name") else None)
        doc["csr"] = pem
        return reading.Item(path, doc)


_AUTHENTICATORS = ("standalone", "webroot", "webroots", "hook", "manual_auth_hook", "manual_cleanup_hook")


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
