"""What all commands are: a click command whose errors look like ours, and a library that is imported late."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from toolkit import __version__

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Command(click.Command):
    """A click command whose errors look like ours: `name: error: …`, status 2."""

    def __call__(self, *args: Any, **extra: Any) -> Any:
        if args or extra:
            return self.main(*args, **extra)
        try:
            self.main()
        except SystemExit as end:
            _leave(end.code if isinstance(end.code, int) else 1)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any) -> Any:
        name = prog_name or self.name or "acme"
        try:
            status = super().main(
                args, name, standalone_mode=False, **{k: v for k, v in extra.items() if k != "standalone_mode"}
            )
        except click.UsageError as error:
            status = complain(name, error.format_message().rstrip(".").lower(), f"{name} --help")
        except click.ClickException as error:
            status = complain(name, error.format_message().rstrip("."), None)
        except (click.exceptions.Exit, click.Abort) as error:
            status = getattr(error, "exit_code", 130)
        except OSError as error:
            complain(name, f"cannot write standard output: {(error.strerror or str(error)).lower()}", None)
            status = 1
        sys.exit(status if isinstance(status, int) else 0)


def _leave(status: int) -> None:
    """End the process without taking the interpreter apart, which costs a small command a sixth of its time.

    Everything that matters is on disk, and every thread has ended, when a command's main returns.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except (OSError, ValueError):
            status = status or 1
    os._exit(status)


def complain(name: str, message: str, hint: str | None) -> int:
    """Say what is wrong with the command line; returns the status for that."""
    click.echo(f"{name}: error: {message}", err=True)
    if hint:
        click.echo(f"{name}: hint: {hint}", err=True)
    return 2


def command(name: str, summary: str) -> Decorator:
    """A command whose function gets a toolkit.cli.setup.Run with its options."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def callback(**given: Any) -> int:
            # The library is imported when there is work, so that --help does not wait for it.
            setup = importlib.import_module("toolkit.cli.setup")
            status: int = setup.run(name, function, given)
            return status

        callback.__doc__ = function.__doc__
        wrapped: Any = callback
        wrapped.__click_params__ = getattr(function, "__click_params__", [])
        for option in reversed(_COMMON):
            wrapped = option(wrapped)
        return click.command(name, cls=Command, short_help=summary, context_settings=_SETTINGS)(wrapped)

    return decorate


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_COMMON = (
    click.option(
        "--config-dir",
        metavar="DIR",
        envvar="ACME_CONFIG_DIR",
        show_envvar=True,
        help="Accounts, keys and certificates.",
    ),
    click.option("--work-dir", metavar="DIR", envvar="ACME_WORK_DIR", show_envvar=True, help="State that may be lost."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("-v", "--verbose", count=True, envvar="ACME_VERBOSE", help="Say what is done; twice: tracebacks too."),
    click.version_option(__version__, "--version", message="%(prog)s %(version)s", help="Show the version."),
)
