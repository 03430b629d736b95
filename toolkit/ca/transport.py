"""HTTP over TLS to the CA: a small pool of connections kept alive, bounded in time and size.

TLS is always verified and there is no switch to turn that off. Plain http is spoken only to loopback, and
only when asked for. Nothing here knows ACME.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import select
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from toolkit.ca.timed import Plain, Secure
from toolkit.ca.urls import check_url, origin
from toolkit.errors import ProtocolError, Unreachable, UsageError, printable
from toolkit.waiting import Deadline, Stop

_LONGEST_BODY = 4 * 1024 * 1024
_CONNECT_TIMEOUT = 30.0

ProxyFor = Callable[[str, str], str | None]


@dataclass(frozen=True)
class Response:
    """An answer, read whole; header names in lower case, several values of one name in order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True)
class Settings:
    """How to connect: `ca_bundle` PEM roots instead of the system's, `allow_http` to loopback."""

    user_agent: str
    ca_bundle: Path | None = None
    allow_http: bool = False
    proxy_for: ProxyFor = lambda _scheme, _host: None


class Transport:
    """Requests over a pool of connections; may be used by several threads at once."""

    def __init__(self, settings: Settings, stop: Stop) -> None:
        self._settings = settings
        self._stop = stop
        self._idle: dict[str, list[http.client.HTTPConnection]] = {}
        self._busy: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline, *, again: bool
    ) -> Response:
        """One request and its answer, redirects not followed.

        `again`: the request may be sent a second time when a kept connection turns out to be dead.
        Raises Unreachable, ProtocolError, UsageError, Interrupted.
        """
        parts = check_url(url, self._settings.allow_http)
        while True:
            self._stop.check()
            connection, kept = self._connection(parts)
            try:
                response = self._exchange(connection, method, _target(parts), headers, body, deadline)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._drop(connection)
                self._stop.check()
                if kept and again and not deadline.passed():
                    continue
                raise _trouble(error, method, url, deadline) from error
            except BaseException:
                self._drop(connection)
                raise
            self._keep(connection, parts)
            return response

    def close(self) -> None:
        """Close every connection; whoever waits for one in another thread is woken."""
        with self._lock:
            idle = [c for connections in self._idle.values() for c in connections]
            self._idle.clear()
            busy = list(self._busy)
        for connection in idle:
            connection.close()
        for connection in busy:
            _wake(connection)

    def _exchange(
        self,
        connection: Any,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
    ) -> Response:
        connection.deadline = deadline
        connection.timeout = min(_CONNECT_TIMEOUT, deadline.remaining() or 0.001)
        connection.request(method, target, body, {"User-Agent": self._settings.user_agent, **headers})
        answer = connection.getresponse()
        data = answer.read(_LONGEST_BODY + 1)
        if len(data) > _LONGEST_BODY:
            raise ProtocolError(f"the CA sent more than {_LONGEST_BODY} bytes for {printable(target, 300)}")
        if answer.length:
            raise http.client.IncompleteRead(data, answer.length)
        return Response(answer.status, tuple((k.lower(), v) for k, v in answer.getheaders()), data)

    def _connection(self, parts: SplitResult) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            idle = self._idle.get(origin(parts), [])
            while idle:
                connection = idle.pop()
                if _alive(connection):
                    self._busy.add(connection)
                    return connection, True
                connection.close()
            connection = self._new(parts)
            self._busy.add(connection)
        return connection, False

    def _new(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        proxy = self._settings.proxy_for(parts.scheme, host)
        if parts.scheme == "http":
            return Plain(host, port or 80)
        if not proxy:
            return Secure(host, port or 443, context=self._context())
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        connection = Secure(via.hostname or "", via.port or 3128, context=self._context())
        connection.set_tunnel(host, port or 443, _proxy_headers(via))
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            bundle = self._settings.ca_bundle
            try:
                self._tls = ssl.create_default_context(cafile=str(bundle) if bundle else None)
            except OSError as error:
                raise UsageError(f"cannot read the roots in {bundle}: {error.strerror or error}") from None
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    def _keep(self, connection: http.client.HTTPConnection, parts: SplitResult) -> None:
        with self._lock:
            self._busy.discard(connection)
            if connection.sock is not None and not self._stop.reason:
                self._idle.setdefault(origin(parts), []).append(connection)

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._busy.discard(connection)
        connection.close()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _alive(connection: http.client.HTTPConnection) -> bool:
    """Whether an idle connection is still open: nothing to read, in particular no end of file."""
    sock: Any = connection.sock
    if sock is None:
        return False
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLIN)
    return not poll.poll(0)


def _wake(connection: http.client.HTTPConnection) -> None:
    sock: Any = connection.sock
    with contextlib.suppress(OSError, AttributeError):
        sock.shutdown()


def _proxy_headers(via: SplitResult) -> dict[str, str]:
    if not via.username:
        return {}
    pair = f"{unquote(via.username)}:{unquote(via.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _trouble(error: Exception, method: str, url: str, deadline: Deadline) -> Unreachable:
    where = printable(url, 300)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(
            f"cannot verify the CA at {where}: {printable(error.verify_message, 200)}",
            "look at this machine's clock, or name the CA's roots with --ca-bundle",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(f"no answer from {where} within {deadline.seconds:g} seconds", "try again later")
    reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
    return Unreachable(f"cannot {method} {where}: {printable(reason, 300)}", "is the CA up, and the network?")
