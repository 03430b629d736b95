"""A conversation with one ACME server: its directory, nonces, signed requests, and its errors.

The server is untrusted: every URL it names must be https on an origin of its own directory, and what it
sends is bounded and read as data.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from toolkit.ca import times
from toolkit.ca.jws import AccountKey, decode_nonce
from toolkit.ca.transport import Response, Transport
from toolkit.ca.urls import check_url, origin
from toolkit.errors import ACME, ProtocolError, Refused, Unreachable, printable
from toolkit.waiting import Deadline, Stop, growing

_MOST_NONCE_RETRIES = 10
_MOST_SERVER_ERRORS = 3
_MOST_REDIRECTS = 5
# A server that asks for a short pause gets it; a longer one is the caller's to plan.
_LONGEST_PAUSE = 10.0

Json = dict[str, Any]


class Session:
    """Requests to one server as one account; may be used by several threads at once."""

    def __init__(
        self,
        server: str,
        transport: Transport,
        stop: Stop,
        *,
        allow_http: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.server = server
        self.key: AccountKey | None = None
        self.account: str | None = None
        self.stop = stop
        self.now = now
        self._allow_http = allow_http
        self._transport = transport
        self._nonces: list[bytes] = []
        self._origins: set[str] = set()
        self._directory: Json | None = None
        self._lock = threading.Lock()

    @property
    def is_near(self) -> bool:
        """Whether the server is on this machine, so that polling may be quick."""
        return self.server.split("/")[2].rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")

    def directory(self, deadline: Deadline) -> Json:
        """The server's directory (RFC 8555 §7.1.1), asked for once."""
        with self._lock:
            if self._directory is None:
                self._directory = self._get_directory(deadline)
            return self._directory

    def endpoint(self, name: str, deadline: Deadline) -> str:
        """The URL of a resource of the directory. Raises ProtocolError if the server has none."""
        url = self.directory(deadline).get(name)
        if not isinstance(url, str):
            raise ProtocolError(f"the directory of {printable(self.server, 300)} has no {name}")
        return url

    def post(
        self, url: object, payload: Json | None, deadline: Deadline, what: str, *, with_key: bool = False
    ) -> Response:
        """A signed request; POST-as-GET when `payload` is None. `what` names the thing in messages.

        A refused nonce is replaced by the one that came with the refusal, a short pause the server asks for
        is kept. Raises Refused with the server's own problem, Unreachable, ProtocolError.
        """
        target, again = self.check(url, deadline), payload is None
        return self._ask(lambda: self._signed(target, payload, deadline, with_key), deadline, what, again=again)

    def get(self, url: object, deadline: Deadline, what: str) -> Response:
        """A request that is not signed, for what anybody may read; raises as `post` does."""
        target = self.check(url, deadline)
        return self._ask(
            lambda: self._transport.request("GET", target, {}, None, deadline, again=True), deadline, what, again=True
        )

    def json(self, response: Response, what: str) -> Json:
        """The JSON object in an answer, whatever its media type says. Raises ProtocolError."""
        try:
            found = json.loads(response.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ProtocolError(f"{what}: the CA answered something that is not a JSON object")
        return found

    def check(self, url: object, deadline: Deadline) -> str:
        """The URL, if it is one of this server's. Raises ProtocolError."""
        self.directory(deadline)
        parts = check_url(url, self._allow_http)
        if origin(parts) not in self._origins:
            raise ProtocolError(f"the CA points to another server: {printable(url, 300)}")
        return str(url)

    def _ask(self, send: Callable[[], Response], deadline: Deadline, what: str, *, again: bool) -> Response:
        pauses = growing(0.05 if self.is_near else 0.5)
        nonce_retries = server_errors = 0
        while True:
            response = send()
            if response.status < 400:
                return response
            error = self._error(response, what)
            if isinstance(error, Refused) and error.short == "badNonce":
                nonce_retries += 1
                if nonce_retries > _MOST_NONCE_RETRIES:
                    raise Unreachable(f"{what}: the CA refused {nonce_retries} nonces in a row", "try again later")
                continue
            server_errors += 1
            pause = self._pause(response, again, next(pauses))
            if pause is None or pause > deadline.remaining() or server_errors > _MOST_SERVER_ERRORS:
                raise error
            self.stop.wait(pause)

    def _signed(self, url: str, payload: Json | None, deadline: Deadline, with_key: bool) -> Response:
        if self.key is None:
            raise ValueError("a session without an account key cannot sign")
        nonce = self._take_nonce(deadline)
        data = b"" if payload is None else json.dumps(payload).encode()
        body = self.key.sign(data, url, nonce, None if with_key else self.account)
        headers = {"Content-Type": "application/jose+json"}
        response = self._transport.request("POST", url, headers, body, deadline, again=payload is None)
        fresh = _nonce(response)
        if fresh:
            with self._lock:
                self._nonces.append(fresh)
        return response

    def _take_nonce(self, deadline: Deadline) -> bytes:
        with self._lock:
            if self._nonces:
                return self._nonces.pop()
        url = self.check(self.endpoint("newNonce", deadline), deadline)
        response = self._transport.request("HEAD", url, {}, None, deadline, again=True)
        nonce = _nonce(response)
        if nonce:
            return nonce  # ours at once: in the common store another thread might take it
        if response.status >= 500:
            where = printable(self.server, 300)
            raise Unreachable(f"no nonce from {where}: status {response.status}", "try again later")
        raise ProtocolError("the CA hands out no nonces")

    def _get_directory(self, deadline: Deadline) -> Json:
        url = self.server
        for _ in range(_MOST_REDIRECTS):
            parts = check_url(url, self._allow_http)
            response = self._transport.request("GET", url, {}, None, deadline, again=True)
            if response.status not in (301, 302, 303, 307, 308):
                break
            url = _redirected(url, response.header("location"))
        else:
            raise ProtocolError(f"more than {_MOST_REDIRECTS} redirects from {printable(self.server, 300)}")
        if response.status >= 400:
            raise self._error(response, f"directory {printable(url, 300)}")
        directory = self.json(response, f"directory {printable(url, 300)}")
        self._origins = {origin(parts)}
        for name, value in directory.items():
            if name != "meta" and isinstance(value, str):
                self._origins.add(origin(check_url(value, self._allow_http)))
        return directory

    def _error(self, response: Response, what: str) -> Refused | Unreachable:
        seconds = times.retry_after(response.header("retry-after"), self.now())
        later = None if seconds is None else times.moment(seconds, self.now())
        try:
            problem = self.json(response, what)
        except ProtocolError:
            problem = {}
        if isinstance(problem.get("type"), str) and response.status < 500:
            return Refused(problem, what, retry_after=later, answer=response.status)
        if response.status in (429, 503) or response.status >= 500:
            detail = f": {printable(problem['detail'])}" if "detail" in problem else ""
            error = Unreachable(
                f"{what}: the CA answered {response.status}{detail}", "try again later", retry_after=later
            )
            error.answer = response.status
            return error
        unexplained = {"type": "about:blank", "status": response.status, "detail": f"status {response.status}"}
        return Refused({**unexplained, **problem}, what, retry_after=later, answer=response.status)

    def _pause(self, response: Response, again: bool, interval: float) -> float | None:
        """How long to wait before the same request is sent again; None if it must not be."""
        if response.status not in (429, 503) and not (again and response.status >= 500):
            return None
        asked = times.retry_after(response.header("retry-after"), self.now())
        if asked is None:
            return None if response.status == 429 else interval
        return max(asked, interval) if asked <= _LONGEST_PAUSE else None


def is_refusal(error: Exception, short: str) -> bool:
    """Whether the CA refused for this reason (the last part of an RFC 8555 §6.7 type)."""
    return isinstance(error, Refused) and error.type == ACME + short


def _nonce(response: Response) -> bytes | None:
    return decode_nonce(response.header("replay-nonce") or "")


def _redirected(url: str, location: str | None) -> str:
    if not location:
        raise ProtocolError(f"a redirect to nowhere from {printable(url, 300)}")
    if location.startswith("/") and not location.startswith("//"):
        return origin(check_url(url, True)) + location
    return location


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
