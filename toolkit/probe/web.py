"""What a web server answers, asked as the CA will ask it."""

from __future__ import annotations

import contextlib
import socket
import threading

from toolkit.errors import ChallengeFailed, printable
from toolkit.probe import TIMEOUT
from toolkit.probe.hosts import address, place

_LONGEST_BODY = 8192


def http_body(host: str, port: int, path: str, resolver: str | None, connect: tuple[str, int] | None = None) -> bytes:
    """What an http server of that name answers for the path; `connect` is where it is, if not where DNS says.

    Raises CannotLook, or ChallengeFailed if it is no 200.
    """
    import http.client

    where = place(host, port)
    at, door = connect or (host, port)
    connection = http.client.HTTPConnection(address(at, resolver), door, timeout=TIMEOUT)
    last: threading.Timer | None = None
    try:
        connection.connect()
        # Each wait has its timeout; a server that sends a byte at a time would make as many of them as it likes.
        last = threading.Timer(2 * TIMEOUT, _hang_up, [connection.sock])
        last.daemon = True
        last.start()
        connection.request("GET", path, headers={"Host": where.removesuffix(":80")})
        response = connection.getresponse()
        body = response.read(_LONGEST_BODY)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or error
        raise ChallengeFailed(f"http://{where}{path}: {printable(reason, 200).lower()}") from None
    finally:
        if last:
            last.cancel()
        connection.close()
    if response.status != 200:
        raise ChallengeFailed(f"http://{where}{path}: status {response.status}")
    return body


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be over already
        sock.shutdown(socket.SHUT_RDWR)
