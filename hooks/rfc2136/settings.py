"""What the hook is told by its environment, and nowhere else (README.md has the table)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import tsigkey
from failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dns.tsig

DNS_PORT = 53
# It is the base64url of a SHA-256 (RFC 8555 §8.4); what has other characters in it is not for a zone.
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True)
class Endpoint:
    """A host, by name or by address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """One call's: which record, at which server, signed by what."""

    record: dns.name.Name
    value: str
    server: Endpoint
    key: dns.tsig.Key
    zone: dns.name.Name | None
    ttl: int
    timeout: float
    udp: bool
    wait: float
    others: tuple[dns.name.Name, ...]
    """The records of the whole order, where this call is its last and nobody else looks; else empty."""
    nameservers: tuple[Endpoint, ...]


def read(environment: Mapping[str, str]) -> Settings:
    """The settings; Failure for the first that is missing or makes no sense."""
    if (environment.get("ACME_CHALLENGE_TYPE") or "dns-01") != "dns-01" or environment.get("CERTBOT_TOKEN"):
        raise Failure("this hook solves dns-01 only; ask for that, as in --challenge dns-01")
    value = _required(environment, "CERTBOT_VALIDATION", "the ACME client sets it")
    if not _VALUE.fullmatch(value):
        raise Failure("CERTBOT_VALIDATION is no value of dns-01; that has letters, digits, - and _ only")
    credentials = environment.get("RFC2136_CREDENTIALS")
    ini = tsigkey.read_ini(tsigkey.read_private(credentials, "RFC2136_CREDENTIALS")) if credentials else {}
    zone = environment.get("RFC2136_ZONE")
    return Settings(
        record=_record(environment),
        value=value,
        server=_server(environment, ini),
        key=_key(environment, ini, credentials or ""),
        zone=name(zone, "RFC2136_ZONE") if zone else None,
        ttl=_number(environment, "RFC2136_TTL", 60, 2**31 - 1),
        timeout=_number(environment, "RFC2136_TIMEOUT", 10, 300) or 1,
        udp=_choice(environment, "RFC2136_TRANSPORT", ("tcp", "udp")) == "udp",
        wait=_number(environment, "RFC2136_WAIT", 60, 86400),
        others=_others(environment),
        nameservers=tuple(
            endpoint(text, "RFC2136_NAMESERVERS") for text in environment.get("RFC2136_NAMESERVERS", "").split()
        ),
    )


def name(text: str, variable: str) -> dns.name.Name:
    """A domain name, with or without its last dot."""
    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError):
        raise Failure(f"{variable}: {text[:80]!r} is no domain name") from None


def endpoint(text: str, variable: str, port: int = DNS_PORT) -> Endpoint:
    """HOST, HOST:PORT, an IPv6 address, or [ADDRESS]:PORT."""
    match = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?|([^\s:\[\]]+)(?::(\d{1,5}))?", text)
    try:
        return Endpoint(str(ipaddress.IPv6Address(text)), port)
    except ValueError:
        pass
    if not match:
        raise Failure(f"{variable}: {text[:80]!r} is no host; write HOST, HOST:PORT or [IPV6]:PORT")
    chosen = int(match[2] or match[4] or port)
    if not 0 < chosen < 65536:
        raise Failure(f"{variable}: {chosen} is no port")
    return Endpoint(match[1] or match[3], chosen)


def _record(environment: Mapping[str, str]) -> dns.name.Name:
    given = environment.get("ACME_RECORD_NAME")
    if given:
        return name(given, "ACME_RECORD_NAME")
    domain = _required(environment, "CERTBOT_DOMAIN", "the ACME client sets it")
    return name(f"_acme-challenge.{domain.removeprefix('*.')}", "CERTBOT_DOMAIN")


def _others(environment: Mapping[str, str]) -> tuple[dns.name.Name, ...]:
    if environment.get("ACME_RECORD_NAME") or environment.get("ACME_CHALLENGE_TYPE"):
        return ()  # the toolkit looks at the name servers by itself
    if environment.get("CERTBOT_REMAINING_CHALLENGES", "0") != "0":
        return ()
    domains = environment.get("CERTBOT_ALL_DOMAINS") or environment["CERTBOT_DOMAIN"]
    names = (name(f"_acme-challenge.{domain}", "CERTBOT_ALL_DOMAINS") for domain in domains.split(","))
    return tuple(dict.fromkeys(names))


def _server(environment: Mapping[str, str], ini: Mapping[str, str]) -> Endpoint:
    if environment.get("RFC2136_SERVER"):
        return endpoint(environment["RFC2136_SERVER"], "RFC2136_SERVER")
    if "server" not in ini:
        raise Failure("RFC2136_SERVER is not set; give the zone's primary server, as in RFC2136_SERVER=192.0.2.1")
    port = ini.get("port", str(DNS_PORT))
    if not port.isdecimal():
        raise Failure(f"RFC2136_CREDENTIALS: {port[:20]!r} is no port")
    return endpoint(ini["server"], "RFC2136_CREDENTIALS", int(port))


def _key(environment: Mapping[str, str], ini: Mapping[str, str], path: str) -> dns.tsig.Key:
    keyfile = environment.get("RFC2136_TSIG_KEYFILE")
    if keyfile:
        text = tsigkey.read_private(keyfile, "RFC2136_TSIG_KEYFILE")
        return tsigkey.from_keyfile(text, keyfile, environment.get("RFC2136_TSIG_NAME"))
    if not path:
        return tsigkey.from_environment(environment)
    if "name" not in ini or "secret" not in ini:
        raise Failure(f"RFC2136_CREDENTIALS: {path} needs dns_rfc2136_name and dns_rfc2136_secret")
    # What certbot's plugin takes where the file says nothing.
    algorithm = ini.get("algorithm", "hmac-md5")
    return tsigkey.make(ini["name"], ini["secret"], algorithm, f"RFC2136_CREDENTIALS: {path}")


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


def _choice(environment: Mapping[str, str], variable: str, choices: tuple[str, ...]) -> str:
    text = environment.get(variable) or choices[0]
    if text not in choices:
        raise Failure(f"{variable}: {text[:40]!r} is not one of {', '.join(choices)}")
    return text
