"""A strict Cloudflare: the part of its API v4 that DNS hooks use, over plain HTTP on the loopback address.

    with Cloudflare("example.com", "example.co.uk", dns=ca) as fake:
        ...  # give fake.url and fake.token to the client; fake.zones[...] has the records, fake.requests what it asked

It turns away what the service would: headers of a wrong form, tokens without the permission, bodies with unknown
keys, records that are there. With `dns`, TXT records appear at the test CA's DNS server.
Paths, parameters and most codes: developers.cloudflare.com/api, .../fundamentals/api/reference, and answers quoted in
the issues of its clients. Texts of codes 1032, 9004 and 9207 are ours; so is that unknown parameters are refused.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.cloudflare_zone import Record, Refused, Zone
from tests.fakes.serving import Handler, Journal, Request, TlsServer

if TYPE_CHECKING:
    from tests.ca.dns import Records

_ROOT = "/client/v4"
_JSON = ("Content-Type", "application/json")
_ID = r"([0-9a-f]{32})"
_ZONE_FILTERS = {"name", "status", "page", "per_page", "order", "direction", "match", "account.id", "account.name"}
_RECORD_FILTERS = {
    "type", "page", "per_page", "order", "direction", "match", "name", "content", "search",
    *(f"{key}.{how}" for key in ("name", "content") for how in ("exact", "contains", "startswith", "endswith")),
}  # fmt: skip
_COMPARE = {
    "": str.__eq__, "exact": str.__eq__, "contains": str.__contains__,
    "startswith": str.startswith, "endswith": str.endswith,
}  # fmt: skip


@dataclass
class Token:
    """A token, and the zones in which it may read the zone and edit DNS; None is every zone."""

    read: set[str] | None = None
    edit: set[str] | None = None
    value: str = field(default_factory=lambda: secrets.token_urlsafe(40)[:40])

    def may(self, what: str, zone: Zone) -> bool:
        allowed = self.read if what == "read" else self.edit
        return allowed is None or zone.name in allowed


@dataclass
class Fault:
    """Answers `times` requests whose method and path fit, in place of the service."""

    path: str
    method: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    times: float
    how: str
    """"answer", "reset", "slow" (never), or "lose": the request is carried out and its answer lost."""


class Cloudflare:
    """One service, from the start of a `with` to its end."""

    def __init__(self, *zones: str | Zone, dns: Records | None = None, page_size: int = 100) -> None:
        made = [Zone(zone) if isinstance(zone, str) else zone for zone in zones]
        self.zones = {zone.name: zone for zone in made}
        self.tokens = [Token()]
        self.token = self.tokens[0].value
        """A token for everything."""
        self.email, self.key = "owner@example.com", secrets.token_hex(19)[:37]
        self.page_size = page_size
        """The longest page, whatever is asked for."""
        self.faults: list[Fault] = []
        self._dns = dns
        self._journal = Journal()
        self._lock = threading.Lock()
        fake = self

        class Answering(Handler):
            journal = self._journal

            def answer(self, request: Request) -> None:
                fake.answer(self, request)

        self.server = TlsServer(None, Answering)
        self.url = self.server.origin + _ROOT

    @property
    def requests(self) -> list[Request]:
        return list(self._journal.requests)

    def add(self, read: set[str] | None, edit: set[str] | None) -> str:
        """A further token, for these zones."""
        self.tokens.append(Token(read, edit))
        return self.tokens[-1].value

    def fail(
        self, path: str, status: int = 0, *, method: str = "", body: bytes = b"<html>no</html>", times: float = 1,
        how: str = "answer", headers: tuple[tuple[str, str], ...] = (),
    ) -> None:  # fmt: skip
        """Spoil the next `times` requests whose path ends in `path` (a regular expression)."""
        self.faults.append(Fault(path, method, status, headers, body, times, how))

    def __enter__(self) -> Cloudflare:
        self.server.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.end()

    def answer(self, handler: Handler, request: Request) -> None:
        fault = self._fault(request)
        if fault and fault.how == "slow":
            self.server.ending.wait(30)
        if fault and fault.how != "lose":
            if fault.how == "answer":
                handler.send(fault.status, (("Content-Type", "text/html"), *fault.headers), fault.body)
            else:
                handler.reset()
            return
        try:
            with self._lock:
                status, document = 200, self._served(request)
        except Refused as refused:
            status, document = refused.status, {"success": False, "errors": refused.errors, "result": None}
        if fault:
            handler.reset()
            return
        body = {"success": True, "errors": [], "messages": []} | document
        handler.send(status, (_JSON,), json.dumps(body).encode())

    def _fault(self, request: Request) -> Fault | None:
        path = urlsplit(request.path).path
        for fault in self.faults:
            if fault.times > 0 and fault.method in ("", request.method) and re.search(f"{fault.path}$", path):
                fault.times -= 1
                return fault
        return None

    def _served(self, request: Request) -> dict[str, Any]:
        parts = urlsplit(request.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        who = self._authenticated({name.lower(): value for name, value in request.headers.items()})
        routes = {
            ("GET", "/zones"): lambda: self._list_zones(who, query),
            ("GET", f"/zones/{_ID}"): lambda zone: {"result": self._zone(who, zone, "read").shown()},
            ("GET", f"/zones/{_ID}/dns_records"): lambda zone: self._list(self._zone(who, zone, "edit"), query),
            ("POST", f"/zones/{_ID}/dns_records"): lambda zone: self._create(self._zone(who, zone, "edit"), request),
            ("DELETE", f"/zones/{_ID}/dns_records/{_ID}"): lambda zone, one: self._delete(
                self._zone(who, zone, "edit"), one
            ),
        }
        for (method, path), serve in routes.items():
            if method == request.method and (found := re.fullmatch(_ROOT + path, parts.path)):
                return serve(*found.groups())
        asked = parts.path.removeprefix(_ROOT)
        raise Refused(404, 7003, f"Could not route to {asked}, perhaps your object identifier is invalid?")

    def _authenticated(self, headers: dict[str, str]) -> Token:
        """Whose request it is; Refused unless the headers have the right form and are known."""
        if "authorization" in headers:
            found = re.fullmatch(r"Bearer ([A-Za-z0-9_-]{40,})", headers["authorization"])
            if not found:
                raise _bad_header(6111, "Authorization")
            for token in self.tokens:
                if secrets.compare_digest(token.value, found[1]):
                    return token
            raise Refused(403, 9109, "Invalid access token")
        if not {"x-auth-key", "x-auth-email"} <= headers.keys():
            raise Refused(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        if not re.fullmatch(r"[0-9a-f]{37}", headers["x-auth-key"]):
            raise _bad_header(6103, "X-Auth-Key")
        if (headers["x-auth-email"], headers["x-auth-key"]) != (self.email, self.key):
            raise Refused(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
        return Token()

    def _list_zones(self, who: Token, query: dict[str, str]) -> dict[str, Any]:
        _known(query, _ZONE_FILTERS)
        if who.read == set():
            text = "Actor 'com.cloudflare.api.token.0' requires permission 'com.cloudflare.api.account.zone.list'"
            raise Refused(403, 0, f"{text} to list zones")
        if "name" in query and not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", query["name"]):
            raise Refused(400, 1032, "Invalid zone name filter")
        seen = [zone for zone in self.zones.values() if who.may("read", zone)]
        wanted = [zone for zone in seen if query.get("name", zone.name) == zone.name]
        fitting = [zone.shown() for zone in wanted if query.get("status", zone.status) == zone.status]
        return self._page(fitting, query, 20, 50)

    def _zone(self, who: Token, identifier: str, what: str) -> Zone:
        """The zone, if the token may do that there."""
        for zone in self.zones.values():
            if zone.id == identifier:
                if who.may(what, zone):
                    return zone
                if who.may("read", zone):
                    raise Refused(403, 10000, "Authentication error")
        raise Refused(403, 9109, "Unauthorized to access requested resource")

    def _list(self, zone: Zone, query: dict[str, str]) -> dict[str, Any]:
        _known(query, _RECORD_FILTERS)
        found = [one for one in zone.records.values() if all(_fits(one, *item) for item in query.items())]
        return self._page(found, query, 100, 5_000_000)

    def _create(self, zone: Zone, request: Request) -> dict[str, Any]:
        kinds = [value for name, value in request.headers.items() if name.lower() == "content-type"]
        try:
            body = json.loads(request.body) if kinds and kinds[0].startswith("application/json") else None
        except ValueError:
            body = None
        made = zone.add(body)
        self._publish(zone, made)
        return {"result": made}

    def _delete(self, zone: Zone, identifier: str) -> dict[str, Any]:
        if identifier not in zone.records:
            raise Refused(404, 81044, "Record does not exist.")
        self._publish(zone, zone.records.pop(identifier))
        return {"result": {"id": identifier}}

    def _publish(self, zone: Zone, changed: Record) -> None:
        """What is at the record's name now; the test DNS server can only forget all values of a name at once."""
        if self._dns and changed["type"] == "TXT":
            self._dns.clear_txt(changed["name"])
            for value in zone.values(changed["name"]):
                self._dns.set_txt(changed["name"], value)

    def _page(self, found: list[Any], query: dict[str, str], usual: int, most: int) -> dict[str, Any]:
        page, size = int(query.get("page", "1")), min(int(query.get("per_page", usual)), most, self.page_size)
        if page < 1 or size < 1:
            raise Refused(400, 9207, "page and per_page are positive numbers")
        shown = found[(page - 1) * size : page * size]
        info = {"page": page, "per_page": size, "count": len(shown), "total_count": len(found)}
        return {"result": shown, "result_info": info | {"total_pages": math.ceil(len(found) / size)}}


def _fits(record: Record, name: str, wanted: str) -> bool:
    """Whether a filter of the list keeps the record; those of names and contents look away from case."""
    key, _, how = name.partition(".")
    if key not in ("name", "content", "type"):
        return True
    return bool(_COMPARE[how](record[key].lower(), wanted.lower()))


def _known(query: dict[str, str], filters: set[str]) -> None:
    if unknown := query.keys() - filters:
        raise Refused(400, 9207, f"unknown parameters: {sorted(unknown)}")


def _bad_header(code: int, name: str) -> Refused:
    return Refused(400, 6003, "Invalid request headers", (code, f"Invalid format for {name} header"))


def limited(seconds: int) -> dict[str, Any]:
    """The keywords of `fail` for the answer to a client that asks too often."""
    error = {"code": 971, "message": "Please wait and consider throttling your request speed"}
    body = {"success": False, "errors": [error], "messages": [], "result": None}
    return {"status": 429, "body": json.dumps(body).encode(), "headers": (("Retry-After", str(seconds)),)}
