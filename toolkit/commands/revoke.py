"""acme-revoke: revoke certificates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli import options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run

_REASONS = ["unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"]


@command("acme-revoke", "revoke certificates")
@click.argument("lineages", metavar="[LINEAGE]...", nargs=-1)
@options.server
@click.option("--cert", metavar="FILE", help="Certificate in PEM, instead of lineages.")
@click.option("--key", metavar="FILE", help="Its private key in PEM, which signs instead of an account.")
@click.option(
    "--reason",
    type=click.Choice(_REASONS, case_sensitive=False),
    default="unspecified",
    show_default=True,
    help="What the CA shall say why.",
)
@click.option("--delete-after-revoke", is_flag=True, help="Delete the lineages that are revoked, keys and all.")
@options.lock_timeout
def main(run: Run) -> None:
    """Revoke the live certificates of lineages, or one in a file; says of each what became of it, as JSON, one a line.

    One that was revoked already is no error.
    """
    from toolkit.issuance import revoke

    given, context = run.given, run.context()
    cert, key = (Path(given[name]).absolute() if given[name] else None for name in ("cert", "key"))
    asked = revoke.Asked(
        tuple(dict.fromkeys(given["lineages"])), cert, key, given["reason"], given["delete_after_revoke"]
    )
    for found in revoke.revoke(context, asked, run.process.failed):
        run.print_all([found])
    context.close()
