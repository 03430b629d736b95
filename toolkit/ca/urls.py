"""Which URLs may be asked at all, and when two of them lead to one server."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from toolkit.errors import ProtocolError, printable

# No blanks and no control characters: urlsplit() would drop them without a word.
_URL = re.compile(r"[!-~]{1,4095}\Z")


def check_url(url: object, allow_http: bool = False) -> SplitResult:
    """The parts of an absolute https URL without user and password, of sane length.

    Plain http passes only to loopback, and only with `allow_http`. Raises ProtocolError.
    """
    try:
        parts = urlsplit(url) if isinstance(url, str) and _URL.match(url) else None
        if parts and parts.port != 0 and parts.hostname and "@" not in parts.netloc and _may_speak(parts, allow_http):
            return parts
    except ValueError:
        pass
    raise ProtocolError(f"not an https URL that may be asked: {printable(url, 300)}")


def origin(parts: SplitResult) -> str:
    """Scheme, host and port of a URL, written so that equal origins are equal text."""
    return f"{parts.scheme}://{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _may_speak(parts: SplitResult, allow_http: bool) -> bool:
    return parts.scheme == "https" or (parts.scheme == "http" and allow_http and _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
