"""acme-install: store a certificate as a lineage, deploy it, verify that it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from toolkit.cli import hook_options, options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run


@command("acme-install", "store, deploy and verify a certificate")
@click.option("--key", metavar="FILE", help="The certificate's private key, when it is not in the store.")
@hook_options.targets
@hook_options.hooks
@hook_options.authenticator
@options.stream
def main(run: Run) -> None:
    """Make each document's certificate live, hand it to the services that use it, and look at what they serve.

    The authenticator options are not used now: they are written down for the renewal.
    """
    from toolkit.issuance import install

    local, targets, settings = run.local(), run.targets(), run.settings()
    run.stage("install", run.documents(), lambda doc, _: install.install(local, doc, targets, settings), last=True)
