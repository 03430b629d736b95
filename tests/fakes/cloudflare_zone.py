"""A zone of the fake Cloudflare: its records, and what the API demands of a new one."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

_KEYS = {"type", "name", "content", "ttl", "proxied", "comment", "tags", "priority", "data", "settings"}
_TYPES = {"A", "AAAA", "CNAME", "MX", "NS", "TXT"}
_LABEL = re.compile(r"(?!-)[a-z0-9_*-]{1,63}(?<!-)")
_NO_DUPLICATES = {"A", "AAAA", "CNAME"}
WHEN = "2026-01-01T00:00:00.000000Z"

Record = dict[str, Any]


class Refused(Exception):
    """A request that the API turns away: status, the code and the text of the error, and of what is behind it."""

    def __init__(self, status: int, code: int, message: str, *chain: tuple[int, str]) -> None:
        super().__init__(message)
        self.status = status
        self.errors: list[dict[str, Any]] = [{"code": code, "message": message}]
        if chain:
            self.errors[0]["error_chain"] = [{"code": number, "message": text} for number, text in chain]


@dataclass
class Zone:
    """One zone; `quoting` says what becomes of the quotes in a TXT record: "kept" as they came, "added" or "taken"."""

    name: str
    status: str = "active"
    quoting: str = "kept"
    name_servers: tuple[str, ...] = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    records: dict[str, Record] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """As the API lists it."""
        owner = {"id": "0" * 32, "name": "the account"}
        return {
            "id": self.id, "name": self.name, "status": self.status, "paused": False, "type": "full",
            "development_mode": 0, "name_servers": list(self.name_servers), "original_name_servers": None,
            "original_registrar": None, "original_dnshost": None, "created_on": WHEN, "modified_on": WHEN,
            "activated_on": WHEN, "account": owner, "owner": owner | {"type": "user"},
            "plan": {"id": "0" * 32, "name": "Free Website"}, "meta": {},
        }  # fmt: skip

    def add(self, body: Any) -> Record:
        """Make a record of a request's body; Refused as the API does."""
        if not isinstance(body, dict) or not body.keys() <= _KEYS:
            raise Refused(400, 9207, "Request body is invalid.")
        for key in ("type", "name", "content"):
            if not isinstance(body.get(key), str) or not body[key]:
                raise invalid(9000, f"{key} is required")
        if body["type"] not in _TYPES:
            raise invalid(9004, "Invalid DNS record type.")
        ttl = body.get("ttl", 1)
        if type(ttl) is not int or not (ttl == 1 or 60 <= ttl <= 86400):
            raise invalid(9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
        made = {"id": secrets.token_hex(16), "type": body["type"], "name": self._complete(body["name"]), "ttl": ttl}
        made["content"] = self._content(body["type"], body["content"])
        self._compare(made)
        more = {"comment": body.get("comment"), "tags": [], "settings": {}, "meta": {}}
        made |= more | {"proxied": False, "proxiable": False, "created_on": WHEN, "modified_on": WHEN}
        self.records[made["id"]] = made
        return made

    def values(self, name: str) -> list[str]:
        """What DNS says at the name: the TXT values, without quotes."""
        found = [one for one in self.records.values() if (one["type"], one["name"]) == ("TXT", name)]
        return [plain(one["content"]) for one in found]

    def _complete(self, name: str) -> str:
        """The whole name: what does not end with the zone's is below it."""
        name = name.lower().removesuffix(".")
        if name == "@":
            return self.name
        if name != self.name and not name.endswith("." + self.name):
            name = f"{name}.{self.name}"
        if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
            raise invalid(9000, "DNS name is invalid.")
        return name

    def _content(self, kind: str, content: str) -> str:
        if kind != "TXT":
            return content
        if not (content.isascii() and content.isprintable()) or content.count('"') % 2:
            raise invalid(9051, "Invalid TXT record. Record may only contain printable ASCII!")
        if self.quoting == "kept":
            return content
        return plain(content) if self.quoting == "taken" else f'"{plain(content)}"'

    def _compare(self, made: Record) -> None:
        """Identical records are refused, and neighbours of a CNAME."""
        for other in self.records.values():
            if other["name"] != made["name"]:
                continue
            if other["type"] == made["type"] and plain(other["content"]) == plain(made["content"]):
                raise Refused(400, 81058, "An identical record already exists.")
            if "CNAME" in (other["type"], made["type"]):
                raise Refused(400, 81054, "A CNAME record with that host already exists.")


def plain(content: str) -> str:
    """A TXT record's content without the quotes around its strings."""
    return "".join(re.findall(r'"([^"]*)"', content)) if content.startswith('"') else content


def invalid(code: int, message: str) -> Refused:
    return Refused(400, 1004, "DNS Validation Error", (code, message))
