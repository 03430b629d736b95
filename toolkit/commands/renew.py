"""acme-renew: renew what is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import hook_options, options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-renew", "renew what is due")
@click.argument("names", metavar="[LINEAGE]...", nargs=-1)
@options.renewal
@hook_options.frame
@hook_options.directories
@hook_options.checks
@options.server
@options.jobs
def main(run: Run) -> None:
    """Renew the lineages that are due, of all or of those named, each by its own settings: when its CA suggests it,
    else after two thirds of its life.
    """
    from toolkit.cli.renewing import renew

    renew(run)
