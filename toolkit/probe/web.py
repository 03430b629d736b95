"""What a web server answers, asked as the CA will ask it."""

from __future__ import annotations

import ipaddress
import socket

from toolkit.errors import ChallengeFailed, printable
from toolkit.probe import TIMEOUT, CannotLook, zone

_LONGEST_BODY = 8192


def http_body(host: str, port: int, path: str, resolver: str | None) -> bytes:
    """What an http server of that name answers for the path; raises CannotLook, or ChallengeFailed if it is no 200."""
    import http.client

    connection = http.client.HTTPConnection(_address(host, resolver), port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers={"Host": host if port == 80 else f"{host}:{port}"})
        response = connection.getresponse()
        body = response.read(_LONGEST_BODY)
    except (OSError, http.client.HTTPException) as error:
        raise ChallengeFailed(f"http://{host}:{port}{path}: {printable(error, 200)}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise ChallengeFailed(f"http://{host}:{port}{path}: status {response.status}")
    return body


def _address(host: str, resolver: str | None) -> str:
    """An address of the host: by the resolver if one was named, else as the system does it."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not resolver:
        try:
            return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
        except OSError as error:
            raise CannotLook(f"{host}: {printable(error.strerror or error, 200)}") from None
    return zone.address(host, resolver)


