"""The ACME flow of the evil CA: RFC 8555's objects in memory, no signature checked, no proof asked for."""

from __future__ import annotations

import base64
import datetime
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.odd import Answer, problem
from tests.fakes.rules import merge

if TYPE_CHECKING:
    from tests.fakes.issuer import Issuer
    from tests.fakes.modes import Modes
    from tests.fakes.serving import Request

PATHS = {
    "directory": "/directory",
    "newNonce": "/new-nonce",
    "newAccount": "/new-account",
    "newOrder": "/new-order",
    "account": "/account/",
    "order": "/order/",
    "authz": "/authz/",
    "challenge": "/challenge/",
    "finalize": "/finalize/",
    "certificate": "/certificate/",
    "renewalInfo": "/renewal-info",
    "revokeCert": "/revoke-cert",
    "keyChange": "/key-change",
}
_LISTED = ("newNonce", "newAccount", "newOrder", "renewalInfo", "revokeCert", "keyChange")
_USUAL = ("http-01", "dns-01", "tls-alpn-01")
_JSON = ("Content-Type", "application/json")
_CHAIN = ("Content-Type", "application/pem-certificate-chain")


@dataclass
class Authz:
    identifier: dict[str, str]
    wildcard: bool
    challenges: list[dict[str, Any]]
    status: str = "pending"


@dataclass
class Order:
    identifiers: list[dict[str, str]]
    authzs: list[int]
    more: dict[str, Any]
    status: str = "pending"
    chain: bytes = b""
    polls_left: int = 0


