"""Hooks of dehydrated: SCRIPT OPERATION ARGUMENT..., and the client's configuration as variables.

Contract: docs/examples/hook.sh, docs/hook_chain.md and the script itself, 0.7.2. Where that is wrong this is
right: invalid_challenge names the identifier that was refused, not the last one of the certificate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.dialects import Answer, Dialect, Invocation, Invocations, Place
from toolkit.dialects.certbot import fitting
from toolkit.events import Event, Issued

# An operation that no script can know, and has to ignore.
UNKNOWN = "this_hookscript_is_broken__dehydrated_is_working_fine__please_ignore_unknown_hooks_in_your_script"
_CHALLENGES = ("auth", "cleanup", "refused")
_CERTIFICATES = ("deploy", "unchanged", "csr")
_RUNS = ("begin", "end", "request_failure")
# Of the variables below, those that the user may pass with another value.
_SETTINGS = ("WELLKNOWN", "BASEDIR", "CERTDIR", "ALPNCERTDIR", "CONFIG", "KEY_ALGO", "PRIVATE_KEY_ROLLOVER")

Files = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Dehydrated(Dialect):
    """`chain` is its HOOK_CHAIN=yes."""

    script: str
    chain: bool = False
    name = "dehydrated"

    @property
    def chained(self) -> bool:
        return self.chain

    @property
    def events(self) -> tuple[str, ...]:
        return (*_CHALLENGES, *_CERTIFICATES, *_RUNS)

    def auth(self, events: Sequence[Event], place: Place) -> Invocations:
        return tuple(
            self._run(place, _of_events(group), "deploy_challenge", *_triples(group), writes=_proofs(group, place))
            for group in self._groups(events)
        )

    def cleanup(self, events: Sequence[Event], place: Place, output: str, valid: bool) -> Invocations:
        return tuple(
            self._run(
                place,
                _of_events(group),
                *("clean_challenge", *_triples(group)),
                removes=tuple(path for path, _ in _proofs(group, place)),
            )
            for group in self._groups(events)
        )

    def refused(self, event: Event, place: Place, problem: str) -> Invocations:
        return (self._run(place, _of_events([event]), "invalid_challenge", event.identifier, fitting(problem)),)

    def deploy(self, issued: Issued, place: Place) -> Invocations:
        variables = _of_certificate(issued.name, issued.names)
        cert, chain, fullchain, key = issued.files
        # Its fifth argument is the request. We keep none, and "" would end `sync "$5"`, which the sample proposes.
        request = f"{place.state}/request.csr"
        synced = ("sync_cert", key, cert, fullchain, chain, request)
        deployed = ("deploy_cert", issued.names[0], *_live(issued), str(issued.at))
        return (
            self._run(place, variables, *synced, writes=((request, b""),)),
            self._run(place, variables, *deployed),
        )

    def unchanged(self, issued: Issued, place: Place) -> Invocations:
        variables = _of_certificate(issued.name, issued.names)
        return (self._run(place, variables, "unchanged_cert", issued.names[0], *_live(issued)),)

    def begin(self, place: Place) -> Invocations:
        return (self._run(place, {}, "startup_hook"),)

    def end(self, place: Place, error: str) -> Invocations:
        return (self._run(place, {}, "exit_hook", *([fitting(error)] if error else [])),)

    def csr(self, name: str, names: Sequence[str], place: Place) -> Invocations:
        arguments = (names[0], f"{place.config}/live/{name}", " ".join(names))
        return (self._run(place, _of_certificate(name, names), "generate_csr", *arguments),)

    def request_failure(self, answer: Answer, place: Place) -> Invocations:
        arguments = (str(answer.status), fitting(answer.body), answer.method.lower(), fitting(answer.headers))
        return (self._run(place, {}, "request_failure", *arguments),)

    def lint(self, place: Place) -> Invocations:
        return (self._run(place, {}, UNKNOWN),)

    def _groups(self, events: Sequence[Event]) -> list[Sequence[Event]]:
        if not self.chain:
            return [[event] for event in events]
        # CHALLENGETYPE is one for all that a call tells of; a wildcard may have made it two for an order.
        return [[e for e in events if e.type == kind] for kind in dict.fromkeys(e.type for e in events)]

    def _run(
        self, place: Place, more: Mapping[str, str], *arguments: str, writes: Files = (), removes: tuple[str, ...] = ()
    ) -> Invocation:
        variables = {**_of_run(place), **more, **{k: v for k, v in place.passed.items() if k in _SETTINGS}}
        if "CONFIG" not in place.passed:
            # Scripts source "$CONFIG", which is there even if there is nothing to say.
            writes = ((variables["CONFIG"], b""), *writes)
        argv = (self.script, *arguments)
        return Invocation(argv, variables, umask=0o077, fallback="bash", writes=writes, removes=removes)


def _of_run(place: Place) -> dict[str, str]:
    return {
        "BASEDIR": place.config,
        "CERTDIR": f"{place.config}/live",
        "ALPNCERTDIR": f"{place.state}/alpn-certs",
        # Without a directory that is served it is one of the hook's own, from which it may copy.
        "WELLKNOWN": place.state,
        "CONFIG": f"{place.state}/config",
        "COMMAND": "sign_domains",
    }


def _of_certificate(name: str, names: Sequence[str]) -> dict[str, str]:
    return {"alias": name, "altnames": " ".join(names), "KEY_ALGO": "prime256v1", "PRIVATE_KEY_ROLLOVER": "no"}


def _of_events(events: Sequence[Event]) -> dict[str, str]:
    first = events[0]
    names = first.names or tuple(dict.fromkeys(first.all_identifiers))
    return {**_of_certificate(first.cert_name or names[0], names), "CHALLENGETYPE": first.type}


def _triples(events: Sequence[Event]) -> list[str]:
    return [text for event in events for text in (event.identifier, event.token, event.validation)]


def _proofs(events: Sequence[Event], place: Place) -> Files:
    """The files of http-01: dehydrated writes them itself, so that its scripts need not."""
    directory = place.passed.get("WELLKNOWN") or place.state
    return tuple((f"{directory}/{e.token}", e.validation.encode()) for e in events if e.type == "http-01")


def _live(issued: Issued) -> tuple[str, str, str, str]:
    return issued.path("privkey"), issued.path("cert"), issued.path("fullchain"), issued.path("chain")
