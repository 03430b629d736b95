"""The ssh program: how it is called, and which of its failures may pass by themselves."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping

# The login shell there may be of any kind, so it gets these words and no others. In them is nothing that one of
# them would read in its own way between single quotes: no newline, no backslash, no exclamation mark.
_COMMAND = "exec /bin/sh -c 'read -r size && eval \"$(dd bs=1 count=$size 2>/dev/null)\"'"

_FAILED = 1
_TRY_LATER = 75
_OWN_FAILURE = 255
# What ssh writes, what it is called here, the exit status, and what to do; the first that fits.
_ENDS: tuple[tuple[str, str, int, str], ...] = (
    (
        r"[Hh]ost key verification failed|IDENTIFICATION HAS CHANGED|No .* host key is known",
        "its host key is not the one that is known",
        _FAILED,
        "compare its key with the line in known_hosts, and put it there when it is right",
    ),
    (
        r"Permission denied|Too many authentication failures|[Nn]o more authentication methods",
        "it does not let us in",
        _FAILED,
        "a key without a passphrase, with IdentityFile in ssh_config; an agent needs --hook-env SSH_AUTH_SOCK",
    ),
    (
        r"refused|timed out|[Tt]imeout|unreachable|No route|[Cc]ould not resolve|[Nn]ame resolution|reset|"
        r"closed by|Broken pipe|kex_exchange_identification|not responding",
        "no connection, or a connection that was cut",
        _TRY_LATER,
        "look at HostName and Port in ssh_config, and whether it is up",
    ),
    (r"", "ssh failed", _FAILED, "try it by hand, with ssh -v"),
)


class HookError(Exception):
    """The text says what happened and what to do about it."""

    def __init__(self, text: str, status: int = _FAILED) -> None:
        super().__init__(text)
        self.status = status


def host(env: Mapping[str, str]) -> str:
    """SSH_HOST; what looks like an option to ssh, or to a program that ssh runs, is none."""
    name = env.get("SSH_HOST", "")
    if not name:
        raise HookError("SSH_HOST is not set: the other host, [USER@]HOST; with the toolkit, --hook-env SSH_HOST")
    if re.search(r"(^|@)-|[\s\x00-\x1f\x7f]", name):
        raise HookError(f"SSH_HOST is no name of a host: {name!r}")
    return name


def run(env: Mapping[str, str], message: bytes) -> int:
    """The exit status of the hook there. Raises HookError when ssh fails."""
    with tempfile.NamedTemporaryFile(prefix="acme-ssh-") as log:
        status = _send(_argv(env, log.name), message)
        words = log.read().decode("utf-8", "replace").splitlines()
    words = [line.strip() for line in words if line.strip()]
    for line in words:
        sys.stderr.write(f"{_printable(line)}\n")
    if status == _OWN_FAILURE:
        raise _failure(host(env), words)
    return status if status >= 0 else 128 - status


def _argv(env: Mapping[str, str], log: str) -> list[str]:
    """-E keeps what ssh says apart from what the hook there says."""
    argv = [env.get("SSH_PROGRAM") or "ssh", "-T", "-E", log, "-o", "BatchMode=yes", "-o", "RemoteCommand=none"]
    if env.get("SSH_CONFIG"):
        argv += ["-F", env["SSH_CONFIG"]]
    return [*argv, "--", host(env), _COMMAND]


def _send(argv: list[str], message: bytes) -> int:
    try:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE)
    except OSError as error:
        raise HookError(f"cannot run {argv[0]!r}: {error.strerror}; it comes with openssh-client") from None
    assert process.stdin  # noqa: S101 - it was asked for
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(message)
            process.stdin.flush()
        # It stays open meanwhile: by its end the other host knows that nobody waits any more.
        return process.wait()
    finally:
        process.terminate()
        process.wait()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _failure(name: str, words: list[str]) -> HookError:
    """Of what ssh says when it is asked to say much, only its results count; a cut it does not log."""
    words = [line for line in words if not line.startswith("debug")] or ["closed by the other side"]
    text = "\n".join(words)
    what, status, hint = next(end[1:] for end in _ENDS if re.search(end[0], text))
    return HookError(f"{name}: {what}: {_printable(words[-1])}; {hint}", status)


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in line)
