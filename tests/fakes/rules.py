"""What a fault proxy does to which answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

Edit = Callable[[Any], Any]


@dataclass
class Rule:
    """One fault. `method`, `path`, `nth` and `times` say when, the rest what; several things may be combined.

    The first rule that matches a request is the one applied to it. Requests are counted per rule, matching ones only.
    """

    path: str = ""
    """Regular expression searched in the request's path; Pebble's are /dir, /nonce-plz, /sign-me-up,
    /order-plz, /my-order/ID, /authZ/ID, /chalZ/ID, /finalize-order/ID, /certZ/ID."""
    method: str | None = None
    nth: int | None = None
    """Only the nth request that matches, counted from 1."""
    times: int | None = None
    """Only the first so many that match."""

    forward: bool = True
    """False: the CA never sees the request, and the answer is made of `status`, `headers` and `body`."""
    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Replaces headers of that name; None removes one. A Content-Length is sent as given."""
    body: str | bytes | None = None
    edit: Edit | None = None
    """Gets the JSON of the answer's body, changes it in place or returns another."""

    delay: float = 0
    """Seconds before the answer starts (the CA answers at once)."""
    drip: float = 0
    """Seconds after each byte of the answer, head included."""
    cut: int | None = None
    """Reset the connection after so many bytes of the body."""
    lose: bool = False
    """Close the connection instead of answering: the CA did it, the client never learns."""
    hang: bool = False
    """Never answer, until the client or the proxy gives up."""

    seen: int = 0
    """How many requests matched so far."""

    def __post_init__(self) -> None:
        self._path = re.compile(self.path)

    def matches(self, method: str, path: str) -> bool:
        """Whether this request is one of the rule's; counts it."""
        if self.method not in (None, method) or not self._path.search(path):
            return False
        self.seen += 1
        if self.nth is not None:
            return self.seen == self.nth
        return self.times is None or self.seen <= self.times

    def changed(self, body: bytes) -> bytes:
        """The body the client gets in place of `body`."""
        if self.body is not None:
            return self.body if isinstance(self.body, bytes) else self.body.encode()
        if self.edit:
            value = json.loads(body)
            edited = self.edit(value)
            return json.dumps(value if edited is None else edited).encode()
        return body


def merge(patch: Any) -> Edit:
    """An edit after RFC 7396: members of `patch` are set, null removes them, objects are gone into."""

    def merged(value: Any, change: Any) -> Any:
        if not isinstance(change, dict):
            return change
        result = dict(value) if isinstance(value, dict) else {}
        for name, part in change.items():
            if part is None:
                result.pop(name, None)
            else:
                result[name] = merged(result.get(name), part)
        return result

    return lambda value: merged(value, patch)


def parse(text: str) -> list[Rule]:
    """Rules from a JSON list of objects with the fields of Rule, and `merge` instead of `edit`; ValueError."""
    known = {one.name for one in fields(Rule)} - {"edit", "seen"} | {"merge"}
    rules = []
    for item in json.loads(text):
        if unknown := set(item) - known:
            raise ValueError(f"no such field of a rule: {', '.join(sorted(unknown))}")
        options = dict(item)
        if "merge" in options:
            options["edit"] = merge(options.pop("merge"))
        rules.append(Rule(**options))
    return rules
