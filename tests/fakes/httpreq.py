"""An httpreq server as lego's manual describes it, which takes nothing that the manual does not say.

It publishes at a challtestsrv what it is asked for, if it has one, and remembers every request.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import ssl
import threading
from typing import Any

_VALUE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_FQDN = re.compile(r"_acme-challenge(\.[a-z0-9_-]+)+\.\Z")


class Httpreq:
    """`with Httpreq(records=ca, user="u", password="p") as server`: server.url, server.seen."""

    def __init__(self, *, records=None, raw=False, user="", password="", path="", status=200, tls=None) -> None:
        self.records = records
        self.raw = raw
        self.path = path
        self.status = status
        self.answer = b"{}"
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self._token = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self._values: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.cert, tls.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}{path}"

    def __enter__(self) -> Httpreq:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def values(self) -> list[tuple[str, str]]:
        """What was asked to be present and never to be cleaned up: name and value."""
        return sorted((name, value) for name, values in self._values.items() for value in values)

    def take(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> tuple[int, str]:
        """Judge a request; the status and, unless it is a good one, why."""
        given = request.headers.get("Authorization", "")
        if given != (f"Basic {self._token}" if self._token else ""):
            return 401, "who are you?"
        action = request.path.removeprefix(f"{self.path}/")
        if not request.path.startswith(f"{self.path}/") or action not in ("present", "cleanup"):
            return 404, f"nothing at {request.path}"
        if request.headers.get("Content-Type") != "application/json":
            return 415, "not application/json"
        try:
            document = json.loads(body)
            name, value = self._raw(document) if self.raw else self._default(document)
        except (ValueError, AssertionError) as error:
            return 400, f"not what the manual says: {error}"
        with self._lock:
            self.seen.append((action, document))
            self._publish(action, name, value)
        return self.status, "as you say"

    def _default(self, document: Any) -> tuple[str, str]:
        assert set(document) == {"fqdn", "value"}, "other keys"
        assert _FQDN.match(document["fqdn"]), "no name with a dot at its end"
        assert _VALUE.match(document["value"]), "no value"
        return document["fqdn"], document["value"]

    def _raw(self, document: Any) -> tuple[str, str]:
        assert set(document) == {"domain", "token", "keyAuth"}, "other keys"
        assert not document["domain"].startswith(("_acme", "*")), "not the base name"
        assert not document["domain"].endswith("."), "a dot at its end"
        assert document["keyAuth"].startswith(f"{document['token']}."), "not of this token"
        digest = hashlib.sha256(document["keyAuth"].encode()).digest()
        return f"_acme-challenge.{document['domain']}.", base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _publish(self, action: str, name: str, value: str) -> None:
        values = self._values.setdefault(name, set())
        values.add(value) if action == "present" else values.discard(value)
        if self.records:
            self.records.clear_txt(name)
            for each in values:
                self.records.set_txt(name, each)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, why = fake.take(self, body)
                if status >= 300:
                    fake.refused.append(why)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{fake.url}/elsewhere")
                answer = fake.answer if status < 300 else why.encode()
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                """The test looks at `seen` and `refused`."""

        return Handler
