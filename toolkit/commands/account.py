"""acme-account: register and show accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-account", "register and show accounts at ACME servers")
@click.argument("action", type=click.Choice(["register", "show", "list"]))
@options.server
@options.registration
@click.option(
    "--lock-timeout",
    metavar="SECONDS",
    type=click.FloatRange(0),
    default=0.0,
    help="How long to wait for another registration.",
)
def main(run: Run) -> None:
    """Register an account, show the one in use as the CA sees it, or list those there are, as JSON, one a line."""
    from toolkit.issuance import account

    context = run.context()
    run.print_all(account.ACTIONS[run.given["action"]](context))
    context.close()
