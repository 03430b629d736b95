"""acme-challenge: prove control of the names of an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cli import hook_options, options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-challenge", "prove control of the names of an order")
@hook_options.authenticator
@hook_options.hooks
@hook_options.checks
@options.server
@options.staged_stream
def main(run: Run) -> None:
    """Present the proofs of each document's order, check them, answer the CA, and clean up.

    STAGE is present, check, answer or cleanup; without one, all four run. Only answer speaks to the CA.
    """
    from toolkit.issuance import challenge, presenting

    context, stages, plan = run.context(), run.stages(), run.plan()
    try:
        run.sweep(plan.journal)
        if "present" in stages:
            # No later command will clean up.
            run.process.on_lost = lambda doc: presenting.cleanup(doc, plan)
        run.stage(
            stages[0],
            run.documents(),
            lambda doc, enter: challenge.prove(context, doc, plan, stages, enter),
            always=stages == ("cleanup",),
        )
    finally:
        run.close(plan.close, context.close)
