"""Connections of http.client on which no wait outlasts the operation's deadline."""

from __future__ import annotations

import http.client
import io
import socket
from typing import IO, Any

from toolkit.waiting import Deadline


class TimedSocket:
    """A connected socket as http.client uses one, on which every wait ends with the operation's deadline.

    A socket's own timeout begins anew with every byte, so that a server which drips could hold us for ever.
    """

    def __init__(self, sock: socket.socket, connection: Plain | Secure) -> None:
        self._sock = sock
        self._connection = connection

    def refresh(self) -> None:
        """Let the next wait last no longer than what is left; raises TimeoutError when nothing is."""
        left = self._connection.deadline.remaining()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left)

    def sendall(self, data: Any) -> None:
        self.refresh()
        self._sock.sendall(data)

    def makefile(self, mode: str) -> IO[bytes]:
        return io.BufferedReader(_TimedReader(self._sock.makefile(mode, buffering=0), self))  # type: ignore[call-overload]

    def fileno(self) -> int:
        return self._sock.fileno()

    def shutdown(self) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._sock.close()


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: TimedSocket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.refresh()
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class Plain(http.client.HTTPConnection):
    """A connection whose waits end with `deadline`, which the caller sets before each request."""

    deadline: Deadline

    def connect(self) -> None:
        super().connect()
        self.sock = TimedSocket(self.sock, self)


class Secure(http.client.HTTPSConnection):
    """The same over TLS."""

    deadline: Deadline

    def connect(self) -> None:
        super().connect()
        self.sock = TimedSocket(self.sock, self)
