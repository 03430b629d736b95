#!/usr/bin/env python3
"""An evil CA: the whole of ACME, answered without checking a signature or asking for proof, and with lies on demand.

    with EvilCA(chain="expired") as ca:
        ...  # give ca.directory and ca.ca_bundle to the client; ca.requests has what it asked

Without modes it is an honest CA that issues what a CSR wants; each mode (the fields of `Modes`) changes one thing.
For shells: `tests/fakes/evil.py DIR '{"chain": "expired"}'` starts one in the background; `. DIR/env`;
`tests/ca/stop DIR` ends it. DIR/requests.jsonl has the requests, DIR/strangers.jsonl those at its other origins.
"""

from __future__ import annotations

import datetime
import json
import secrets
import shutil
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.pop(0)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ca import certs
from tests.fakes import shell
from tests.fakes.flow import PATHS, Flow
from tests.fakes.issuer import Issuer
from tests.fakes.modes import Modes, from_json
from tests.fakes.odd import REFUSALS, SPOILERS, Answer, problem
from tests.fakes.serving import Handler, Journal, Request, TlsServer

_DAY = datetime.timedelta(days=1)
_TLS: dict[str, dict[str, Any]] = {
    "good": {},
    "selfsigned": {},
    "expired": {"valid": (-2 * _DAY, -_DAY)},
    "notyet": {"valid": (_DAY, 2 * _DAY)},
    "wronghost": {"names": ("other.invalid",)},
}


class EvilCA:
    """One CA, from the start of a `with` to its end."""

    def __init__(self, home: Path | None = None, /, **modes: Any) -> None:
        self.modes = Modes(**modes)
        self._made = None if home else Path(tempfile.mkdtemp(prefix="acme-evil-ca-"))
        where = home or self._made or Path()
        self.listener = certs.listener(where, **_TLS[self.modes.tls])
        self.ca_bundle = self.listener.root
        """PEM root that clients must trust to speak TLS with it."""
        if self.modes.tls == "selfsigned":
            self.ca_bundle = certs.listener(_subdirectory(where, "unrelated")).root
        self.issuer = Issuer()
        self.root = certs.pem(self.issuer.root.certificate)
        """PEM root that issues."""
        self._journal = Journal(home / "requests.jsonl" if home else None)
        self._strangers = Journal(home / "strangers.jsonl" if home else None)
        self.streamed = 0
        """Bytes of endless bodies that clients took before they left."""
        self.posts = 0
        self.flow = Flow(self.modes, self.issuer)
        self._answered: dict[str, int] = {}
        self._lock = threading.Lock()
        self.server = TlsServer(self.listener, self._handler(self._journal))
        self._others = {
            "other": TlsServer(self.listener, self._handler(self._strangers)),
            "http": TlsServer(None, self._handler(self._strangers)),
        }
        self.flow.elsewhere |= {kind: server.origin for kind, server in self._others.items()}
        self.directory = self.server.origin + PATHS["directory"]
        """URL of the ACME directory."""
        self.http_port = self.server.spare_port
        """A free port for clients that insist on answering http-01; nobody comes to look."""

    @property
    def requests(self) -> list[Request]:
        """Every request at the origin of the directory."""
        return self._journal.requests

    @property
    def strangers(self) -> list[Request]:
        """Every request at the "other" and "http" origins, to which no good client is lured."""
        return self._strangers.requests

    def __enter__(self) -> EvilCA:
        for server in (self.server, *self._others.values()):
            server.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        with ExitStack() as stack:
            if self._made:
                stack.callback(shutil.rmtree, self._made, ignore_errors=True)
            for server in (self.server, *self._others.values()):
                stack.callback(server.end)

    def respond(self, request: Request, origin: str) -> Answer:
        """The answer to a request, lies included. Called by one thread at a time."""
        resource = _resource(request.path)
        if resource is None:
            return problem(404, "malformed", "no such resource")
        nonce = ("Replay-Nonce", secrets.token_urlsafe(16))
        if request.method == "POST":
            self.posts += 1
            if self.modes.refuses_nonce(self.posts):
                return problem(400, "badNonce", "随机数无效", nonce)
        odd, times = self.modes.answer(resource)
        count = self._answered[resource] = self._answered.get(resource, 0) + 1
        if count > times:
            odd = ""
        if odd in REFUSALS:
            made = self._redirected(REFUSALS[odd](), request, origin)
        else:
            try:
                made = self.flow.answer(resource, request, origin)
            except (LookupError, TypeError, ValueError) as error:
                made = problem(400, "malformed", f"not understood: {error!r}")
        if request.method == "POST" or resource == "newNonce":
            made = replace(made, headers=(*made.headers, nonce))
        return SPOILERS[odd](made) if odd in SPOILERS else made

    def _redirected(self, made: Answer, request: Request, origin: str) -> Answer:
        headers = dict(made.headers)
        if "Location" in headers:
            headers["Location"] = self.flow.elsewhere.get(headers["Location"], origin) + request.path
        return replace(made, headers=tuple(headers.items()))

    def _handler(self, kept: Journal) -> type[Handler]:
        evil = self

        class Bound(Handler):
            journal = kept

            def answer(self, request: Request) -> None:
                scheme = self.server.origin.partition(":")[0]  # type: ignore[attr-defined]
                with evil._lock:
                    made = evil.respond(request, f"{scheme}://{self.headers['Host']}")
                self.send(made.status, _with_length(made), made.body)
                for piece in made.stream() if made.stream else ():
                    self.wfile.write(piece)
                    evil.streamed += len(piece)

        return Bound


def _with_length(made: Answer) -> tuple[tuple[str, str], ...]:
    return made.headers if made.length is None else (*made.headers, ("Content-Length", str(made.length)))


def _resource(path: str) -> str | None:
    """The resource of a path; those with objects below them end in a slash or are followed by one."""
    for name, start in PATHS.items():
        if path == start or path.startswith(start.rstrip("/") + "/"):
            return name
    return None


def _subdirectory(home: Path, name: str) -> Path:
    (home / name).mkdir(exist_ok=True)
    return home / name


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("usage: evil.py DIR [MODES]", file=sys.stderr)
        return 2
    home = Path(arguments[0]).resolve()
    home.mkdir(parents=True, exist_ok=True)
    modes = json.loads(arguments[1]) if len(arguments) == 2 else {}
    from_json(modes)
    ca = EvilCA(home, **modes)
    (home / "issuer.pem").write_bytes(ca.root)
    variables = {
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_HTTP_01_PORT": str(ca.http_port),
        "FAKE_ROOT": str(home / "issuer.pem"),
        "FAKE_STRANGERS": str(home / "strangers.jsonl"),
    }
    shell.detach(home, ca, variables)
    return 0


if __name__ == "__main__":
    raise SystemExit(shell.status(main, sys.argv[1:]))
