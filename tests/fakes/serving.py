"""A TLS server for fakes: one thread a connection, every request recorded, and an end that waits for nobody."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.ca import ports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.ca.certs import Listener


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in the client's spelling."""
    body: bytes

    @property
    def protected(self) -> dict[str, Any]:
        """The protected header of the JWS in the body; {} when there is none."""
        return self._part("protected") or {}

    @property
    def payload(self) -> Any:
        """The JWS's payload; None for a POST-as-GET and when there is no JWS."""
        return self._part("payload")

    def _part(self, name: str) -> Any:
        try:
            text = json.loads(self.body)[name]
            return json.loads(base64.urlsafe_b64decode(text + "==")) if text else None
        except (ValueError, TypeError, KeyError):
            return None


@dataclass
class Journal:
    """The requests a fake got, in the order of their arrival; also as JSON lines in `file`."""

    file: Path | None = None
    requests: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            if self.file:
                line = {
                    "method": request.method,
                    "path": request.path,
                    "headers": request.headers,
                    "protected": request.protected,
                    "payload": request.payload,
                }
                with self.file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(line) + "\n")


class TlsServer(ThreadingHTTPServer):
    """Listens on a free loopback port as soon as it is made, and serves between `begin` and `end`."""

    daemon_threads = True

    def __init__(self, listener: Listener | None, handler: type[BaseHTTPRequestHandler]) -> None:
        """Without a listener's certificate it speaks plain HTTP."""
        self._context: ssl.SSLContext | None = None
        if listener:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(listener.cert, listener.key)
        self._block = ports.reserve()
        self._open: set[socket.socket] = set()
        self._workers: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.ending = threading.Event()
        """Set when the server ends: whoever keeps a client waiting waits for this."""
        super().__init__(("127.0.0.1", self._block.ports[0]), handler)

    @property
    def origin(self) -> str:
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.server_port}"

    @property
    def spare_port(self) -> int:
        """A free port for the client under test, ours as long as the server."""
        return self._block.ports[1]

    def begin(self) -> None:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Close every connection, whatever is going on there, and wait for the threads."""
        self.ending.set()
        if self._thread:
            self.shutdown()
            self._thread.join()
        with self._lock:
            still_open, workers = list(self._open), list(self._workers)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for worker in workers:
            worker.join(5)
        self.server_close()
        self._block.release()

    def process_request(self, request: Any, client_address: Any) -> None:
        worker = threading.Thread(target=self._converse, args=(request, client_address), daemon=True)
        with self._lock:
            self._workers.add(worker)
            self._open.add(request)
        worker.start()

    def _converse(self, raw: socket.socket, client_address: Any) -> None:
        # The handshake belongs here: in the accepting thread a silent client would hold up all others.
        connection: socket.socket = raw
        try:
            if self._context:
                connection = self._context.wrap_socket(raw, server_side=True)
            with self._lock:
                self._open.discard(raw)
                self._open.add(connection)
            self.finish_request(connection, client_address)
        except (OSError, ValueError):
            pass  # a client that leaves, or mistrusts us, is what many tests are about
        finally:
            with self._lock:
                self._open.discard(connection)
                self._workers.discard(threading.current_thread())
            connection.close()


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; subclasses say in `answer` what becomes of a request."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment
    disable_nagle_algorithm = True
    journal: Journal

    def answer(self, request: Request) -> None:
        raise NotImplementedError

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        self.journal.add(request)
        self.answer(request)
        self.wfile.flush()

    def send(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """A whole answer; HEAD gets its head. A Content-Length among the headers is taken as it is."""
        self.wfile.write(self.head(status, headers, len(body)))
        if self.command != "HEAD":
            self.wfile.write(body)

    def head(self, status: int, headers: Iterable[tuple[str, str]], length: int) -> bytes:
        """Status line and headers as bytes; `length` is used unless the headers tell another."""
        fields = list(headers)
        names = {name.lower() for name, _ in fields}
        if not names & {"content-length", "transfer-encoding"}:
            fields.append(("Content-Length", str(length)))
        reason = self.responses.get(status, ("Odd",))[0]
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def reset(self) -> None:
        """Close with a TCP RST after what is already written."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()

    def leave(self) -> None:
        """Send nothing more; the connection is closed on return from `answer`."""
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass
