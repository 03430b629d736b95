"""Zones and RRsets as the API has them: finding the zone of a record, and what stands at a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from failure import Failure

if TYPE_CHECKING:
    from api import Api

_LONGEST = 8  # CNAMEs in a row
# What is written here goes to secondaries only from a zone of these kinds.
PRIMARY = ("master", "primary", "producer")
_OURS = ("native", *PRIMARY)

Json = dict[str, Any]


def locate(api: Api, record: str, wanted: str | None) -> tuple[str, Json]:
    """The name to write to, which is `record` or at the end of its CNAMEs here, and its zone; Failure for none."""
    name = record
    for _ in range(_LONGEST):
        zone = _zone(api, name, wanted)
        aliases = records(rrset(api, zone, name, "CNAME"))
        if not aliases:
            return name, zone
        name = str(aliases[0]["content"]).lower()
        wanted = None
    raise Failure(f"{plain(record)}: more than {_LONGEST} CNAMEs in a row")


def rrset(api: Api, zone: Json, name: str, kind: str, *, disabled: bool = False) -> Json:
    """The RRset of that name and type, an empty one if there is none; with what is disabled in it, on demand."""
    # Old releases do not know the query and send the zone; the others leave out of it what is disabled.
    query = "" if disabled else "?" + urlencode({"rrset_name": name, "rrset_type": kind})
    answer = api.request("GET", f"{path(zone)}{query}")
    found = answer.get("rrsets") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise Failure(f"{api.url} describes the zone {plain(zone['name'])} without rrsets; is it PowerDNS?")
    there = (item for item in found if isinstance(item, dict))
    same = [item for item in there if str(item.get("name", "")).lower() == name and item.get("type") == kind]
    if same and not _sound(same[0].get("records")):
        raise Failure(f"{api.url} describes {kind} {plain(name)} in a way that is not known; is it PowerDNS?")
    return same[0] if same else {"name": name, "type": kind, "records": []}


def records(found: Json) -> list[Json]:
    """The records of an RRset that are not disabled."""
    return [item for item in found["records"] if not item.get("disabled")]


def path(zone: Json) -> str:
    """Below which requests about the zone go."""
    return f"/zones/{quote(str(zone['id']), safe='=')}"


def plain(name: str) -> str:
    """As people write it."""
    return name.removesuffix(".")


def _zone(api: Api, name: str, wanted: str | None) -> Json:
    """The zone of the API with the longest name that holds this one."""
    if wanted and f".{name}".endswith(f".{wanted}"):
        candidates = [wanted]
    elif wanted:
        raise Failure(f"{plain(name)} is not in PDNS_ZONE={plain(wanted)}; without it the zone is found")
    else:
        labels = plain(name).split(".")
        candidates = [".".join(labels[count:]) + "." for count in range(len(labels))]
    for candidate in candidates:
        answer = api.request("GET", f"/zones?{urlencode({'zone': candidate})}")
        for zone in answer if isinstance(answer, list) else ():
            if isinstance(zone, dict) and str(zone.get("name", "")).lower() == candidate and "id" in zone:
                return _writable(api, zone)
    what = f"zone {plain(wanted)}" if wanted else f"zone of {plain(name)}"
    raise Failure(f"{api.url} has no {what}; is it the primary, and is PDNS_SERVER_ID right?")


def _sound(found: object) -> bool:
    if not isinstance(found, list):
        return False
    return all(isinstance(item, dict) and isinstance(item.get("content"), str) for item in found)


def _writable(api: Api, zone: Json) -> Json:
    kind = str(zone.get("kind", "Native"))
    if kind.lower() not in _OURS:
        raise Failure(f"{api.url} has the zone {plain(zone['name'])} as {kind}; give the API of its primary")
    return zone
