"""Identifiers and lineage names: one place where text from outside becomes a name, or is refused."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from toolkit.errors import BadName, printable

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LINEAGE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@+-]{0,239}\Z")
_LONGEST = 253


def identifier(text: str) -> str:
    """The name as an order carries it: A-labels in lower case without trailing dot, or an IP address.

    Names are converted by IDNA 2008 (RFC 5891), addresses written by RFC 5952. Raises BadName.
    """
    address = _address(text)
    if address:
        return address
    wildcard = text.startswith("*.")
    name = _ascii(text[2:] if wildcard else text)
    if "*" in name:
        raise BadName(f"{printable(text)}: a wildcard stands alone as the first label", "write *.example.com")
    labels = name.split(".")
    if len(name) + 2 * wildcard > _LONGEST:
        raise BadName(f"{printable(text, 60)}: longer than {_LONGEST} characters")
    for label in labels:
        if not _LABEL.match(label):
            raise BadName(
                f"{printable(text, 300)!s}: not a host name"
                + (f", because of the label {printable(label, 80)!r}" if label else ", because of an empty label")
            )
    if labels[-1].isdigit():
        raise BadName(f"{printable(text)}: neither a host name nor an IP address")
    return f"*.{name}" if wildcard else name


def identifiers(texts: Iterable[str]) -> list[str]:
    """Each text as an identifier, in order, each once. Raises BadName, also when there is none."""
    found = list(dict.fromkeys(identifier(text) for text in texts))
    if not found:
        raise BadName("no names given", "name them with -d, or one certificate a line on standard input")
    return found


def lineage(text: str) -> str:
    """A lineage name that is safe as a file name. Raises BadName."""
    if not _LINEAGE.match(text) or ".." in text:
        raise BadName(
            f"{printable(text, 300)!r} cannot be the name of a lineage",
            "use letters, digits and . _ : @ + - and begin with a letter or digit",
        )
    return text


def default_lineage(names: list[str]) -> str:
    """The lineage name when none is given: the first name, a wildcard without its `*.`."""
    return lineage(base(names[0]))


def base(name: str) -> str:
    """The name an authorization is for: without `*.` (RFC 8555 §7.1.4)."""
    return name.removeprefix("*.")


def is_wildcard(name: str) -> bool:
    return name.startswith("*.")


def acme_identifier(name: str) -> dict[str, str]:
    """The name as an RFC 8555 §9.7.7 or RFC 8738 identifier object."""
    return {"type": "ip" if _address(name) else "dns", "value": name}


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) if "%" not in text else None
    except ValueError:
        return None


def _ascii(text: str) -> str:
    """Lower-case A-labels; imports idna only for names that need it."""
    name = text.removesuffix(".").lower()
    if name.isascii() and "xn--" not in name:
        return name
    import idna

    try:
        encoded = idna.encode(name, uts46=True).decode("ascii")
        idna.decode(encoded)
    except (idna.IDNAError, UnicodeError) as error:
        raise BadName(f"{printable(text)}: not an international host name: {printable(error)}") from None
    return encoded
