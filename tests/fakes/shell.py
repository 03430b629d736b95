"""Fakes for shells: in the background, with a directory that tells how to reach and to end them."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NoReturn, Protocol

from tests.ca import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes.serving import TlsServer


class Fake(AbstractContextManager["Fake"], Protocol):
    """Listens already, and answers within its `with`."""

    server: TlsServer


def detach(home: Path, fake: Fake, variables: dict[str, str]) -> None:
    """Let a child serve `fake`; write home/env, and home/pids by which tests/ca/stop ends it.

    As the fake listens before the fork, whoever reads the variables can connect at once.
    """
    home.mkdir(parents=True, exist_ok=True)
    if recorded.running(home):
        raise recorded.StateError(f"what was started in {home} is still running")
    told = variables | {"FAKE_REQUESTS": str(home / "requests.jsonl")}
    (home / "requests.jsonl").touch()
    child = os.fork()
    if child == 0:
        _serve(home, fake)
    recorded.write(home, [child])
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in told.items())
    (home / "env").write_text(lines, encoding="utf-8")


def read(home: Path) -> dict[str, str]:
    """The variables of home/env."""
    lines = (home / "env").read_text(encoding="utf-8").splitlines()
    words = (shlex.split(line)[1] for line in lines if line.startswith("export "))
    return dict(word.split("=", 1) for word in words)


def status(main: Callable[[list[str]], int], arguments: list[str]) -> int:
    """What `main` returns; 1, with its message on stderr, when the directory or an option is wrong."""
    try:
        return main(arguments)
    except (recorded.StateError, OSError, ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _serve(home: Path, fake: Fake) -> NoReturn:
    os.setsid()
    log = os.open(home / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _close_inherited()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    try:
        with fake:
            while True:
                signal.pause()
    finally:
        sys.stderr.flush()
        os._exit(1)


def _close_inherited() -> None:
    """Close what the caller had open, such as bats' descriptor 3, which would make it wait for us.

    What Python opened itself is not inheritable, and that is how to tell the two apart.
    """
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        try:
            if number > 2 and os.get_inheritable(number):
                os.close(number)
        except OSError:
            pass  # the descriptor of the listing itself