@dataclass
class Flow:
    """The state of one CA. `answer` does what a request asks for; it is called by one thread at a time."""

    modes: Modes
    issuer: Issuer
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Origins for the kinds "other" and "http" of Modes.urls."""
    accounts: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    authzs: list[Authz] = field(default_factory=list)
    origin: str = ""

    def answer(self, resource: str, request: Request, origin: str) -> Answer:
        """The honest answer, with the lies the modes ask for; URLs are made on `origin`."""
        self.origin = origin
        made: Answer = getattr(self, f"_{_snake(resource)}")(request)
        patch = merge(self.modes.edit.get(resource, {}))
        status = self.modes.status.get(resource)
        if made.status < 300 and _JSON in made.headers:
            document = patch(json.loads(made.body) | ({"status": status} if status else {}))
            return made.but(json.dumps(document).encode())
        return made

    def url(self, resource: str, number: object = "") -> str:
        """The URL of a resource, honest or as Modes.urls wants it."""
        path = f"{PATHS[resource]}{number}"
        kind = self.modes.urls.get(resource)
        if kind is None:
            return self.origin + path
        if kind in self.elsewhere:
            return self.elsewhere[kind] + path
        crafted = {
            "file": f"file://{path}",
            "userinfo": f"{self.origin}{path}".replace("://", "://user:secret@"),
            "linklocal": f"https://169.254.169.254{path}",
        }
        return crafted.get(kind, kind)

    def _directory(self, _request: Request) -> Answer:
        meta = {"termsOfService": "https://terms.invalid/v1", "website": "https://ca.invalid"}
        return _document(200, {name: self.url(name) for name in _LISTED} | {"meta": meta})

    def _new_nonce(self, request: Request) -> Answer:
        return Answer(200 if request.method == "HEAD" else 204)

    def _new_account(self, request: Request) -> Answer:
        key = json.dumps(request.protected.get("jwk"), sort_keys=True)
        known = key in self.accounts
        if not known:
            if (request.payload or {}).get("onlyReturnExisting"):
                return problem(400, "accountDoesNotExist", "no account has this key")
            self.accounts.append(key)
        location = ("Location", self.url("account", self.accounts.index(key)))
        return _document(200 if known else 201, {"status": "valid"}, location)

    def _account(self, request: Request) -> Answer:
        return _document(200, {"status": (request.payload or {}).get("status", "valid")})

    def _new_order(self, request: Request) -> Answer:
        wanted = dict(request.payload or {})
        identifiers = wanted.pop("identifiers", None)
        if not identifiers:
            return problem(400, "malformed", "no identifiers")
        numbers = [self._authorize(identifier) for identifier in identifiers]
        self.orders.append(Order(self._lie(identifiers), numbers, wanted))
        return self._show(len(self.orders) - 1, 201)

    def _order(self, request: Request) -> Answer:
        number = _number(request)
        order = self.orders[number]
        if order.status == "processing" and self.modes.stuck != "processing":
            if order.polls_left == 0:
                order.status = "valid"
            order.polls_left -= 1
        return self._show(number, 200)

    def _authz(self, request: Request) -> Answer:
        authz = self.authzs[_number(request)]
        if (request.payload or {}).get("status") == "deactivated":
            authz.status = "deactivated"
        identifier = dict(authz.identifier)
        if self.modes.authz_name is not None:
            identifier["value"] = self.modes.authz_name
        shown: dict[str, Any] = {"status": authz.status, "identifier": identifier, "expires": _in_a_day()}
        shown["challenges"] = [self._shown(number) for number in self._challenges_of(_number(request))]
        return _document(200, shown | ({"wildcard": True} if authz.wildcard else {}))

    def _challenge(self, request: Request) -> Answer:
        owner, which = _number(request) // 10, _number(request) % 10
        authz = self.authzs[owner]
        if request.payload is not None:
            done = self.modes.stuck != "pending"
            authz.challenges[which]["status"] = "valid" if done else "processing"
            authz.status = "valid" if done else "pending"
        up = ("Link", f'<{self.url("authz", owner)}>;rel="up"')
        return _document(200, self._shown(_number(request)), up)

    def _finalize(self, request: Request) -> Answer:
        number = _number(request)
        order = self.orders[number]
        if self._state(order) != "ready":
            return problem(403, "orderNotReady", "the order is not ready")
        csr = request.payload["csr"]
        order.chain = self.issuer.issue(base64.urlsafe_b64decode(csr + "=="), self.modes.chain, self.modes.days)
        order.polls_left = self.modes.slow
        order.status = "processing" if self.modes.slow or self.modes.stuck == "processing" else "valid"
        return self._show(number, 200)

    def _certificate(self, request: Request) -> Answer:
        return Answer(200, (_CHAIN,), self.orders[_number(request)].chain)

    def _renewal_info(self, _request: Request) -> Answer:
        window = {"start": _in_a_day(50), "end": _in_a_day(52)}
        return _document(200, {"suggestedWindow": window}, ("Retry-After", "21600"))

    def _revoke_cert(self, _request: Request) -> Answer:
        return Answer(200)

    def _key_change(self, request: Request) -> Answer:
        return self._account(request)

    def _show(self, number: int, status: int) -> Answer:
        order = self.orders[number]
        shown: dict[str, Any] = {
            "status": self._state(order),
            "expires": _in_a_day(),
            "identifiers": order.identifiers,
            "authorizations": [self.url("authz", authz) for authz in order.authzs],
            "finalize": self.url("finalize", number),
        }
        if order.status == "valid":
            shown["certificate"] = self.url("certificate", number)
        return _document(status, order.more | shown, ("Location", self.url("order", number)))

    def _state(self, order: Order) -> str:
        if order.status != "pending":
            return order.status
        states = {self.authzs[number].status for number in order.authzs}
        if states == {"valid"}:
            return "ready"
        return "invalid" if states - {"valid", "pending"} else "pending"

    def _authorize(self, identifier: dict[str, str]) -> int:
        wildcard = identifier["value"].startswith("*.")
        types = list(_USUAL) if not wildcard else ["dns-01"]
        if self.modes.challenges == "onlyunknown":
            types = []
        token = self.modes.token
        made: list[dict[str, Any]] = [
            {"type": kind, "token": secrets.token_urlsafe(32) if token is None else token} for kind in types
        ]
        if self.modes.challenges != "usual":
            made.append({"type": "carrier-pigeon-07", "token": secrets.token_urlsafe(32), "feathers": 2})
            made.insert(0, {"type": "dns-persist-99", "issuer-domain-names": ["ca.invalid"]})
        bare = identifier | {"value": identifier["value"].removeprefix("*.")}
        self.authzs.append(Authz(bare, wildcard, [one | {"status": "pending"} for one in made]))
        return len(self.authzs) - 1

    def _challenges_of(self, authz: int) -> range:
        return range(authz * 10, authz * 10 + len(self.authzs[authz].challenges))

    def _shown(self, challenge: int) -> dict[str, Any]:
        stored = self.authzs[challenge // 10].challenges[challenge % 10]
        return stored | {"url": self.url("challenge", challenge)}

    def _lie(self, identifiers: list[dict[str, str]]) -> list[dict[str, str]]:
        """The identifiers the order shows."""
        how = self.modes.identifiers
        if how is None:
            return identifiers
        if isinstance(how, list):
            return how
        if how == "dropped":
            return identifiers[:-1]
        if how == "added":
            return [*identifiers, {"type": "dns", "value": "added.invalid"}]
        change = str.upper if how == "upper" else lambda value: value.removeprefix("*.")
        return [one | {"value": change(one["value"])} for one in identifiers]


def _document(status: int, document: dict[str, Any], *headers: tuple[str, str]) -> Answer:
    return Answer(status, (_JSON, *headers), json.dumps(document).encode())


def _number(request: Request) -> int:
    return int(request.path.rpartition("/")[2])


def _snake(resource: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), resource)


def _in_a_day(days: int = 1) -> str:
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
