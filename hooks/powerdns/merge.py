"""One value put into an RRset or taken out, all else left as it is: in this API an RRset is replaced as a whole."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def holds(rrset: Json, value: str) -> bool:
    """Whether the RRset answers with this value."""
    return any(_is(record, value) and not record.get("disabled") for record in rrset["records"])


def mentions(rrset: Json, value: str) -> bool:
    """Whether the RRset has this value, disabled or not."""
    return any(_is(record, value) for record in rrset["records"])


def added(rrset: Json, value: str, ttl: int) -> Json:
    """The change that adds the value. An RRset that is there keeps its TTL."""
    kept = [_kept(record) for record in rrset["records"] if not _is(record, value)]
    return _replace(rrset, [*kept, {"content": f'"{value}"', "disabled": False}], ttl)


def removed(rrset: Json, value: str) -> Json:
    """The change that removes the value, and the RRset with the last of its values."""
    kept = [_kept(record) for record in rrset["records"] if not _is(record, value)]
    if not kept:
        return {"name": rrset["name"], "type": rrset["type"], "changetype": "DELETE"}
    return _replace(rrset, kept, 0)


def _replace(rrset: Json, records: list[Json], ttl: int) -> Json:
    # Without `comments` in it, the RRset keeps those it has.
    return {
        "name": rrset["name"],
        "type": rrset["type"],
        "ttl": rrset.get("ttl", ttl),
        "changetype": "REPLACE",
        "records": records,
    }


def _kept(record: Json) -> Json:
    return {"content": record["content"], "disabled": bool(record.get("disabled"))}


def _is(record: Json, value: str) -> bool:
    return record.get("content") in (f'"{value}"', value)
