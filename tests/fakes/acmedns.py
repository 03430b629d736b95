"""A strict acme-dns: registrations, updates and their refusals over plain HTTP on the loopback address.

    with AcmeDns("auth.example.net", dns=ca) as fake:
        ...  # give fake.url to the client; fake.accounts has who registered, fake.values what DNS says

What it demands and answers is what the server does (github.com/joohoi/acme-dns: API in its README, checks in its
source). With `dns` the values appear at the test CA's DNS server, where a test puts the CNAME.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from tests.fakes.serving import Handler, Journal, Request, TlsServer

if TYPE_CHECKING:
    from tests.ca.dns import Records

_SLOTS = 2  # values that a registration has; the older one goes for the next


class _Refused(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


class AcmeDns:
    """One server, from the start of a `with` to its end."""

    def __init__(self, domain: str = "auth.example.net", *, dns: Records | None = None, registration: bool = True):
        self.domain = domain
        self.registration = registration
        self.accounts: dict[str, dict[str, Any]] = {}
        """By user name, as shown to who registered."""
        self.values: dict[str, list[str]] = {}
        """The TXT values of a subdomain, the older first."""
        self.spoil: list[tuple[int, bytes] | str | None] = []
        """Answers for the next requests, None for its own: (status, body), "reset", or "lose" after the deed."""
        self._dns = dns
        self._journal = Journal()
        fake = self

        class Answering(Handler):
            journal = self._journal

            def answer(self, request: Request) -> None:
                fake.answer(self, request)

        self._server = TlsServer(None, Answering)
        self.url = self._server.origin

    @property
    def requests(self) -> list[Request]:
        return list(self._journal.requests)

    def __enter__(self) -> AcmeDns:
        self._server.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.end()

    def answer(self, handler: Handler, request: Request) -> None:
        spoiled = self.spoil.pop(0) if self.spoil else None
        if isinstance(spoiled, tuple):
            handler.send(spoiled[0], (), spoiled[1])
            return
        if spoiled == "reset":
            handler.reset()
            return
        try:
            status, document = self._served(request)
        except _Refused as refused:
            status, document = refused.status, {"error": str(refused)}
        if spoiled == "lose":
            handler.reset()
        else:
            handler.send(status, (("Content-Type", "application/json"),), json.dumps(document).encode())

    def _served(self, request: Request) -> tuple[int, dict[str, Any]]:
        routes = {"/register": self._register, "/update": self._update}
        serve = routes.get(request.path)
        if not serve or (request.path == "/register" and not self.registration):
            raise _Refused(404, "page not found")
        if request.method != "POST":
            raise _Refused(405, "Method Not Allowed")
        return serve(request)

    def _register(self, request: Request) -> tuple[int, dict[str, Any]]:
        allowed: list[str] = []
        if request.body:
            body = _document(request, _Refused(400, "malformed_json_payload"))
            allowed = body.get("allowfrom", [])
        try:
            for network in allowed:
                ipaddress.ip_network(network, strict=False)
                if "/" not in network:
                    raise ValueError(network)
        except ValueError:
            raise _Refused(400, "invalid_allowfrom_cidr") from None
        made = {"username": str(uuid.uuid4()), "password": secrets.token_urlsafe(40)[:40], "allowfrom": allowed}
        subdomain = str(uuid.uuid4())
        made |= {"subdomain": subdomain, "fulldomain": f"{subdomain}.{self.domain}"}
        self.accounts[made["username"]], self.values[subdomain] = made, []
        return 201, made

    def _update(self, request: Request) -> tuple[int, dict[str, Any]]:
        forbidden = _Refused(401, "forbidden")
        headers = {name.lower(): value for name, value in request.headers.items()}
        account = self.accounts.get(headers.get("x-api-user", ""))
        key = headers.get("x-api-key", "")
        if not account or not re.fullmatch(r"[A-Za-z0-9_-]{40}", key):
            raise forbidden
        if not hmac.compare_digest(account["password"], key) or not _allowed(account["allowfrom"]):
            raise forbidden
        body = _document(request, forbidden)
        if body.get("subdomain") != account["subdomain"]:
            raise forbidden
        value = body.get("txt")
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{43}", value):
            raise _Refused(400, "bad_txt")
        kept = self.values[account["subdomain"]]
        kept[:] = [*kept, value][-_SLOTS:]
        if self._dns:
            self._dns.clear_txt(account["fulldomain"])
            for one in dict.fromkeys(kept):
                self._dns.set_txt(account["fulldomain"], one)
        return 200, {"txt": value}


def _allowed(networks: list[str]) -> bool:
    """Whether clients on this machine may update; no networks are all networks."""
    here = ipaddress.ip_address("127.0.0.1")
    return not networks or any(here in ipaddress.ip_network(network, strict=False) for network in networks)


def _document(request: Request, otherwise: _Refused) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise otherwise from None
    if not isinstance(body, dict):
        raise otherwise
    return body
