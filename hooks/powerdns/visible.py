"""Waiting until the name servers of the zones have the values: for clients that do not look by themselves."""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, Any

import lookup
import zones
from failure import Failure, Later

if TYPE_CHECKING:
    from api import Api
    from settings import Settings

_PAUSE = 1.0  # s between two looks at a server that lags
_ANSWER = 3.0  # s for one answer
_LEAST = 0.2
_HOST = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?|([^\s:\[\]]+)(?::(\d{1,5}))?|([0-9A-Fa-f:.]+)")


def wait(api: Api, wanted: Settings) -> None:
    """Return when each name server has every value that the API has at the order's records.

    Called once, by the last auth of an order, for all of them. Later when that took longer than PDNS_WAIT.
    """
    deadline = time.monotonic() + wanted.wait
    for name, zone in _places(api, wanted):
        there = zones.records(zones.rrset(api, zone, name, "TXT"))
        values = {str(record["content"]).strip('"') for record in there}
        hosts = [_host(text) for text in wanted.nameservers] or nameservers(api, zone)
        while hosts := [host for host in hosts if not _has(host, name, values, deadline)]:
            if time.monotonic() + _PAUSE > deadline:
                listed = ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in hosts)
                raise Later(
                    f"after {wanted.wait:g} s these name servers still lack {zones.plain(name)}: {listed}; "
                    "do they get the zone's changes? PDNS_WAIT allows more time"
                )
            time.sleep(_PAUSE)


def nameservers(api: Api, zone: dict[str, Any]) -> list[tuple[str, int]]:
    """The addresses of the zone's name servers: as the zone has them, else as the system finds them."""
    found: list[str] = []
    for record in zones.records(zones.rrset(api, zone, str(zone["name"]).lower(), "NS")):
        host = str(record["content"]).lower()
        kinds = ("A", "AAAA") if f".{host}".endswith(f".{zone['name']}".lower()) else ()
        known = [str(item["content"]) for kind in kinds for item in zones.records(zones.rrset(api, zone, host, kind))]
        found += known or _addresses(zones.plain(host))
    if not found:
        raise Failure(f"the zone {zones.plain(zone['name'])} has no NS records; give PDNS_NAMESERVERS")
    return [(address, 53) for address in dict.fromkeys(found)]


def _places(api: Api, wanted: Settings) -> list[tuple[str, dict[str, Any]]]:
    """Name and zone of each of the order's records that this server holds."""
    found = []
    for record in wanted.others:
        try:
            found.append(zones.locate(api, record, wanted.zone))
        except Failure:
            if record == wanted.record:
                raise
    return found


def _has(host: tuple[str, int], name: str, values: set[str], deadline: float) -> bool:
    """Whether the host has at least these values, by each of its addresses."""
    patience = min(_ANSWER, max(deadline - time.monotonic(), _LEAST))
    try:
        return all(values <= lookup.txt(name, address, host[1], patience) for address in _addresses(host[0]))
    except (OSError, ValueError):
        return False


def _host(text: str) -> tuple[str, int]:
    match = _HOST.fullmatch(text)
    if not match or not 0 < int(match[2] or match[4] or 53) < 65536:
        raise Failure(f"PDNS_NAMESERVERS: {text[:80]!r} is no host; write HOST, HOST:PORT or [IPV6]:PORT")
    return match[1] or match[3] or match[5], int(match[2] or match[4] or 53)


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, 53, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Later(f"the name server {host} has no address: {str(error).lower()}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
