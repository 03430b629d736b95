"""http-01 by a little web server of our own, for machines on which nothing else has the port.

One thread answers on all tokens at once, over IPv4 and IPv6. It listens from the first token until the
process has no more work, and stops within the instant it is told to.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
from collections.abc import Sequence
from typing import Any

from toolkit.errors import ChallengeFailed
from toolkit.events import Event
from toolkit.proofs import HTTP_PREFIX
from toolkit.solvers import Solver

_LONGEST_REQUEST = 8192
_MOST_CLIENTS = 512


class Standalone(Solver):
    """Listens on `port` of `address`, or of every address when that is empty."""

    name = "standalone"
    types = ("http-01",)
    lasting = False
    worth_checking = False

    def __init__(self, port: int = 80, address: str = "") -> None:
        self._port = port
        self._address = address
        self._tokens: dict[str, bytes] = {}
        self._responder: _Responder | None = None
        self._lock = threading.Lock()

    def present(self, events: Sequence[Event]) -> dict[str, Any]:
        with self._lock:
            self._tokens.update({event.token: event.validation.encode() for event in events})
            if self._responder is None:
                self._responder = _Responder(_listen(self._address, self._port), self._tokens)
        return {}

    def cleanup(self, events: Sequence[Event], record: dict[str, Any]) -> None:
        for event in events:
            self._tokens.pop(event.token, None)

    def close(self) -> None:
        with self._lock:
            if self._responder:
                self._responder.stop()
            self._responder = None


class _Responder:
    """A thread with a selector: reads the request line, answers, closes."""

    def __init__(self, listeners: list[socket.socket], tokens: dict[str, bytes]) -> None:
        self._tokens = tokens
        self._listeners = listeners
        self._clients: dict[socket.socket, bytes] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        for listener in [*listeners, self._woken]:
            self._selector.register(listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="standalone", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and free the port."""
        self._wake.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                sock: Any = key.fileobj
                if sock is self._woken:
                    self._end()
                    return
                if sock in self._clients:
                    self._read(sock)
                else:
                    self._accept(sock)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            if len(self._clients) >= _MOST_CLIENTS:
                # Whoever came first and never asked makes room for the CA.
                self._drop(next(iter(self._clients)))
            client.setblocking(False)
            self._clients[client] = b""
            self._selector.register(client, selectors.EVENT_READ)

    def _read(self, client: socket.socket) -> None:
        try:
            data = client.recv(_LONGEST_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        request = self._clients[client] + data
        self._clients[client] = request
        if data and b"\r\n\r\n" not in request and len(request) < _LONGEST_REQUEST:
            return
        with contextlib.suppress(OSError):
            client.send(self._answer(request))
        self._drop(client)

    def _answer(self, request: bytes) -> bytes:
        words = request.split(b"\r\n", 1)[0].split(b" ")
        path = words[1].decode("ascii", "replace") if len(words) == 3 and words[0] == b"GET" else ""
        body = self._tokens.get(path.removeprefix(HTTP_PREFIX)) if path.startswith(HTTP_PREFIX) else None
        status = b"404 Not Found" if body is None else b"200 OK"
        content = body or b""
        return (
            b"HTTP/1.1 " + status + b"\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n"
            b"Content-Length: " + str(len(content)).encode() + b"\r\n\r\n" + content
        )

    def _drop(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._clients[client]
        client.close()

    def _end(self) -> None:
        for sock in [*self._clients, *self._listeners, self._woken]:
            sock.close()
        self._selector.close()


def _listen(address: str, port: int) -> list[socket.socket]:
    """Listening sockets, one a family; a family this machine does not have is left out. Raises ChallengeFailed."""
    wanted = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - the CA comes from anywhere
    if address:
        wanted = [(socket.AF_INET6 if ":" in address else socket.AF_INET, address)]
    listeners: list[socket.socket] = []
    missing = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
    for family, host in wanted:
        try:
            listeners.append(_bind(family, host, port))
        except OSError as error:
            if error.errno in missing and not address:
                continue
            for listener in listeners:
                listener.close()
            hint = "another server has the port: let it answer with --webroot, or stop it for the moment"
            if error.errno in (errno.EACCES, errno.EPERM):
                hint = "ports below 1024 are for root; use --webroot, or forward the port and give --http-01-port"
            reason = (error.strerror or str(error)).lower()
            raise ChallengeFailed(f"cannot listen on port {port} of {host}: {reason}", hint) from None
    if not listeners:
        raise ChallengeFailed(f"cannot listen on port {port}: this machine has neither IPv4 nor IPv6")
    return listeners


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(128)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
