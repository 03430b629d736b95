"""Which client a script was written for, by what stands in it. A guess, which is why the evidence comes with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

_SHOWN = 60


@dataclass(frozen=True)
class _Signs:
    """What a script of the dialect has, each somewhere outside of comments."""

    dialect: str
    patterns: tuple[str, ...]


def _operand(word: str) -> str:
    """The word where a program compares its first argument with it, or has a function of that name."""
    return rf"""["']{word}["']|(?:^|[\s|(]){word}\s*(?:\)|\||\()|=\s*{word}\b"""


_KNOWN = (
    _Signs("certbot", (r"\b(?:CERTBOT_[A-Z_]+|RENEWED_(?:LINEAGE|DOMAINS)|FAILED_DOMAINS)\b",)),
    _Signs("dehydrated", (r"\b(?:deploy_challenge|clean_challenge|deploy_cert|unchanged_cert)\b",)),
    _Signs("lego", (_operand("present"), _operand("cleanup"))),
    _Signs("lego", (r"\bLEGO_(?:HOOK_)?CERT_[A-Z_]*PATH\b",)),
    # `done` ends every loop of a shell script, so that it says nothing.
    _Signs("uacme", (_operand("begin"), _operand("failed"))),
    _Signs("uacme", (r"\bUACME_(?:METHOD|TYPE|IDENT|TOKEN|AUTH)\b",)),
    _Signs("acmesh", (r"^\s*(?:function\s+)?dns_\w+_(?:add|rm)\s*\(\s*\)",)),
)
_RAW = re.compile(r"key_?auth|EXEC_MODE", re.IGNORECASE)
_STRANGERS = {
    "acmetool": r"\bchallenge-(?:dns|http)-(?:start|stop)\b",
    "letsencrypt-external": r"\b(?:pre|post)-(?:perform|cleanup)\b",
}
_NOTHING = "nothing in it tells of another client; DIALECT:PATH says what it is"


def recognise(name: str, data: bytes) -> tuple[str, str]:
    """The dialect of a script, and why, from its file name and its beginning; certbot's where nothing tells."""
    if b"\0" in data:
        return "certbot", "it is no script; DIALECT:PATH says what it is"
    lines = list(_code(data.decode("utf-8", "replace")))
    # acme.sh's scripts have functions called like the file, whatever words they send to whom.
    if own := _first(_functions(name), lines):
        return "acmesh", own
    found: dict[str, str] = {}
    for signs in _KNOWN:
        evidence = [_first(pattern, lines) for pattern in signs.patterns]
        if all(evidence) and signs.dialect not in found:
            found[signs.dialect] = str(evidence[0])
    if len(found) > 1:
        both = " and ".join(f"{dialect} ({why})" for dialect, why in found.items())
        return "certbot", f"it could be of {both}; DIALECT:PATH says which"
    if not found:
        return "certbot", _stranger(lines) or _NOTHING
    ((dialect, why),) = found.items()
    if dialect == "lego" and any(_RAW.search(text) for _, text in lines):
        return "lego-raw", f"{why}, and {_first(_RAW.pattern, lines, re.IGNORECASE)}"
    return dialect, why


def _functions(name: str) -> str:
    stem = re.escape(PurePath(name).name.removesuffix(".sh"))
    return rf"^\s*(?:function\s+)?{stem}_(?:add|rm|deploy)\s*\(\s*\)"


def _code(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not comments as a whole, with their numbers."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("#", "//")):
            yield number, line


def _first(pattern: str, lines: list[tuple[int, str]], flags: int = 0) -> str:
    """The first line that has it, as evidence, or nothing."""
    for number, line in lines:
        if match := re.search(pattern, line, flags):
            return f"line {number}: {_around(line, match)}"
    return ""


def _around(line: str, match: re.Match[str]) -> str:
    """The line, or as much of it around the match as fits."""
    text = "".join(c if c.isprintable() else " " for c in line)
    start = 0 if match.end() <= _SHOWN else match.start()
    end = start + _SHOWN
    return f"{'...' if start else ''}{text[start:end].strip()}{'...' if len(text) > end else ''}"


def _stranger(lines: list[tuple[int, str]]) -> str:
    for client, pattern in _STRANGERS.items():
        if evidence := _first(pattern, lines):
            return f"{evidence} looks like {client}, whose hooks are not known here"
    return ""
