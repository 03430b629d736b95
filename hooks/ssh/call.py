"""One call of a hook on another host: what is sent there, and what its end means (README.md)."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import client
from client import HookError

_THERE = Path(__file__).with_name("there.sh")
_PEMS = (("cert.pem", 0o644), ("chain.pem", 0o644), ("fullchain.pem", 0o644), ("privkey.pem", 0o600))
# What tells of an event; where one is not set here, it is not set there either.
_CHALLENGE = (
    *("CERTBOT_DOMAIN", "CERTBOT_IDENTIFIER", "CERTBOT_VALIDATION", "CERTBOT_TOKEN", "CERTBOT_AUTH_OUTPUT"),
    *("CERTBOT_ALL_DOMAINS", "CERTBOT_ALL_IDENTIFIERS", "CERTBOT_REMAINING_CHALLENGES"),
    *("ACME_CHALLENGE_TYPE", "ACME_WILDCARD", "ACME_RECORD_NAME"),
)
_DEPLOY = ("RENEWED_LINEAGE", "RENEWED_DOMAINS")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_LARGEST = 1 << 20  # bytes of a hook that is sent; they are read there one by one
_LONGEST_RECORD = 1 << 24

# Mode, path there, content.
File = tuple[int, str, bytes]


def run(event: str) -> int:
    """Do it; what went wrong is one line on standard error."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, _leave)
    try:
        return client.run(os.environ, message(event, os.environ))
    except HookError as error:
        sys.stderr.write(f"ssh: error: {error}\n")
        return error.status


def _leave(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def message(event: str, env: Mapping[str, str]) -> bytes:
    """All that goes to standard input there: the size of the program, the program, the files it receives."""
    hook = _setting(env, "SSH_HOOK", "the directory of a hook on the other host, or with SSH_SEND=1 of one here")
    send = env.get("SSH_SEND") or "0"
    if send not in ("0", "1"):
        raise HookError("SSH_SEND is 1, 0 or not set")
    files = [(0o600, "stdin", _record(env))]
    lineage = lineages = ""
    if event == "deploy":
        lineage, lineages = _lineage(env)
        files += _pems(Path(env["RENEWED_LINEAGE"]), f"live/{lineage}")
    if send == "1":
        files += _hook(Path(hook), event)
    told = {
        "event": event,
        "host": client.host(env),
        "hook": "" if send == "1" else hook.removeprefix("~/"),
        "name": _base(Path(hook).absolute(), "SSH_HOOK"),
        "lineage": lineage,
        "lineages": lineages,
    }
    lines = [f"{name}={_quoted(value)}" for name, value in told.items()]
    lines += ["hand_over() {", *_variables(event, env), "}", "receive() {"]
    lines += [f"take {mode:o} {len(content)} {_quoted(path)}" for mode, path, content in files]
    program = os.fsencode("\n".join([*lines, "}", ""])) + _THERE.read_bytes()
    return b"%d\n" % len(program) + program + b"".join(content for _, _, content in files)


def _variables(event: str, env: Mapping[str, str]) -> Iterator[str]:
    """The lines that give the hook its variables, those of the event last."""
    passed = env.get("SSH_PASS", "").split()
    for name in passed:
        if not re.fullmatch(_NAME, name):
            raise HookError("SSH_PASS has names of variables, with blanks between them, and no values")
    prefix, foreign = ("RENEWED_", _CHALLENGE) if event == "deploy" else ("CERTBOT_", _DEPLOY)
    told = [name for name in env if re.fullmatch(prefix + "[A-Z0-9_]+", name)]
    # By ACME_HOOK_RUN a hook knows that there is a record on its standard input.
    for name in dict.fromkeys([*passed, *_CHALLENGE, *_DEPLOY, *told, "ACME_HOOK_RUN"]):
        # certbot leaves those of its last event in its environment.
        known = name in env and name not in foreign
        yield f"export {name}={_quoted(env[name])}" if known else f"unset {name}"


def _record(env: Mapping[str, str]) -> bytes:
    """The record on standard input, which only the toolkit gives; under certbot that may be a terminal."""
    return sys.stdin.buffer.read(_LONGEST_RECORD) if "ACME_HOOK_RUN" in env else b""


def _lineage(env: Mapping[str, str]) -> tuple[str, str]:
    directory = _setting(env, "RENEWED_LINEAGE", "this is a deploy hook")
    lineages = env.get("SSH_LINEAGE_DIR", "")
    if lineages and not lineages.startswith("/"):
        raise HookError(f"SSH_LINEAGE_DIR is a directory on the other host, and begins with /: {lineages!r}")
    return _base(Path(directory), "RENEWED_LINEAGE"), lineages


def _base(path: Path, variable: str) -> str:
    if path.name in ("", ".."):
        raise HookError(f"{variable} does not end with a name: {str(path)!r}")
    return path.name


def _pems(lineage: Path, there: str) -> list[File]:
    return [(mode, f"{there}/{name}", _read(lineage / name)) for name, mode in _PEMS]


def _hook(hook: Path, event: str) -> list[File]:
    """The files of a hook of this host; what is executable here is so there."""
    if not any((hook / name).is_file() for name in ("auth", "cleanup", "deploy")):
        raise HookError(f"{str(hook)!r} is no hook; with SSH_SEND=1, SSH_HOOK is the directory of one on this host")
    paths = [path for path in sorted(hook.rglob("*")) if path.is_file() and path.parent.name != "__pycache__"]
    if sum(path.stat().st_size for path in paths) > _LARGEST:
        raise HookError(f"{str(hook)!r} is too large to be sent with each call: install it there, and SSH_SEND=0")
    return [
        (0o700 if os.access(path, os.X_OK) else 0o600, f"hook/{path.relative_to(hook)}", _read(path)) for path in paths
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HookError(f"cannot read {path}: {error.strerror}") from None


def _setting(env: Mapping[str, str], name: str, purpose: str) -> str:
    if not env.get(name):
        raise HookError(f"{name} is not set: {purpose}; with the toolkit, name it with --hook-env")
    return env[name]


def _quoted(text: str) -> str:
    """One word for the shell there. Between single quotes it looks at nothing but the closing one."""
    return "'" + text.replace("'", "'\\''") + "'"
