"""The HTTP server of acme-hook serve: lego's httpreq protocol in front of a hook.

One request a connection, each bounded in size and time; who is not on this machine shows credentials. It speaks no
TLS: a reverse proxy does that better.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import http.server
import json
import re
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from toolkit.errors import FileTrouble, ToolkitError, TryLater, UsageError, printable
from toolkit.events import Event
from toolkit.hooks import httpreq
from toolkit.hooks.httpreq import Desk, Malformed
from toolkit.waiting import Deadline, Stop

_LONGEST_BODY = 8192
_MOST_CLIENTS = 32
# Seconds for one read, and for the request as a whole.
_PATIENCE, _READING = 5.0, 15.0
_LOOK = 0.25
# Of what is not wanted, so much is read: a client that cannot send all of it might never see the answer.
_DRAINED, _DRAINING = 256 * 1024, 2.0


class _Refusal(Exception):
    def __init__(self, status: HTTPStatus, reason: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, headers or {}


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens at host and port as soon as it is made; `secrets` are USER:PASSWORD, none for anybody.

    Raises UsageError, FileTrouble.
    """

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 64
    timeout = _LOOK

    def __init__(
        self, place: tuple[str, int], desk: Desk, secrets: tuple[bytes, ...], tell: Callable[[str], None]
    ) -> None:
        self.desk, self.secrets, self.tell = desk, secrets, tell
        self._free = threading.Semaphore(_MOST_CLIENTS)
        self._reading: set[socket.socket] = set()
        self._lock = threading.Lock()
        try:
            found = socket.getaddrinfo(*place, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            self.address_family = found[0]
            super().__init__(found[4], _Handler)  # type: ignore[arg-type]
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise FileTrouble(f"cannot listen at {printable(place[0], 260)}:{place[1]}: {reason.lower()}") from None

    def run(self, stop: Stop) -> None:
        """Answer until the process is asked to stop; what is being done then is done to its end."""
        try:
            while not stop.reason:
                self.handle_request()
        finally:
            self.socket.close()
            with self._lock:
                for connection in self._reading:
                    _hang_up(connection)
            self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of our troubles; all else is a defect."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.tell(f"internal error: {type(error).__name__}: {error}")

    def begin_reading(self, connection: socket.socket) -> threading.Timer:
        """From now on the connection is cut when it takes its time, or when the server ends."""
        timer = threading.Timer(_READING, _hang_up, [connection])
        timer.daemon = True
        timer.start()
        with self._lock:
            self._reading.add(connection)
        return timer

    def end_reading(self, connection: socket.socket, timer: threading.Timer) -> None:
        timer.cancel()
        with self._lock:
            self._reading.discard(connection)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    timeout = _PATIENCE
    server_version, sys_version = "acme-hook", ""
    # Whoever does not say which it speaks gets a status line all the same.
    default_request_version = "HTTP/1.0"

    def handle_one_request(self) -> None:
        self._timer = self.server.begin_reading(self.connection)
        try:
            super().handle_one_request()
        finally:
            self.server.end_reading(self.connection, self._timer)

    def do_POST(self) -> None:
        try:
            self._answer(HTTPStatus.OK, self._work())
        except _Refusal as refusal:
            self._answer(refusal.status, {"error": refusal.reason}, refusal.headers)

    def _work(self) -> dict[str, str]:
        body = self._body()
        self.server.end_reading(self.connection, self._timer)
        self._authorize()
        action = self.path.removeprefix("/")
        if action not in httpreq.ACTIONS:
            raise _Refusal(HTTPStatus.NOT_FOUND, "there is only /present and /cleanup")
        # Without these two any web page that is open in a browser on this machine could ask.
        if "Origin" in self.headers:
            raise _Refusal(HTTPStatus.FORBIDDEN, "this is not for browsers")
        if self.headers.get_content_type() != "application/json":
            raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type is application/json here")
        try:
            event, understood = httpreq.event_of(body)
        except Malformed as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        self._do(action, event)
        return understood

    def _do(self, action: str, event: Event) -> None:
        what = f"{action} {event.record_name} for {self.client_address[0]}"
        try:
            self.server.desk.act(action, event)
        except UsageError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, f"{error.message}: {error.hint}") from None
        except ToolkitError as error:
            self.server.tell(f"{what}: {error.message}")
            later = isinstance(error, TryLater)
            status = HTTPStatus.SERVICE_UNAVAILABLE if later else HTTPStatus.INTERNAL_SERVER_ERROR
            raise _Refusal(status, error.message) from None
        self.server.tell(f"{what}: done")

    def _body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            raise _Refusal(HTTPStatus.LENGTH_REQUIRED, "send the body whole, with Content-Length")
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1:
            raise _Refusal(HTTPStatus.LENGTH_REQUIRED, "one Content-Length is wanted")
        if not re.fullmatch("[0-9]{1,19}", lengths[0]):
            raise _Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is not a number")
        length = int(lengths[0])
        if length > _LONGEST_BODY:
            raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {_LONGEST_BODY} bytes")
        body = self.rfile.read(length)
        if len(body) < length:
            raise _Refusal(HTTPStatus.BAD_REQUEST, "the body is shorter than Content-Length")
        return body

    def _authorize(self) -> None:
        if not self.server.secrets:
            return
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        try:
            shown = base64.b64decode(value.strip(), validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            shown = b""
        # All of them are compared, in a time that tells nothing of where they differ.
        if not sum([hmac.compare_digest(shown, secret) for secret in self.server.secrets]):
            self.server.tell(f"refused {self.client_address[0]}: wrong credentials, or none")
            asked = {"WWW-Authenticate": 'Basic realm="acme-hook", charset="UTF-8"'}
            raise _Refusal(HTTPStatus.UNAUTHORIZED, "USER:PASSWORD is wanted, by basic authentication", asked)

    def _answer(self, status: HTTPStatus, answer: dict[str, str], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(answer).encode() + b"\n"
        self.send_response(status)
        fixed = {"Content-Type": "application/json", "Content-Length": str(len(data)), "Connection": "close"}
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        if status != HTTPStatus.OK:
            self._drain()

    def _drain(self) -> None:
        deadline, left = Deadline(_DRAINING), _DRAINED
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_DRAINING)
            while left > 0 and not deadline.passed():
                left -= len(self.connection.recv(4096)) or left

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses, in our words."""
        status = HTTPStatus(code)
        headers = {}
        if status == HTTPStatus.NOT_IMPLEMENTED:
            status, headers, message = HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST"}, "only POST is answered"
        self.close_connection = True
        self._answer(status, {"error": printable(message or status.phrase, 200)}, headers)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - it is called so there
        """What there is to be told is told where it happens."""


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
