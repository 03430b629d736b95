"""Zones and TXT records at Cloudflare: which zone a name is in, one value added, exactly that value removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api import Api
from errors import HookError, Refused

_TTL = 60  # s, the shortest that every plan allows
_IDENTICAL = {81057, 81058}
_GONE = 81044
# What is said of a token or key that is wrong as a whole, whatever is asked for.
_WRONG = {1000, 6003, 6103, 6111, 9103, 9106, 9109}
_CHECK = "check the token: copied whole, not expired, allowed from this address"
_READ = "give the token the permission Zone / Zone / Read, or set CLOUDFLARE_ZONE_ID"
_EDIT = "give the token the permission Zone / DNS / Edit for this zone"


@dataclass(frozen=True)
class Zone:
    """A zone; its name is not known where CLOUDFLARE_ZONE_ID named it."""

    id: str
    name: str = ""
    name_servers: tuple[str, ...] = ()


def given_zone(identifier: str) -> Zone:
    """The zone of CLOUDFLARE_ZONE_ID."""
    return Zone(_id(identifier, "CLOUDFLARE_ZONE_ID"))


def find_zone(api: Api, name: str) -> Zone:
    """The zone of the longest name that is `name` or above it; HookError when the token sees none."""
    labels = name.split(".")
    candidates = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    refusal: Refused | None = None
    for candidate in candidates:
        try:
            zones = [one for one in api.pages("/zones", {"name": candidate}) if one.get("name") == candidate]
        except Refused as refused:
            if refused.codes & _WRONG:
                raise HookError(f"cannot look for the zone of {name}: {refused}; {_CHECK}") from None
            # Some candidates cannot be zones, or are none of the token's; that says nothing about the next.
            refusal = refusal or refused
            continue
        if zones:
            return _chosen(candidate, zones)
    if refusal:
        raise HookError(f"cannot look for the zone of {name}: {refusal}; {_READ}")
    raise HookError(f"no zone that the token can read has {name} in it: {_READ}; looked for {', '.join(candidates)}")


def zone_of_id(api: Api, zone: Zone) -> Zone:
    """The zone with its name servers. Refused unless the token may read it."""
    return _zone(api.ask("GET", f"/zones/{zone.id}").get("result"))


def add(api: Api, zone: Zone, name: str, value: str) -> None:
    """Add a TXT value beside those that are there. One that is there already is no error."""
    body = {"type": "TXT", "name": name, "content": f'"{value}"', "ttl": _TTL}
    try:
        api.ask("POST", f"/zones/{zone.id}/dns_records", body=body)
    except Refused as refused:
        if not refused.codes & _IDENTICAL:
            raise _explained("add the TXT record", name, refused) from None


def remove(api: Api, zone: Zone, name: str, value: str) -> None:
    """Remove that value, and no other. One that is not there is no error."""
    try:
        # Listed first, then deleted: pages shift under a list that gets shorter.
        for identifier in list(_holding(api, zone, name, value)):
            _delete(api, f"/zones/{zone.id}/dns_records/{identifier}")
    except Refused as refused:
        raise _explained("remove the TXT record", name, refused) from None


def _delete(api: Api, path: str) -> None:
    try:
        api.ask("DELETE", path)
    except Refused as refused:
        if _GONE not in refused.codes:
            raise


def _holding(api: Api, zone: Zone, name: str, value: str) -> Iterator[str]:
    """Ids of the records with this value. What the filter let through is compared once more."""
    query = {"type": "TXT", "name.exact": name, "per_page": "100"}
    for one in api.pages(f"/zones/{zone.id}/dns_records", query):
        # It shows the content with its quotes or without, as it was made.
        same = (one.get("type"), str(one.get("name")).lower(), _plain(str(one.get("content"))))
        if same == ("TXT", name, value):
            yield _id(str(one.get("id")), "the record's id")


def _plain(content: str) -> str:
    return "".join(re.findall(r'"([^"]*)"', content)) if content.startswith('"') else content


def _explained(what: str, name: str, refused: Refused) -> HookError:
    return HookError(f"cannot {what} {name}: {refused}; {_CHECK if 6003 in refused.codes else _EDIT}")


def _chosen(name: str, zones: list[dict[str, Any]]) -> Zone:
    """The zone in use, where several accounts have one of this name."""
    active = [one for one in zones if one.get("status") == "active"] or zones
    if len(active) > 1:
        raise HookError(f"the token can read {len(active)} zones called {name}: set CLOUDFLARE_ZONE_ID")
    return _zone(active[0])


def _zone(shown: Any) -> Zone:
    if not isinstance(shown, dict):
        raise HookError("Cloudflare's answer is no zone")
    servers = shown.get("name_servers")
    named = tuple(str(server) for server in servers) if isinstance(servers, list) else ()
    return Zone(_id(str(shown.get("id")), "the zone's id"), str(shown.get("name")), named)


def _id(text: str, what: str) -> str:
    """The id; it is to stand in a path."""
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise HookError(f"{what} does not have 32 hexadecimal digits")
    return text
