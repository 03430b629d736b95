"""A test CA that outlives the process that started it: for shell users and bats."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tests.ca import fetch, recorded, servers
from tests.ca.web import ask

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ca.variant import Variant


def start(home: Path, variant: Variant) -> None:
    """Start a CA below `home` (made if need be), return when it answers, with `home`/env to be sourced."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    if recorded.running(home):
        raise recorded.StateError(f"a test CA started in {home} is still running")
    running = servers.launch(home, variant, fetch.find())
    try:
        recorded.write(home, [process.pid for process in running.processes])
        _, root = ask("GET", f"{running.management}/roots/0", ca_bundle=running.listener.root)
        (home / "issuer.pem").write_bytes(root)
        (home / "env").write_text(_assignments(running), encoding="utf-8")
    except BaseException:
        running.end()
        raise


def _assignments(running: servers.Servers) -> str:
    values = {
        "ACME_SERVER": running.directory,
        "ACME_CA_BUNDLE": running.listener.root,
        "ACME_HTTP_01_PORT": running.http_port,
        "ACME_TLS_ALPN_01_PORT": running.tls_port,
        "PEBBLE_MANAGEMENT": running.management,
        "PEBBLE_LOG": running.log,
        "PEBBLE_ROOT": running.home / "issuer.pem",
        "CHALLTESTSRV": running.challtestsrv,
        "TEST_DNS": running.dns,
    }
    return "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in values.items())
