"""Which variables a hook is given at which event, and which its files ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit import proofs
from toolkit.dialects import Dialect, Invocation, Place
from toolkit.dialects.certbot import Certbot
from toolkit.events import Event, Issued
from toolkit.hooks.lint.shellcode import Script

# What every hook gets beside the variables of its event and those of the user (running.py, runner.py).
OURS = ("ACME_HOOK_STATE", "ACME_HOOK_RUN", "ACME_PYTHON")
# What a shell sets by itself
_SHELLS = re.compile(
    r"(PWD|OLDPWD|IFS|PPID|OPTARG|OPTIND|OPTERR|LINENO|RANDOM|SECONDS|REPLY|E?UID|GROUPS|HOSTNAME|HOSTTYPE|OSTYPE"
    r"|MACHTYPE|SHLVL|PS[0-4]|FUNCNAME|PIPESTATUS|DIRSTACK|SRANDOM|EPOCH(SECONDS|REALTIME)|BASH\w*|COMP_\w+)\Z"
)
# By their names
_CLIENTS: Mapping[str, str] = {
    "certbot": r"CERTBOT_\w+|RENEWED_(LINEAGE|DOMAINS)|FAILED_DOMAINS",
    "dehydrated": r"WELLKNOWN|BASEDIR|CERTDIR|ALPNCERTDIR|CHALLENGETYPE",
    "lego": r"LEGO_\w+|EXEC_(PATH|MODE)",
    "uacme": r"UACME_\w+",
    "acmesh": r"Le_\w+|ACMESH_\w+|CERT_FULLCHAIN_PATH|CA_CERT_PATH",
    "acmetool": r"ACME_STATE_DIR",
}
_GUARDS = (":-", "-", ":+", "+", ":?", "?")
_WORD = r"""\[\s*['"]([A-Za-z_]\w*)['"]\s*\]"""
# Of Python, Perl, JavaScript, Ruby and PHP: what fails without the variable, or goes on with nothing
_NEEDS = re.compile(rf"(?:\benviron|\benv|\benvironment|\bENV|\$_ENV){_WORD}|\$ENV\{{\s*['\"]?(\w+)['\"]?\s*\}}")
_NEEDS_NODE = re.compile(rf"\bprocess\.env(?:\.([A-Za-z_]\w*)|{_WORD})")
_ASKS = re.compile(
    r"""(?:\benviron|\benv|\benvironment)\.(?:get|pop|setdefault)\(\s*['"](\w+)['"]|\bgetenv\(\s*['"](\w+)['"]"""
    r"""|\bENV\.fetch\(\s*['"](\w+)['"]|['"]([A-Z]\w+)['"]\s+(?:not\s+)?in\s+(?:os\.)?env"""
    r"""|\b(?:exists|defined)\s*\(?\s*\$ENV\{\s*['"]?(\w+)"""
)
_GIVES = re.compile(r"""\s*=[^=~>]""")
_GOES_ON = re.compile(r"""\s*(?:\|\||//|\?\?)""")

_SAMPLE = "d" * 22


@dataclass(frozen=True)
class Mention:
    """A variable that a file asks for: where first, and whether the file does without it or says that it is missing."""

    name: str
    line: int
    guarded: bool


def given(dialect: Dialect) -> dict[str, set[str]]:
    """By event, the variables that the dialect sets for any of the types of challenges it is asked for."""
    place = Place("/state", "/config", "/work")
    found: dict[str, set[str]] = {event: set() for event in dialect.events}
    for event, invocations in _all(dialect, place):
        for invocation in invocations:
            found.setdefault(event, set()).update(invocation.variables)
    return found


def client(name: str) -> str:
    """Whose hooks get a variable of this name; empty: it tells nothing."""
    return next((dialect for dialect, names in _CLIENTS.items() if re.fullmatch(names, name)), "")


def of_shell(script: Script) -> list[Mention]:
    """What a shell script expands and does not assign."""
    assigned = script.assigned()
    tested = set(re.findall(r"-[nz]\s+\"?\$\{?(\w+)", "\n".join(script.code)))
    first: dict[str, int] = {}
    guarded = set(tested)
    for use in script.uses:
        if not _is_variable(use.name) or use.name in assigned:
            continue
        first.setdefault(use.name, use.line)
        if use.operator in _GUARDS:
            guarded.add(use.name)
    return [Mention(name, line, name in guarded) for name, line in first.items()]


def of_others(lines: Sequence[tuple[int, str]]) -> list[Mention]:
    """What a script in another language takes from its environment."""
    first: dict[str, int] = {}
    guarded: set[str] = set()
    gives: set[str] = set()
    for number, line in lines:
        for pattern in (_NEEDS, _NEEDS_NODE):
            for match in pattern.finditer(line):
                name = next(filter(None, match.groups()))
                if _GIVES.match(line, match.end()):
                    gives.add(name)
                elif _GOES_ON.match(line, match.end()):
                    guarded.add(name)
                first.setdefault(name, number)
        for match in _ASKS.finditer(line):
            name = next(filter(None, match.groups()))
            first.setdefault(name, number)
            guarded.add(name)
    return [Mention(name, line, name in guarded) for name, line in first.items() if name not in gives]


def saved(script: Script) -> list[Mention]:
    """What a script of acme.sh takes from the settings of acme.sh, or else from its environment."""
    found: dict[str, Mention] = {}
    for number, line in enumerate(script.code, 1):
        for name in re.findall(r"\b_(?:readaccountconf(?:_mutable)?|getdeployconf)\s+\"?([A-Za-z_]\w*)", line):
            found.setdefault(name, Mention(name, number, True))
    return list(found.values())


def _is_variable(name: str) -> bool:
    """Whether people would export it: not a digit, not $$, and by custom in capitals."""
    return bool(re.match(r"[A-Z]\w+\Z", name)) and not _SHELLS.match(name)


# Other events of a dialect set no variable that none of these sets.
def _all(dialect: Dialect, place: Place) -> Iterator[tuple[str, Sequence[Invocation]]]:
    issued = Issued("example.com", ("example.com",), "/live/example.com", ("/1", "/2", "/3", "/4"), 0)
    for kind in dialect.types:
        proof = proofs.proof(kind, _SAMPLE, "example.com", _SAMPLE)
        event = Event(kind, "example.com", False, _SAMPLE, proof, ("example.com",), 0)
        if "auth" in dialect.events:
            yield "auth", dialect.auth([event], place)
        if "cleanup" in dialect.events:
            yield "cleanup", dialect.cleanup([event], place, "", True)
    if "deploy" in dialect.events:
        yield "deploy", dialect.deploy(issued, place)
    if isinstance(dialect, Certbot):
        yield "post", dialect.post((), ())
