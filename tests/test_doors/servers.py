"""Plain little servers that misbehave, one thread a connection, and a session's way to them."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading


@contextlib.contextmanager
def serving(talk):
    """A TCP server on loopback; `talk(socket, number)` holds each conversation. Gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    numbers = iter(range(10**6))

    def converse(client, number):
        with client, contextlib.suppress(OSError):
            talk(client, number)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=converse, args=(client, next(numbers)), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def request(client):
    """One request as (method, path, body), or None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    length = next((int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length:")), 0)
    while len(body) < length:
        body += client.recv(65536)
    method, path, _ = lines[0].split(" ")
    return method, path, body


def answer(client, status=200, body=b"", headers=None):
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    client.sendall("\r\n".join([*lines, "", ""]).encode() + data)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
