"""Bytes to a name server and back, so that an answer can be read also where its signature is missing."""

from __future__ import annotations

import contextlib
import socket
import struct
import time

_TRUNCATED = 0x0200


def exchange(query: bytes, address: str, port: int, timeout: float, udp: bool) -> bytes:
    """The answer by TCP, or by UDP and then by TCP where it does not fit; TimeoutError, EOFError, OSError for none."""
    deadline = time.monotonic() + timeout
    if udp:
        answer = _datagram(query, address, port, deadline)
        if len(answer) > 3 and not struct.unpack("!H", answer[2:4])[0] & _TRUNCATED:
            return answer
    return _stream(query, address, port, deadline)


def _datagram(query: bytes, address: str, port: int, deadline: float) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        # Only what comes from there is seen.
        sender.connect((address, port))
        while True:
            sender.send(query)
            # A second and a third try within the time, for datagrams get lost.
            sender.settimeout(min(_left(deadline), 3))
            with contextlib.suppress(TimeoutError):
                while (answer := sender.recv(65535))[:2] != query[:2]:
                    sender.settimeout(_left(deadline))
                return answer


def _stream(query: bytes, address: str, port: int, deadline: float) -> bytes:
    with socket.create_connection((address, port), _left(deadline)) as stream:
        stream.sendall(struct.pack("!H", len(query)) + query)
        length = struct.unpack("!H", _exactly(stream, 2, deadline))[0]
        return _exactly(stream, length, deadline)


def _exactly(stream: socket.socket, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        stream.settimeout(_left(deadline))
        more = stream.recv(count - len(data))
        if not more:
            raise EOFError("closed the connection instead of answering")
        data += more
    return data


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
