"""acme-hook: see, try, test and serve hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import hook_options, showing
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-hook", "see, try, test and serve hooks")
@click.argument("action", type=click.Choice(["list", "show", "run", "lint", "test", "sweep", "serve"]))
@click.argument("words", metavar="[EVENT] [HOOK]...", nargs=-1)
@hook_options.hook_work
@hook_options.hooks
def main(run: Run) -> None:
    """List the hooks there are, show what one is, run it for an event, look at its files, test it against DNS or a
    web server without a CA, clean up what killed runs left behind, or offer it to other clients by HTTP.
    """
    from toolkit.issuance import hook

    hook.ACTIONS[run.given["action"]](showing.workshop(run))
