#!/usr/bin/env python3
"""A fault proxy in front of a test CA: it loses, spoils and delays answers by rule, and records what was asked.

    with TestCA.start() as ca, FaultProxy(ca, [Rule(path="finalize", lose=True, times=1)]) as proxy:
        ...  # give proxy.directory and proxy.ca_bundle to the client

It passes the client's Host header on, so the CA makes its URLs on the proxy's origin. For shells, after
`tests/ca/start CADIR`: `tests/fakes/proxy.py CADIR DIR RULES`, where RULES is JSON or a file of it, starts one in the
background; `. DIR/env`; `tests/ca/stop DIR` ends it. DIR/requests.jsonl has the requests.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.pop(0)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ca.certs import Listener
from tests.fakes import shell
from tests.fakes.rules import Rule, parse
from tests.fakes.serving import Handler, Journal, Request, TlsServer

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class Behind(Protocol):
    """What stands behind a proxy: a TestCA, an EvilCA, another proxy."""

    @property
    def directory(self) -> str: ...
    @property
    def listener(self) -> Listener: ...


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class FaultProxy:
    """Stands in front of `ca` from the start of a `with` to its end. Rules may be added at any time."""

    def __init__(self, ca: Behind, rules: Sequence[Rule] = (), journal: Path | None = None) -> None:
        self.rules = list(rules)
        self.listener = ca.listener
        self.ca_bundle = ca.listener.root
        """PEM root that clients must trust: that of the CA behind."""
        self._journal = Journal(journal)
        behind = urlsplit(ca.directory)
        context = ssl.create_default_context(cafile=str(self.ca_bundle))
        rules_now = self.rules

        class Bound(_ProxyHandler):
            rules = rules_now
            journal = self._journal

            def connect(self) -> http.client.HTTPSConnection:
                return http.client.HTTPSConnection(behind.netloc, timeout=30, context=context)

        self.server = TlsServer(self.listener, Bound)
        self.directory = self.server.origin + behind.path
        """URL of the ACME directory, through the proxy."""

    @property
    def requests(self) -> list[Request]:
        """Every request so far, those answered without the CA included."""
        return self._journal.requests

    def __enter__(self) -> FaultProxy:
        self.server.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.end()


class _ProxyHandler(Handler):
    """One client connection, with one connection of its own to the CA."""

    rules: list[Rule]
    server: TlsServer
    _upstream: http.client.HTTPSConnection | None = None

    def connect(self) -> http.client.HTTPSConnection:
        raise NotImplementedError

    def finish(self) -> None:
        if self._upstream:
            self._upstream.close()
        super().finish()

    def answer(self, request: Request) -> None:
        rule = next((rule for rule in self.rules if rule.matches(request.method, request.path)), None)
        if rule is None:
            return self.send(*self._forward(request))
        answer = self._forward(request) if rule.forward else Answer(200, [], b"")
        if rule.hang or rule.delay:
            self.server.ending.wait(None if rule.hang else rule.delay)
        if rule.lose or rule.hang:
            return self.leave()
        return self._deliver(_spoiled(answer, rule), rule)

    def _forward(self, request: Request) -> Answer:
        self._upstream = self._upstream or self.connect()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        body = request.body if request.body or request.method == "POST" else None
        self._upstream.request(request.method, request.path, body, headers)
        response = self._upstream.getresponse()
        received = response.read()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
        return Answer(response.status, kept, received)

    def _deliver(self, answer: Answer, rule: Rule) -> None:
        head = self.head(answer.status, answer.headers, len(answer.body))
        body = b"" if self.command == "HEAD" else answer.body
        if rule.cut is not None:
            body = body[: rule.cut]
        if rule.drip:
            for byte in head + body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.server.ending.wait(rule.drip):
                    return self.leave()
        else:
            self.wfile.write(head + body)
        if rule.cut is not None:
            self.reset()
        elif any(name.lower() == "content-length" for name in rule.headers):
            self.leave()  # a length that lies leaves the connection useless
        return None


def _spoiled(answer: Answer, rule: Rule) -> Answer:
    """The answer as the rule wants it to look."""
    replaced = {name.lower() for name in rule.headers}
    headers = [(name, value) for name, value in answer.headers if name.lower() not in replaced]
    headers += [(name, value) for name, value in rule.headers.items() if value is not None]
    return Answer(rule.status or answer.status, headers, rule.changed(answer.body))


class _Started(NamedTuple):
    """A CA that tests/ca/start, or a fake, started below a directory."""

    directory: str
    listener: Listener


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print("usage: proxy.py CADIR DIR RULES", file=sys.stderr)
        return 2
    behind, home = Path(arguments[0]).resolve(), Path(arguments[1]).resolve()
    text = arguments[2] if arguments[2].lstrip().startswith("[") else Path(arguments[2]).read_text(encoding="utf-8")
    variables = shell.read(behind)
    listener = Listener(Path(variables["ACME_CA_BUNDLE"]), behind / "listener.pem", behind / "listener.key")
    proxy = FaultProxy(_Started(variables["ACME_SERVER"], listener), parse(text), home / "requests.jsonl")
    shell.detach(home, proxy, variables | {"ACME_SERVER": proxy.directory})
    return 0


if __name__ == "__main__":
    raise SystemExit(shell.status(main, sys.argv[1:]))
