"""A test CA anyone can start: Pebble with its challtestsrv, for as long as a `with` lasts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.ca import fetch, servers
from tests.ca.dns import Records
from tests.ca.variant import Variant
from tests.ca.web import ask

_SERVED = re.compile(r" ([A-Z]+) (/\S*) -> calling handler\(\)$", re.MULTILINE)
# Reads until the pipe's other end, in our process, is gone; then does what we no longer can.
_GUARD = 'read -r _; kill -9 "$2" "$3"; rm -rf "$1"'


class TestCA(Records):
    """One running CA with its own ports, DNS, keys and temporary directory.

    `with TestCA.start(nonce_reject=50) as ca:` — the keywords are the fields of `Variant`. Both processes
    end and the directory goes at the end of the `with`, and also when the tests' process is killed.
    """

    __test__ = False

    def __init__(self, running: servers.Servers, version: tuple[int, ...]) -> None:
        self.directory = running.directory
        """URL of the ACME directory."""
        self.ca_bundle = running.listener.root
        """PEM root that clients must trust to speak TLS with the CA (not the root that issues)."""
        self.listener = running.listener
        """Root, certificate and key, for a proxy that stands in front of this CA."""
        self.http_port = running.http_port
        """Where the CA validates http-01; unbound until a test binds it."""
        self.tls_port = running.tls_port
        """Where it validates tls-alpn-01."""
        self.dns = running.dns
        """"127.0.0.1:PORT" of the DNS server the CA asks, UDP and TCP."""
        self.management = running.management
        self.challtestsrv = running.challtestsrv
        self.log = running.log
        self.home = running.home
        self.version = version
        """Of Pebble, such as (2, 10, 0)."""
        self._running = running
        self._guard: subprocess.Popen[bytes] | None = _guard(running)

    @classmethod
    def start(cls, **variant: Any) -> TestCA:
        """Start a CA that differs from the fast and quiet one as `Variant` says.

        fetch.PebbleMissing if there is no Pebble, servers.StartError with its log if it does not come up.
        """
        chosen = Variant(**variant)
        found = fetch.find()
        home = Path(tempfile.mkdtemp(prefix="acme-test-ca-"))
        try:
            return cls(servers.launch(home, chosen, found), found.version)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise

    def stop(self) -> None:
        """End both processes and remove the directory; doing it twice is no error."""
        if self._guard:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        self._running.end()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> TestCA:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def requests(self) -> list[tuple[str, str]]:
        """(method, path) of every ACME request that reached a handler so far, in order.

        Pebble logs the resource, not the object: ("POST", "/my-order/"), without the order's id. Requests it
        turns away earlier (wrong method, no User-Agent) are not counted.
        """
        return _SERVED.findall(self.log.read_text(encoding="utf-8", errors="replace"))

    def roots(self, alternate: int = 0) -> bytes:
        """PEM of the root that issues, or of the given alternate chain's, counted from 1."""
        return self._manage("GET", f"/roots/{alternate}")

    def intermediates(self, alternate: int = 0) -> bytes:
        """PEM of the intermediate that signs leaves, of the main chain or of the given alternate one."""
        return self._manage("GET", f"/intermediates/{alternate}")

    def certificate_status(self, serial: int) -> bytes:
        """Pebble's JSON about a certificate it issued: Status "Valid" or "Revoked", Reason."""
        return self._manage("GET", f"/cert-status-by-serial/{serial:x}")

    def set_renewal_info(self, certificate: str, response: str) -> None:
        """Answer `response` (any text, malformed too) to ARI requests about this PEM certificate."""
        self._manage("POST", "/set-renewal-info/", {"Certificate": certificate, "ARIResponse": response})

    def _manage(self, method: str, path: str, body: dict[str, str] | None = None) -> bytes:
        data = json.dumps(body).encode() if body else None
        status, answer = ask(method, self.management + path, data, ca_bundle=self.ca_bundle)
        if status not in (200, 204):
            raise LookupError(f"pebble: {path}: status {status}: {answer!r}")
        return answer


def _guard(running: servers.Servers) -> subprocess.Popen[bytes]:
    """A shell that cleans up after a killed test process."""
    pids = [str(process.pid) for process in running.processes]
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "guard", str(running.home), *pids],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
