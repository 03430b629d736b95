"""PowerDNS Authoritative on free loopback ports, with its HTTP API, keeping zones in SQLite."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.ca import ports
from tests.servers import daemon
from tests.servers.nameserver import NameServer, zone_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
_CONFIG = """
daemon=no
guardian=no
disable-syslog=yes
log-timestamp=yes
loglevel=6
write-pid=no
socket-dir={home}
config-dir={home}
local-address={listen}
local-port={port}
receiver-threads=1
distributor-threads=1
cache-ttl=0
negquery-cache-ttl=0
query-cache-ttl=0
zone-cache-refresh-interval=0
primary=yes
launch=gsqlite3
gsqlite3-dnssec=yes
gsqlite3-database={database}
webserver=yes
webserver-address=127.0.0.1
webserver-port={api}
webserver-allow-from=127.0.0.0/8
api=yes
api-key={key}
{settings}
"""


class PowerDNS(NameServer):
    """A running pdns_server."""

    api_url: str
    api_key: str

    @classmethod
    def start(
        cls,
        *,
        zones: Mapping[str, str],
        kind: str = "Native",
        addresses: Sequence[str] = ("127.0.0.1",),
        nameservers: Sequence[str] | None = None,
        settings: str = "",
    ) -> PowerDNS:
        """Serve `zones`, names with the lines of their master files, at every one of `addresses`.

        `kind` is what the API calls the kind of a zone: Native, Master. `settings` is more of pdns.conf.
        Raises daemon.ServerMissing, daemon.StartError.
        """
        program = daemon.find("pdns_server")
        if not _SCHEMA.exists():
            raise daemon.ServerMissing("pdns-backend-sqlite3 is not installed")
        block = ports.reserve()
        port, api, key = block.ports[0], block.ports[1], secrets.token_urlsafe(18)
        home = daemon.new_home("pdns")
        with contextlib.closing(sqlite3.connect(home / "zones.db")) as database:
            database.executescript(_SCHEMA.read_text(encoding="utf-8"))
        text = _CONFIG.format(
            home=home,
            listen=",".join(addresses),
            port=port,
            database=home / "zones.db",
            api=api,
            key=key,
            settings=settings,
        )
        (home / "pdns.conf").write_text(text, encoding="utf-8")
        argv = [program, f"--config-dir={home}"]
        server = cls(daemon.Daemon(argv, home), addresses, port, block)
        server.api_url, server.api_key = f"http://127.0.0.1:{api}", key
        try:
            server.daemon.until(server.api_answers)
            for name, records in zones.items():
                server.create(name, kind, zone_text(name, records, nameservers or addresses))
            server.daemon.until(lambda: all(server.answers(name) for name in zones))
        except BaseException:
            server.stop()
            raise
        return server

    def api(self, method: str, path: str, body: object = None) -> Any:
        """The API's answer to a request below /api/v1/servers/localhost; LookupError for an error."""
        connection = http.client.HTTPConnection(self.api_url.removeprefix("http://"), timeout=5)
        with contextlib.closing(connection):
            data = json.dumps(body) if body is not None else None
            headers = {"X-API-Key": self.api_key, "Content-Type": "application/json"}
            connection.request(method, f"/api/v1/servers/localhost{path}", data, headers)
            response = connection.getresponse()
            answer = response.read()
        if response.status >= 300:
            raise LookupError(f"{method} {path}: {response.status}: {answer!r}")
        return json.loads(answer) if answer else None

    def api_answers(self) -> bool:
        try:
            return bool(self.api("GET", "")["id"] == "localhost")
        except (OSError, http.client.HTTPException):
            return False

    def create(self, name: str, kind: str, text: str) -> None:
        """Add a zone with the records of a master file."""
        self.api("POST", "/zones", {"name": f"{name}.", "kind": kind, "nameservers": [], "zone": text})
