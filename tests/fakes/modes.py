"""In which ways an evil CA differs from an honest one. Every default is honest."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from tests.fakes.issuer import CHAINS
from tests.fakes.odd import ODD

RESOURCES = (
    *("directory", "newNonce", "newAccount", "newOrder", "account", "order", "authz", "challenge"),
    *("finalize", "certificate", "renewalInfo", "revokeCert", "keyChange"),
)
URLS = ("other", "http", "file", "userinfo", "linklocal")
IDENTIFIERS = ("dropped", "added", "upper", "unstarred")
CHALLENGES = ("usual", "unknown", "onlyunknown")
TLS = ("good", "selfsigned", "expired", "notyet", "wronghost")
ALWAYS = "always"


@dataclass(frozen=True)
class Modes:
    """Keyword arguments of EvilCA, and the members of its JSON form. What is unknown is a ValueError."""

    token: str | None = None
    """The token of every challenge, in place of random ones."""
    chain: str = "good"
    """What the certificate's URL yields: a name of issuer.CHAINS."""
    days: float = 90
    """How long an honest leaf is valid."""
    identifiers: str | list[dict[str, str]] | None = None
    """The order's: "dropped" (the last), "added" (one), "upper" (case), "unstarred" (`*.` gone), or these."""
    authz_name: str | None = None
    """The name in every authorization."""
    urls: dict[str, str] = field(default_factory=dict)
    """Resource -> where its URL leads: "other" (a second TLS origin), "http" (a plain one; both are ours and
    record who calls), "file", "userinfo", "linklocal", or anything with a colon, as it is."""
    stuck: str | None = None
    """ "pending": challenges never become valid; "processing": the order never does after finalize."""
    slow: int = 0
    """How often the order is still "processing" after finalize before it is valid."""
    badnonce: int | str = 0
    """How many POSTs are answered badNonce, or "always". The detail is not English."""
    answers: dict[str, Any] = field(default_factory=dict)
    """Resource -> a name of odd.ODD, or [name, times]: that answer, for the first so many requests."""
    edit: dict[str, Any] = field(default_factory=dict)
    """Resource -> RFC 7396 patch of its JSON; {"directory": {"meta": {"externalAccountRequired": true}}}."""
    status: dict[str, str] = field(default_factory=dict)
    """Resource -> its "status", known or not."""
    challenges: str = "usual"
    """ "unknown": types nobody knows, some without token, beside the usual ones; "onlyunknown": nothing else."""
    tls: str = "good"
    """The listener's certificate: "selfsigned", "expired", "notyet", "wronghost"."""

    def __post_init__(self) -> None:
        _one_of("chain", self.chain, CHAINS)
        _one_of("stuck", self.stuck, (None, "pending", "processing"))
        _one_of("challenges", self.challenges, CHALLENGES)
        _one_of("tls", self.tls, TLS)
        if isinstance(self.identifiers, str):
            _one_of("identifiers", self.identifiers, IDENTIFIERS)
        if isinstance(self.badnonce, str):
            _one_of("badnonce", self.badnonce, (ALWAYS,))
        for name in ("urls", "answers", "edit", "status"):
            for resource in getattr(self, name):
                _one_of(name, resource, RESOURCES)
        for kind in self.urls.values():
            if ":" not in kind:
                _one_of("urls", kind, URLS)
        for resource in self.answers:
            _one_of("answers", self.answer(resource)[0], ODD)

    def answer(self, resource: str) -> tuple[str, float]:
        """The odd answer of a resource and how many requests get it; ("", 0) for none."""
        kind = self.answers.get(resource, ("", 0))
        return (kind, float("inf")) if isinstance(kind, str) else (kind[0], kind[1])

    def refuses_nonce(self, posts: int) -> bool:
        """Whether the POST of this number, from 1, is answered badNonce."""
        return self.badnonce == ALWAYS or (isinstance(self.badnonce, int) and posts <= self.badnonce)


def from_json(options: dict[str, Any]) -> Modes:
    """Modes of a JSON object; ValueError for a member that is none."""
    known = {one.name for one in fields(Modes)}
    for name in options:
        _one_of("modes", name, known)
    return Modes(**options)


def _one_of(what: str, value: object, known: Any) -> None:
    if value not in known:
        raise ValueError(f"{what}: {value!r} is none of {', '.join(str(one) for one in known)}")
