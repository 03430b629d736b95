"""The order document, version acme-order/1: reading, writing, and its error member.

A document is untrusted input. What is read here has the shape of `order.schema.json`; what it says is
for each stage to judge. Unknown keys survive.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from toolkit import names as naming
from toolkit.errors import BadDocument, BadName, ToolkitError, printable

Document = dict[str, Any]

SCHEMA: Final = "acme-order/1"
LONGEST: Final = 8 * 1024 * 1024
STAGES: Final = ("csr", "order", "present", "check", "answer", "cleanup", "finalize", "install")

_TEXT = (
    "server",
    "account",
    "cert_name",
    "csr",
    "profile",
    "authenticator",
    "replaces",
    "not_before",
    "not_after",
    "lineage",
    "fetched",
)
_OBJECTS = ("key", "order", "certificate", "error")
_LISTS = ("authorizations", "presented", "deployed")


def new(names: list[str], cert_name: str | None = None) -> Document:
    """A document that only says what is wanted."""
    return {"schema": SCHEMA, "cert_name": cert_name or naming.default_lineage(names), "names": names}


def parse(line: str | bytes) -> Document:
    """The document on one line. Raises BadDocument."""
    if len(line) > LONGEST:
        raise BadDocument(f"a document longer than {LONGEST} bytes")
    try:
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line
        found = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"not a JSON document: {printable(error, 200)}") from None
    if not isinstance(found, dict):
        raise BadDocument("not a JSON object")
    check(found)
    return found


def dump(document: Document) -> str:
    """The document as one line with its newline."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair can only be written escaped
        text = json.dumps(document, separators=(",", ":"))
    return text + "\n"


def check(document: Document) -> None:
    """Raise BadDocument where the document is not of the shape the stages rely on."""
    schema = document.get("schema")
    if schema != SCHEMA:
        raise BadDocument(
            f"schema is {printable(schema, 80)!r}, not {SCHEMA!r}", "made by another version of the toolkit?"
        )
    _check_names(document)
    for keys, kind in ((_TEXT, str), (_OBJECTS, dict), (_LISTS, list)):
        for key in keys:
            _expect(document, key, kind)
    for entry in document.get("authorizations", []):
        _check_authorization(entry)
    for key in ("presented", "deployed"):
        if not all(isinstance(entry, dict) for entry in document.get(key, [])):
            raise BadDocument(f"{key} holds something else than objects")


def title(document: Document) -> str:
    """How messages call the document: its lineage name."""
    return printable(document.get("cert_name", "?"), 260)


def failed_stage(document: Document) -> str | None:
    """The stage that failed, or None."""
    error = document.get("error")
    return str(error.get("stage")) if error else None


def enter(document: Document, stage: str) -> bool:
    """Whether `stage` has work to do; takes off an error that this stage, or a later one, left.

    A document that failed in an earlier stage passes through untouched.
    """
    failed = failed_stage(document)
    if failed is None:
        return True
    if failed not in STAGES or STAGES.index(failed) < STAGES.index(stage):
        return False
    del document["error"]
    return True


def fail(document: Document, stage: str, error: ToolkitError) -> None:
    """Write down what went wrong in which stage."""
    document["error"] = {**error.document(), "stage": stage}


def _check_names(document: Document) -> None:
    names = document.get("names")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise BadDocument("names is not a list of names")
    try:
        if naming.identifiers(names) != names:
            raise BadDocument(f"names are not in canonical form: {printable(' '.join(names), 300)}")
        _expect(document, "cert_name", str)
        document["cert_name"] = naming.lineage(document.get("cert_name") or naming.default_lineage(names))
    except BadName as error:
        raise BadDocument(error.message, error.hint) from None


def _check_authorization(entry: object) -> None:
    if not isinstance(entry, dict):
        raise BadDocument("authorizations holds something else than objects")
    identifier = entry.get("identifier")
    if not isinstance(identifier, dict) or not isinstance(identifier.get("value"), str):
        raise BadDocument("an authorization has no identifier")
    challenges = entry.get("challenges")
    if not isinstance(challenges, list) or not all(isinstance(challenge, dict) for challenge in challenges):
        raise BadDocument("an authorization has no list of challenges")


def _expect(document: Document, key: str, kind: Callable[..., Any]) -> None:
    value = document.get(key)
    if (value is not None or (kind is list and key in document)) and not isinstance(value, kind):  # type: ignore[arg-type]
        raise BadDocument(f"{key} has the wrong type")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found
