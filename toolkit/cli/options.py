"""Options that several commands share, in certbot's words where certbot has them.

Options that describe a machine rather than a wish can be set by an environment variable as well, which
--help names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from toolkit.cli.command import Decorator


def group(*options: Decorator) -> Decorator:
    """Several options as one decorator, in the order of --help."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


names = group(
    click.option(
        "-d",
        "--domain",
        "domains",
        metavar="NAME",
        multiple=True,
        help="A name for the certificate; repeat, or separate by commas.",
    ),
    click.option("--cert-name", metavar="LINEAGE", help="Name of the lineage; else the first name."),
)

jobs = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    envvar="ACME_JOBS",
    show_envvar=True,
    help="Documents worked on at a time.",
)

_work = (
    jobs,
    click.option("--output", metavar="FILE", help="Write the documents to FILE, whole or not at all."),
)

stream = group(click.argument("files", metavar="[FILE]...", nargs=-1), *_work)
staged_stream = group(click.argument("files", metavar="[STAGE]... [FILE]...", nargs=-1), *_work)

server = group(
    click.option(
        "--server",
        metavar="URL",
        envvar="ACME_SERVER",
        show_envvar=True,
        help="Directory of the ACME server, or a CA's short name; else Let's Encrypt's.",
    ),
    click.option(
        "--ca-bundle",
        metavar="FILE",
        envvar="ACME_CA_BUNDLE",
        show_envvar=True,
        help="Roots (PEM) by which the ACME server is verified.",
    ),
    click.option(
        "--allow-http",
        is_flag=True,
        envvar="ACME_ALLOW_HTTP",
        show_envvar=True,
        help="Speak plain http to an ACME server on this machine.",
    ),
    click.option("--account", metavar="ID", help="Which account, where there are several."),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(1),
        default=90.0,
        show_default=True,
        help="How long a stage may take at the CA.",
    ),
)

registration = group(
    click.option(
        "--agree-tos",
        is_flag=True,
        envvar="ACME_AGREE_TOS",
        show_envvar=True,
        help="Agree to the CA's terms of service; registers on the first run.",
    ),
    click.option(
        "-m",
        "--email",
        "emails",
        metavar="ADDRESS",
        multiple=True,
        envvar="ACME_EMAIL",
        show_envvar=True,
        help="Contact of the account.",
    ),
    click.option(
        "--eab-kid",
        metavar="ID",
        envvar="ACME_EAB_KID",
        show_envvar=True,
        help="Key identifier of an external account.",
    ),
    click.option(
        "--eab-hmac-key",
        metavar="KEY",
        envvar="ACME_EAB_HMAC_KEY",
        show_envvar=True,
        help="Its key; others see what is on a command line.",
    ),
    click.option("--eab-hmac-key-file", metavar="FILE", help="A file with its key."),
    click.option(
        "--eab-hmac-alg",
        type=click.Choice(["HS256", "HS384", "HS512"]),
        default="HS256",
        show_default=True,
        help="Its algorithm.",
    ),
)

keys = group(
    click.option(
        "--key-type",
        type=click.Choice(["ecdsa", "rsa"]),
        default="ecdsa",
        show_default=True,
        help="Kind of private key.",
    ),
    click.option(
        "--elliptic-curve",
        type=click.Choice(["secp256r1", "secp384r1", "secp521r1"]),
        default="secp256r1",
        show_default=True,
        help="Its curve.",
    ),
    click.option(
        "--rsa-key-size",
        metavar="BITS",
        type=click.IntRange(2048, 8192),
        default=2048,
        show_default=True,
        help="Its size.",
    ),
    click.option("--reuse-key", is_flag=True, help="Keep the key the lineage has."),
)

profile = click.option("--profile", metavar="NAME", help="Certificate profile of the CA.")

lock_timeout = click.option(
    "--lock-timeout",
    metavar="SECONDS",
    type=click.FloatRange(0),
    default=0.0,
    help="How long to wait for what another process has locked.",
)

_form = click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or JSON, one object a line.",
)

certificates = group(
    _form,
    click.option("--generation", metavar="N", type=click.IntRange(1), help="The one to go back to."),
    click.option(
        "--to",
        type=click.Choice(["pem", "der", "pkcs12", "pkcs12-legacy"]),
        default="pem",
        show_default=True,
        help="Form to export to.",
    ),
    click.option("--output", metavar="FILE", help="File to export to."),
    click.option("--password-file", metavar="FILE", help="File whose first line protects the export."),
    lock_timeout,
)

renewal = group(
    click.option("--plan", is_flag=True, help="Print what would be done and why, and do nothing."),
    click.option("--due", is_flag=True, help="Print documents of what is due, for the pipeline, and do nothing."),
    _form,
    click.option("--force-renewal", is_flag=True, help="Also what is not due, and what has just failed."),
    click.option(
        "--jitter", metavar="SECONDS", type=click.FloatRange(0), help="Wait at random up to so long before beginning."
    ),
    lock_timeout,
)
