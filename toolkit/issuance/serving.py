"""acme-hook serve: the hooks of this machine for clients elsewhere."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import files
from toolkit.errors import FileTrouble, UsageError
from toolkit.hooks import findings
from toolkit.hooks.httpreq import Desk
from toolkit.hooks.serve import Server
from toolkit.issuance import authenticators
from toolkit.probe import host_and_port
from toolkit.probe.hosts import place
from toolkit.solvers.hook import HookSolver

if TYPE_CHECKING:
    from toolkit.issuance.hook import Workshop


def serve(shop: Workshop) -> None:
    """Answer until a signal comes. Raises UsageError, FileTrouble."""
    hook, around = shop.hook("auth"), shop.around
    if "dns-01" not in hook.dialect.types:
        raise UsageError(f"the hook {hook.name} does not serve dns-01", "nothing else can be asked for by httpreq")
    if not shop.options["listen"]:
        raise UsageError("serve where?", "acme-hook serve HOOK --listen 127.0.0.1:8080")
    listen = host_and_port(shop.options["listen"])
    secrets = _credentials(Path(shop.options["credentials"])) if shop.options["credentials"] else ()
    if not secrets and not _is_loopback(listen[0]):
        raise UsageError(
            f"{listen[0]} can be reached from elsewhere, and no --credentials are asked for",
            "give a file of mode 0600 with USER:PASSWORD, or listen at 127.0.0.1",
        )
    known = findings.read(around.paths, hook)
    if known.several_values is False or (hook.dialect.alone and not known.several_values):
        shop.say(f"{hook.name} may hold one value of a record at a time: a name and its wildcard may not go together")
    # A signal lets the hook end what it does; only the third one does not.
    solver = HookSolver(hook, shop.runner, around.force, around.force)
    settings = authenticators.noted({**shop.options, "hook": shop.words[0]}, shop.around.environment)
    server = Server(listen, Desk(solver, shop.journal, settings), secrets, shop.say)
    try:
        shop.say(f"listening at http://{place(*listen)}")
        server.run(around.stop)
    finally:
        try:
            solver.close()
        finally:
            shop.journal.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(path: Path) -> tuple[bytes, ...]:
    """The lines of the file, each USER:PASSWORD. Raises FileTrouble, UsageError."""
    with files.trouble(path, "read"):
        mode = path.stat().st_mode
    if stat.S_IMODE(mode) & 0o077:
        raise FileTrouble(f"others may read {path}, or write to it", f"chmod 600 {path}")
    lines = tuple(line for line in files.read(path, 65536).splitlines() if line)
    if not lines or not all(all(line.partition(b":")[::2]) for line in lines):
        raise UsageError(f"{path}: not USER:PASSWORD, one a line")
    return lines
