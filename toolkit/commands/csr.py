"""acme-csr: make a private key and its signing request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cli import options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-csr", "make a private key and its signing request")
@options.names
@options.keys
@options.stream
def main(run: Run) -> None:
    """Make a key on this host, keep it in the store, and write a document with its signing request.

    The key never leaves the host: order, challenge and finalize may run elsewhere, acme-install finds the
    key here by the certificate.
    """
    from toolkit.issuance import csr

    local, wish = run.local(), run.key_wish()
    run.stage("csr", run.documents(plain_names=True), lambda doc, _: csr.make_csr(local, doc, wish))
