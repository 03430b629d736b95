"""acme-run: the whole flow in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import hook_options, options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-run", "names in, an installed certificate out")
@options.names
@click.option("--csr", metavar="FILE", help="Order what a signing request (PEM or DER) asks for.")
@click.option("--key", metavar="FILE", help="The private key of the signing request.")
@click.option("--force-renewal", is_flag=True, help="Also where the certificate is not due yet.")
@click.option("-n", "--non-interactive", is_flag=True, help="Never ask; it never does yet.")
@hook_options.authenticator
@hook_options.checks
@hook_options.hooks
@options.keys
@options.profile
@hook_options.targets
@hook_options.frame
@options.server
@options.registration
@options.stream
def main(run: Run) -> None:
    """Order, prove control, finalize and install in one go, for the names given or those on each line of FILE.

    A lineage that has a certificate for the same names, not due for renewal, is left as it is.
    """
    from toolkit.issuance import whole

    context, plan = run.context(), run.plan()
    frame, targets = run.frame(), run.targets()
    wishes = whole.Wishes(
        run.profile(), plan, run.key_wish(), targets, run.settings(), frame, run.given["force_renewal"]
    )
    try:
        run.sweep(plan.journal)
        run.stage(
            "order",
            run.documents(plain_names=True),
            lambda doc, enter: whole.issue(context, doc, wishes, enter),
            last=True,
        )
    finally:
        run.close(frame.close, plan.close, context.close)
