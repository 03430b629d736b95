"""acme-finalize: turn a ready order into a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cli import options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-finalize", "turn a ready order into a certificate")
@options.keys
@options.server
@options.stream
def main(run: Run) -> None:
    """Make a private key, send its signing request, wait, and put the certificate into the document.

    A document that brings a signing request (acme-csr, acme-order --csr) needs no key here.
    """
    from toolkit.issuance import finalize

    context, wish = run.context(), run.key_wish()
    run.stage("finalize", run.documents(), lambda doc, _: finalize.finalize(context, doc, wish))
    context.close()
