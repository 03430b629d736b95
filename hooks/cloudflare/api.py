"""One request to Cloudflare's API v4 at a time: bounded, without redirects, again where that may help.

developers.cloudflare.com/api, and .../fundamentals/api/reference/limits for 429.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from errors import HookError, Refused, TryLater

URL = "https://api.cloudflare.com/client/v4"
_LONGEST = 4 << 20  # bytes of an answer; a page of zones has some 150 KB
_ANSWER = 20.0  # s
_ATTEMPTS = 3
_PATIENCE = 60.0  # s that one run waits in all because it was told to
_PAGES = 200
# Without a name of its own a client may be taken for a bot.
_HEADERS = {"Accept": "application/json", "User-Agent": "acme-toolkit-hook-cloudflare"}


class _Again(Exception):
    """Not now; after `seconds`, where the server said how many."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The credentials go where they were meant to go."""

    def redirect_request(self, *args: object) -> None:
        return None


class Api:
    """Cloudflare, as whoever the headers say."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """HookError for a URL that would show the credentials to others."""
        self._url = sound(url, "CLOUDFLARE_API")
        self._headers = _HEADERS | dict(headers)
        self._opener = opener(self._url)
        self._patience = _PATIENCE

    def ask(self, method: str, path: str, query: Mapping[str, str] | None = None, body: object = None) -> Any:
        """The document of a good answer. Refused for a no, TryLater when there is no answer."""
        url = f"{self._url}{path}?{urllib.parse.urlencode(query)}" if query else self._url + path
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({} if body is None else {"Content-Type": "application/json"})
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # see sound()
        for attempt in range(_ATTEMPTS):
            try:
                return self._once(request)
            except _Again as again:
                seconds = 2.0**attempt if again.seconds is None else again.seconds
                if attempt == _ATTEMPTS - 1 or seconds > self._patience:
                    raise TryLater(f"{again}; try again later") from None
                self._patience -= seconds
                time.sleep(seconds)
        raise AssertionError

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """What is listed on all the pages, as far as it looks like something."""
        for page in range(1, _PAGES + 1):
            document = self.ask("GET", path, {**query, "page": str(page)})
            listed, info = document.get("result"), document.get("result_info")
            if not isinstance(listed, list):
                raise HookError("Cloudflare's answer is no list")
            yield from (one for one in listed if isinstance(one, dict))
            last = info.get("total_pages") if isinstance(info, dict) else None
            if not listed or not isinstance(last, int) or page >= last:
                return
        raise HookError(f"Cloudflare's list has more than {_PAGES} pages: set CLOUDFLARE_ZONE_ID")

    def _once(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=_ANSWER) as answer:
                status, retry_after, body = answer.status, "", answer.read(_LONGEST + 1)
        except urllib.error.HTTPError as error:
            with error:
                status, retry_after, body = error.code, error.headers.get("Retry-After", ""), _rest(error)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise HookError(f"{self._url}: its certificate is not trusted: {reason.verify_message}") from None
            raise _Again(f"{self._url} does not answer: {reason or type(reason).__name__}") from None
        if status == 429:
            seconds = float(retry_after) if retry_after.isdecimal() else None
            asks = f" and asks to wait {seconds:.0f} s" if seconds else ""
            raise _Again(f"Cloudflare says that there are too many requests{asks}", seconds)
        if status >= 500:
            raise _Again(f"Cloudflare has a fault: HTTP status {status}")
        return _good(status, body)


def opener(url: str) -> urllib.request.OpenerDirector:
    """What follows no redirect, and asks no proxy for what is on this machine."""
    direct = [urllib.request.ProxyHandler({})] if url.startswith("http:") else []
    return urllib.request.build_opener(_NoRedirect, *direct)


def sound(url: str, variable: str) -> str:
    """The URL, if it is of https, or of http to this machine."""
    parts = urllib.parse.urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise HookError(f"{variable} is no URL of the form https://HOST/PATH")
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname)):
        raise HookError(f"{variable} must begin with https://; plain http is for 127.0.0.1 only")
    return url.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(_LONGEST + 1)
    except (OSError, http.client.HTTPException):
        return b""


def _good(status: int, body: bytes) -> Any:
    """The document of an answer that says that it worked."""
    if 300 <= status < 400:
        raise HookError(f"Cloudflare's answer is a redirect, HTTP status {status}, which is not followed")
    if len(body) > _LONGEST:
        raise HookError(f"Cloudflare's answer has more than {_LONGEST} bytes")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise HookError(f"Cloudflare's answer, HTTP status {status}, is no JSON object: is CLOUDFLARE_API right?")
    if status >= 300 or document.get("success") is not True:
        raise Refused(status, list(_errors(document.get("errors"))))
    return document


def _errors(listed: object) -> Iterator[tuple[int, str]]:
    """Codes and texts, also those that stand behind others."""
    for error in listed if isinstance(listed, list) else []:
        if isinstance(error, dict) and isinstance(error.get("code"), int):
            yield error["code"], str(error.get("message", ""))
            yield from _errors(error.get("error_chain"))
