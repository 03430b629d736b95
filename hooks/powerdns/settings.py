"""What the hook is told by its environment, and nowhere else (README.md has the table)."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

# It is the base64url of a SHA-256 (RFC 8555 §8.4); what has other characters in it is not for a zone.
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_KEY = re.compile(r"[\x21-\x7e]{1,1024}")


@dataclass(frozen=True)
class Settings:
    """One call's: which record, at which API. Names have their last dot, as the API wants it."""

    record: str
    value: str
    url: str
    key: str
    server_id: str
    zone: str | None
    ttl: int
    timeout: float
    state: str | None
    wait: float
    others: tuple[str, ...]
    """The records of the whole order, where this call is its last and nobody else looks; else empty."""
    nameservers: tuple[str, ...]


def read(environment: Mapping[str, str]) -> Settings:
    """The settings; Failure for the first that is missing or makes no sense."""
    if (environment.get("ACME_CHALLENGE_TYPE") or "dns-01") != "dns-01" or environment.get("CERTBOT_TOKEN"):
        raise Failure("this hook solves dns-01 only; ask for that, as in --challenge dns-01")
    value = _required(environment, "CERTBOT_VALIDATION", "the ACME client sets it")
    if not _VALUE.fullmatch(value):
        raise Failure("CERTBOT_VALIDATION is no value of dns-01, that has letters, digits, - and _ only")
    zone = environment.get("PDNS_ZONE")
    return Settings(
        record=_record(environment),
        value=value,
        url=_url(_required(environment, "PDNS_API_URL", "give the API's address, as in http://127.0.0.1:8081")),
        key=_key(environment),
        server_id=environment.get("PDNS_SERVER_ID") or "localhost",
        zone=name(zone, "PDNS_ZONE") if zone else None,
        ttl=_number(environment, "PDNS_TTL", 60, 2**31 - 1),
        timeout=_number(environment, "PDNS_TIMEOUT", 10, 300) or 1,
        state=environment.get("ACME_HOOK_STATE") or None,
        wait=_number(environment, "PDNS_WAIT", 60, 86400),
        others=_others(environment),
        nameservers=tuple(environment.get("PDNS_NAMESERVERS", "").split()),
    )


def name(text: str, variable: str) -> str:
    """A domain name in small letters, with its last dot."""
    plain = text.lower().removesuffix(".")
    if not _NAME.fullmatch(plain):
        raise Failure(f"{variable}: {text[:80]!r} is no domain name")
    return f"{plain}."


def _record(environment: Mapping[str, str]) -> str:
    given = environment.get("ACME_RECORD_NAME")
    if given:
        return name(given, "ACME_RECORD_NAME")
    domain = _required(environment, "CERTBOT_DOMAIN", "the ACME client sets it")
    return name(f"_acme-challenge.{domain.removeprefix('*.')}", "CERTBOT_DOMAIN")


def _others(environment: Mapping[str, str]) -> tuple[str, ...]:
    if environment.get("ACME_RECORD_NAME") or environment.get("ACME_CHALLENGE_TYPE"):
        return ()  # the toolkit looks at the name servers by itself
    if environment.get("CERTBOT_REMAINING_CHALLENGES", "0") != "0":
        return ()
    domains = environment.get("CERTBOT_ALL_DOMAINS") or environment["CERTBOT_DOMAIN"]
    # Addresses may be among them, which have no record.
    names = (name(f"_acme-challenge.{one}", "CERTBOT_ALL_DOMAINS") for one in domains.split(",") if ":" not in one)
    return tuple(dict.fromkeys(names))


def _url(text: str) -> str:
    """The address below which /api/v1 is."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:
        sound = False
    if not sound or parts.query or parts.fragment or not text.isascii() or not text.isprintable() or " " in text:
        raise Failure(f"PDNS_API_URL: {text[:80]!r} is no address of an API, such as http://127.0.0.1:8081")
    return text.rstrip("/").removesuffix("/api/v1").rstrip("/")


def _key(environment: Mapping[str, str]) -> str:
    path = environment.get("PDNS_API_KEY_FILE")
    if path:
        variable, key = f"PDNS_API_KEY_FILE: {path}", read_private(path, "PDNS_API_KEY_FILE").strip()
    else:
        variable = "PDNS_API_KEY"
        key = _required(environment, variable, "give it, or PDNS_API_KEY_FILE=FILE with the api-key of pdns.conf")
    if not _KEY.fullmatch(key):
        raise Failure(f"{variable} holds no key; it is the api-key of pdns.conf and nothing else")
    return key


def read_private(path: str, variable: str) -> str:
    """The text of a file with secrets; Failure unless only its owner, who is us or root, may touch it."""
    try:
        with open(path, "rb") as file:
            about = os.fstat(file.fileno())
            content = file.read(4097) if stat.S_ISREG(about.st_mode) else b""
    except OSError as error:
        raise Failure(f"{variable}: cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    if not stat.S_ISREG(about.st_mode) or len(content) > 4096:
        raise Failure(f"{variable}: {path} is no file with a key")
    if about.st_mode & 0o077:
        raise Failure(f"{variable}: {path} is open to others than its owner; chmod 600 {path}")
    if about.st_uid not in (os.geteuid(), 0):
        raise Failure(f"{variable}: {path} belongs to another user; chown it to the one who runs this")
    return content.decode("utf-8", "replace")


def _required(environment: Mapping[str, str], variable: str, hint: str) -> str:
    value = environment.get(variable)
    if not value:
        raise Failure(f"{variable} is not set; {hint}")
    return value


def _number(environment: Mapping[str, str], variable: str, default: int, largest: int) -> int:
    text = environment.get(variable) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text[:12]) <= largest):
        raise Failure(f"{variable}: {text[:40]!r} is no number of seconds up to {largest}")
    return int(text)
