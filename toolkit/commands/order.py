"""acme-order: open orders at the CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-order", "open orders at an ACME server")
@options.names
@click.option("--csr", metavar="FILE", help="Order what a signing request (PEM or DER) asks for.")
@options.profile
@options.server
@options.registration
@options.stream
def main(run: Run) -> None:
    """Open an order for the names given, for those on each line of FILE or standard input, or for each document there.

    A document that has an order goes on with it while that is of use, and gets a new one when it is not.
    """
    from toolkit.issuance import order

    context, wanted = run.context(), run.profile()
    run.stage("order", run.documents(plain_names=True), lambda doc, _: order.open_order(context, doc, wanted))
    context.close()
