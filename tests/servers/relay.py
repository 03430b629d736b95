"""DNS at one more loopback address: hands UDP and TCP on to a server on 127.0.0.1.

BIND listens on addresses that an interface has been given, and of 127.0.0.0/8 that is 127.0.0.1 only.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading

_PATIENCE = 5.0  # s, for one answer


class Relay:
    """Listens at `address`:`port` until `stop`, asks 127.0.0.1:`target`."""

    def __init__(self, address: str, port: int, target: int) -> None:
        self._servers: list[socketserver.BaseServer] = []
        try:
            for server, handler in ((_Datagrams, _Datagram), (_Streams, _Stream)):
                self._servers.append(server((address, port), handler))
        except OSError:
            for opened in self._servers:
                opened.server_close()
            raise
        for opened in self._servers:
            opened.target = ("127.0.0.1", target)  # type: ignore[attr-defined]
            threading.Thread(target=opened.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True
    max_packet_size = 65535


class _Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        query, client = self.request
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
            upstream.settimeout(_PATIENCE)
            upstream.connect(self.server.target)  # type: ignore[attr-defined]
            upstream.send(query)
            client.sendto(upstream.recv(65535), self.client_address)


class _Stream(socketserver.BaseRequestHandler):
    """One question and its answer, which is how the clients of the tests use a connection."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.request.settimeout(_PATIENCE)
            query = _message(self.request)
            with socket.create_connection(self.server.target, _PATIENCE) as upstream:  # type: ignore[attr-defined]
                upstream.sendall(query)
                self.request.sendall(_message(upstream))


def _message(stream: socket.socket) -> bytes:
    """One message with the length before it (RFC 1035 §4.2.2)."""
    head = _exactly(stream, 2)
    return head + _exactly(stream, struct.unpack("!H", head)[0])


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise ConnectionError("the other side closed the connection")
        data += more
    return data
