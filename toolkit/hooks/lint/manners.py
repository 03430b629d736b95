"""What the scripts of each client owe to those who call them, as far as it can be seen without running them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from toolkit.dialects import Dialect
from toolkit.hooks.lint.habits import Habit
from toolkit.hooks.lint.shellcode import Script

# Dialects whose scripts get the challenge as arguments
ARGUMENTS = ("dehydrated", "lego", "uacme")
# Those whose scripts know a call that does nothing
PROBED = ("dehydrated", "uacme")
_DEFAULT_FAILS = re.compile(r"(?:^|;;)\s*\*\s*\)", re.MULTILINE)
_FAILS = re.compile(r"\b(?:exit|return)\s+[1-9]|\b(?:echo|printf|die|error|usage)\b")
_CALLS_WHATEVER = re.compile(r"^\s*\"?\$(?:@|\{@\}|\{?\w+\}?\"?\s+\"?\$\{?@)")
_GUARDS = re.compile(r"=~|\bcase\b|\btype\s|\bdeclare\s+-F|\bcommand\s+-v")
_EXPECTED = {
    "dehydrated": "an operation that it does not know ends with 0, silently",
    "uacme": "what it cannot solve it declines, by an exit status other than 0",
    "acmesh": "its functions are called like the file",
}


def expected(dialect: Dialect) -> str:
    """What the call of `acme-hook lint --probe` is to show."""
    return _EXPECTED.get(dialect.name, "")


def of_dialect(path: Path, script: Script, dialect: Dialect) -> Iterator[Habit]:
    """The manners of the dialect in a shell script."""
    rules = {"acmesh": _acmesh, "dehydrated": _dehydrated, "lego": _lego, "uacme": _uacme}
    if rule := rules.get(dialect.name):
        yield from rule(path, script)


def _acmesh(path: Path, script: Script) -> Iterator[Habit]:
    stem = path.name.removesuffix(".sh")
    code = "\n".join(script.bare)
    for ending in ("add", "rm") if stem.startswith("dns_") else ("deploy",):
        if not re.search(rf"^\s*(?:function\s+)?{re.escape(stem)}_{ending}\s*\(\s*\)", code, re.MULTILINE):
            yield Habit(1, "error", f"there is no function {stem}_{ending}", "its name follows from that of the file")
    for line, text in enumerate(script.bare, 1):
        if re.search(r"(?:^|[;&|{(]|\b(?:then|do|else))\s*exit(?:[\s;&|)]|$)", text):
            yield Habit(line, "warning", "exit ends acme.sh, which called it", "return")


def _dehydrated(_: Path, script: Script) -> Iterator[Habit]:
    yield from _takes_arguments(script)
    code = "\n".join(script.bare)
    for match in _DEFAULT_FAILS.finditer(code):
        body = re.split(r";;|\besac\b", code[match.end() :])[0]
        if _FAILS.search(body):
            line = code.count("\n", 0, match.end()) + 1
            yield Habit(line, "warning", "what it does not know may fail, or be told of", _EXPECTED["dehydrated"])
    for line, text in enumerate(script.bare, 1):
        if _CALLS_WHATEVER.search(text) and not _GUARDS.search(code):
            yield Habit(line, "warning", "runs whatever operation it is asked for", _EXPECTED["dehydrated"])


def _lego(_: Path, script: Script) -> Iterator[Habit]:
    code = "\n".join(script.code)
    if "LEGO_" not in code:
        yield from _takes_arguments(script)


def _uacme(_: Path, script: Script) -> Iterator[Habit]:
    code = "\n".join(script.code)
    if not re.search(r"\bUACME_(?:TYPE|METHOD)\b", code):
        yield from _takes_arguments(script)
    if not re.search(r"\b(?:http|dns|tls-alpn)-01\b", code):
        yield Habit(
            1, "warning", "takes every type of challenge, and the first is not always its own", _EXPECTED["uacme"]
        )


def _takes_arguments(script: Script) -> Iterator[Habit]:
    if not any(use.name in ("1", "@", "*") for use in script.uses):
        yield Habit(1, "warning", "gets what it needs as arguments, and looks at none", "$1 is the operation")
