"""acme-account: register, show and change accounts."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli import options
from toolkit.cli.command import command

if TYPE_CHECKING:
    from toolkit.cli.setup import Run

_KEY_TYPES = ("key_type", "elliptic_curve", "rsa_key_size")
# The options that are for some actions only.
_ONLY = {
    "key": ("recover", "import"),
    "key_format": ("export",),
    "output": ("export",),
    **dict.fromkeys(_KEY_TYPES, ("register", "rollover")),
}
_ACTIONS = (
    "register",
    "show",
    "list",
    "update",
    "rollover",
    "deactivate",
    "recover",
    "export",
    "import",
    "servers",
)


@command("acme-account", "register, show and change accounts at ACME servers")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@options.server
@options.registration
@click.option("--key-type", type=click.Choice(["ecdsa", "rsa"]), help="Kind of a new account key; ecdsa if not given.")
@click.option("--elliptic-curve", type=click.Choice(["secp256r1", "secp384r1"]), help="Its curve; else secp256r1.")
@click.option("--rsa-key-size", metavar="BITS", type=click.IntRange(2048, 4096), help="Its size; else 2048.")
@click.option("--key", metavar="FILE", help="Private key, PEM or JWK, of the account to recover or import.")
@click.option("--key-format", type=click.Choice(["jwk", "pem"]), help="Form of the exported key; else jwk.")
@click.option("--output", metavar="FILE", help="File to export the key to.")
@options.lock_timeout
def main(run: Run) -> None:
    """Register an account, show it as the CA sees it, list those there are; update its contacts, roll over its key,
    deactivate it; recover or import one by its key, export that key; servers prints the short names of CAs.

    ACTION is register, show, list, update, rollover, deactivate, recover, export, import or servers. What is printed
    is JSON, one object a line.
    """
    if _checked(run) == "servers":
        from toolkit import directories

        run.print_all([{**asdict(known), "needs": list(known.needs)} for known in directories.SERVERS])
    else:
        _act(run)


def _act(run: Run) -> None:
    from toolkit.cli.output import Output
    from toolkit.issuance import account
    from toolkit.keys import KeyType

    given, context = run.given, run.context()
    kind, curve, bits = (given[name] for name in _KEY_TYPES)
    key_type = KeyType(kind or "ecdsa", curve or "secp256r1", bits or 2048)
    context.registration = replace(context.registration, key_type=key_type)
    key, output = (Path(given[name]).absolute() if given[name] else None for name in ("key", "output"))
    asked = account.Asked(key, key_type, given["key_format"] or "jwk", output)
    found = account.ACTIONS[given["action"]](context, asked)
    if isinstance(found, str):
        Output(None, silent_on_terminal=False).write_line(found.removesuffix("\n"))
    else:
        run.print_all(found)
    context.close()


def _checked(run: Run) -> str:
    """The action, if all options that were given are options of it. Raises UsageError."""
    from toolkit.errors import UsageError

    action = str(run.given["action"])
    for option, actions in _ONLY.items():
        if run.given[option] is not None and action not in actions:
            raise UsageError(f"{action} has no --{option.replace('_', '-')}", f"it is for {' and '.join(actions)}")
    return action
