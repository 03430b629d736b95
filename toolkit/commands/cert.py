"""acme-cert: see and keep the certificates of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import options, showing
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-cert", "see and keep the certificates of the store")
@click.argument("action", type=click.Choice(["list", "show", "delete", "rename", "rollback", "export"]))
@click.argument("names", metavar="[LINEAGE]...", nargs=-1)
@options.certificates
def main(run: Run) -> None:
    """List certificates or show all of them, delete or rename a lineage, make an earlier generation live, or write
    one to a file in a form that other programs read.
    """
    from toolkit.issuance import certificates

    certificates.ACTIONS[run.given["action"]](showing.desk(run))
