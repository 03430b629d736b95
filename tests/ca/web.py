"""One HTTP request to a server of the tests, over TLS or not, never through a proxy."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path


def ask(
    method: str, url: str, body: bytes | None = None, *, ca_bundle: Path | None = None, timeout: float = 5
) -> tuple[int, bytes]:
    """Status and body of the answer; OSError or http.client.HTTPException when there is none."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=str(ca_bundle) if ca_bundle else None)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request(method, parts.path, body, {"User-Agent": "test-ca"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
