"""Habits that go well until they do not: lines that a hook had better not have, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from toolkit.hooks.lint.shellcode import Script, Use

Severity = Literal["error", "warning", "note"]

# Values that a CA chose, or that are made of them; a proof may begin with a dash.
_VALUES = re.compile(r"(CERTBOT_(VALIDATION|TOKEN)|UACME_(TOKEN|AUTH)|ACMESH_TXTVALUE)\Z")
_NAMES = re.compile(r"(CERTBOT_(DOMAIN|IDENTIFIER|ALL_\w+|AUTH_OUTPUT)|UACME_IDENT|ACME_RECORD_NAME|RENEWED_LINEAGE)\Z")
_LIKE_VALUE = re.compile(r"token|val|txt|auth|proof|challenge", re.IGNORECASE)
_CARRIES = re.compile(r"(?:^|[\s;&|({])([A-Za-z_]\w*)=\"?\$\{?([A-Za-z_]\w*|[2-9])\}?\"?(?=[\s;&|)]|$)")
_BEGINS = r"(?:^|[;&|({`!]|\b(?:then|do|else|if|while|until))\s*"
_OPERANDS = {
    "echo": rf"{_BEGINS}echo\s+(?:-[neE]+\s+)*\"?$",
    "grep": rf"{_BEGINS}[ef]?grep\s+(?:-[A-Za-df-z]+\s+|--[a-z][\w=-]*\s+)*\"?$",
    "printf": rf"{_BEGINS}printf\s+\"?$",
    "expr": rf"{_BEGINS}expr\s+\"?$",
}
_INSTEAD = {
    "echo": "printf '%s\\n' \"$VALUE\"",
    "grep": 'grep -F -e "$VALUE"',
    "printf": "printf %s \"$VALUE\"",
    "expr": "case, or ${VALUE#...}",
}

_HEADER = r"(?:authorization|x-auth-\w+|x-api-\w+|api-?key|[\w-]*token|[\w-]*secret)"
_SECRETS = (
    rf"\b(?:curl|wget|http)\b.*(?:-H|--header)[ =]?['\"]?{_HEADER}\s*:[^\n]*\$",
    r"\bcurl\b.*\s(?:-u|--user)[ =]?['\"]?[^'\"\s]*\$",
    r"\b(?:curl|wget)\b.*\b(?:api_?key|token|secret|password)=['\"]?\$",
    r"\bnsupdate\b.*\s-y\s*['\"]?[^'\"\s]*\$",
    r"\b(?:mysql|psql|sshpass)\b.*\s(?:-p|--password=)['\"]?\$",
)
_TEMPORARY = re.compile(r"(?:/var/tmp|/dev/shm|(?<![\w.])/tmp|\$\{?TMPDIR(?::-/tmp)?\}?\"?)/[^\s\"';|&)]+")
_OF_BASH = {
    "[[": r"\[\[\s",
    "<<<": r"<<<",
    "<( )": r"(?<!<)[<>]\(",
    "&>": r"&>",
    "function": r"^\s*function\s+\w+",
    "an array": r"(?:^|\s)\w+\+?=\(",
    "declare": r"(?:^|[;&|]\s*)\s*(?:declare|typeset)\s",
    "source": rf"{_BEGINS}source\s",
    "== in [ ]": r"(?:^|\s)\[\s[^\]]*\s==\s",
    "$'...'": r"\$'",
    "read -p or -a": r"\bread\s+-[a-z]*[pa]",
}
_BASH_OPERATORS = ("/", ":", "^", ",", "@", "[")

_BESIDE = "printf 'header = \"...: %s\"\\n' \"$SECRET\" | curl --config - URL; nsupdate -k FILE"
_BASH_HINT = "begin with #!/usr/bin/env bash, or write it as POSIX has it"


@dataclass(frozen=True)
class Habit:
    """What a line does, and what it might do instead."""

    line: int
    severity: Severity
    text: str
    hint: str = ""


def of_shell(script: Script, *, arguments: bool, told: bool) -> Iterator[Habit]:
    """The habits of a shell script; `arguments`: it gets values as arguments, `told`: something on standard input."""
    yield from _values(script, arguments=arguments)
    for line, text in script.commands():
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in _SECRETS):
            yield Habit(
                line, "warning", "hands a secret over as an argument, which everybody can see in ps", _BESIDE
            )
        yield from _predictable(line, text, r"\bmktemp\b")
    for line, text in script.bare_commands():
        yield from _waiting(line, text, rf"{_BEGINS}sleep\s")
        if re.search(rf"{_BEGINS}sudo\s", text):
            yield Habit(line, "note", "sudo cannot ask for a password", "allow the command with NOPASSWD in sudoers")
        if "/dev/tty" in text:
            yield Habit(line, "note", "there is no terminal to read from")
    yield from () if told else _reading(script)


def of_bash(script: Script) -> Iterator[Habit]:
    """What bash knows and other shells need not know: each once."""
    for what, pattern in _OF_BASH.items():
        for line, text in enumerate(script.bare, 1):
            if re.search(pattern, text):
                yield Habit(line, "warning", f"{what} is bash, and /bin/sh may be another shell", _BASH_HINT)
                break
    if use := next((use for use in script.uses if use.operator in _BASH_OPERATORS), None):
        what = f"${{{use.name}{use.operator}...}}"
        yield Habit(use.line, "warning", f"{what} is bash, and /bin/sh may be another shell", _BASH_HINT)


def of_others(lines: Iterable[tuple[int, str]], *, told: bool) -> Iterator[Habit]:
    """The habits of a script in another language."""
    for line, text in lines:
        yield from _predictable(line, text, r"mkd?s?temp|tempfile|File::Temp|mktemp")
        yield from _waiting(line, text, r"\bsleep\s*\(")
        if "/dev/tty" in text:
            yield Habit(line, "note", "there is no terminal to read from")
        elif not told and re.search(r"\bsys\.stdin\b|\binput\(|<STDIN>|\bprocess\.stdin\b", text):
            yield Habit(line, "note", "reads standard input, which is empty")


def _values(script: Script, *, arguments: bool) -> Iterator[Habit]:
    """Values where the shell, or the command, takes them for something else."""
    values = _carriers(script, arguments=arguments)
    for use in script.uses:
        is_value = use.name in values
        if not is_value and not _NAMES.match(use.name):
            continue
        if is_value and (command := _command(use)):
            instead = _INSTEAD[command].replace("VALUE", use.name)
            yield Habit(use.line, "warning", f"{command} may take {_shown(use)} for an option or a format", instead)
        elif use.split and use.operator not in (":+", "+"):
            yield Habit(use.line, "warning", f"{_shown(use)} is not quoted", f'"{_shown(use)}"')


def _command(use: Use) -> str:
    return next((name for name, pattern in _OPERANDS.items() if re.search(pattern, use.before)), "")


def _carriers(script: Script, *, arguments: bool) -> set[str]:
    """Names of variables, and numbers of arguments, that hold a proof or a token."""
    found = {use.name for use in script.uses if _VALUES.match(use.name)}
    for line in script.code:
        for name, source in _CARRIES.findall(line):
            if source in found or (arguments and source.isdigit() and _LIKE_VALUE.search(name)):
                found.add(name)
    # The first two say what is to be done, and for which name.
    return found | (set("3456789") if arguments else set())


def _shown(use: Use) -> str:
    return f"${use.name}"


def _predictable(line: int, text: str, safe: str) -> Iterator[Habit]:
    if (match := _TEMPORARY.search(text)) and not re.search(safe, text):
        yield Habit(
            line, "warning", f"others can foresee the name {match[0]}", "mktemp; or a file in $ACME_HOOK_STATE"
        )


def _waiting(line: int, text: str, pattern: str) -> Iterator[Habit]:
    if re.search(pattern, text):
        yield Habit(
            line, "note", "sleeps; the toolkit itself looks until a proof is visible", "acme-challenge --check require"
        )


def _reading(script: Script) -> Iterator[Habit]:
    """Reads that nothing is piped or redirected into, as far as one can see."""
    if any(re.search(r"\bdone\s*<", text) for text in script.bare):
        return
    piped = False
    for line, text in script.bare_commands():
        match = re.search(rf"{_BEGINS}read\s[^;&|]*", text)
        if match and not piped and "|" not in text[: match.start() + 1] and "<" not in match[0]:
            yield Habit(line, "note", "reads standard input, which is empty", "take it from a variable")
        piped = text.rstrip().endswith("|")
